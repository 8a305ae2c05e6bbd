// The call as an element; comes after call.js in oratio-voice.js.

const STATES = {
  idle: "Ready to call", connecting: "Connecting…", listening: "Listening", thinking: "Thinking…",
  speaking: "Speaking", reconnecting: "Reconnecting…", ended: "Call ended",
};
const WHO = { user: "You", assistant: "Agent", operator: "Operator" };

const STYLE = `
:host { display: block; font: 15px/1.45 system-ui, sans-serif; color: var(--oratio-text, #1c1c1e); }
.box { border: 1px solid var(--oratio-border, #d5d5da); border-radius: 12px; padding: 14px; background: var(--oratio-background, #fff); }
.bar { display: flex; gap: 8px; align-items: center; flex-wrap: wrap; }
button { font: inherit; padding: 8px 14px; border-radius: 8px; border: 1px solid var(--oratio-border, #d5d5da); background: transparent; color: inherit; cursor: pointer; }
button.main { background: var(--oratio-accent, #1f5fbf); border-color: var(--oratio-accent, #1f5fbf); color: var(--oratio-on-accent, #fff); }
button:focus-visible, input:focus-visible { outline: 3px solid var(--oratio-focus, #74a7f5); outline-offset: 2px; }
button[aria-pressed="true"] { background: var(--oratio-border, #d5d5da); }
.state { flex: 1; min-width: 8em; }
meter { width: 84px; height: 10px; }
ol { list-style: none; margin: 12px 0; padding: 0; max-height: 16em; overflow-y: auto; }
li { margin: 6px 0; overflow-wrap: anywhere; } li b { font-weight: 600; }
li.pending { opacity: .7; }
form { display: flex; gap: 8px; } input { flex: 1; min-width: 0; font: inherit; padding: 8px; border-radius: 8px; border: 1px solid var(--oratio-border, #d5d5da); background: transparent; color: inherit; }
.fault { color: var(--oratio-error, #b3261e); margin: 8px 0 0; } [hidden] { display: none !important; }
`;

/** `<oratio-voice agent="…" url="wss://…" key="…" api="https://…">`: a call button with meter, transcript and text. */
export class OratioVoiceElement extends (globalThis.HTMLElement || class {}) {
  call = null;
  /** Set by a page that fetches tickets itself: async () => ({ticket, websocketUrl}). */
  ticket = null;
  #items = new Map();

  connectedCallback() {
    if (this.shadowRoot) return;
    const root = this.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    root.innerHTML = `<div class="box" role="group"><div class="bar">
      <button class="main" part="call" type="button">Call</button>
      <button class="mute" type="button" aria-pressed="false" hidden>Mute</button>
      <button class="human" type="button" hidden>Talk to a person</button>
      <span class="state" role="status"></span>
      <meter min="0" max="1" low="0.02" aria-label="Microphone level" hidden></meter></div>
      <ol aria-live="polite" aria-label="Transcript"></ol>
      <form hidden><input aria-label="Message" maxlength="20000" autocomplete="off" placeholder="Or type here"><button type="submit">Send</button></form>
      <p class="fault" role="alert" hidden></p></div>`;
    this.#part(".box").setAttribute("aria-label", this.getAttribute("label") || "Voice agent");
    this.#part(".state").textContent = STATES.idle;
    this.#part(".main").onclick = () => (this.call && this.call.state !== "ended" ? this.hangUp() : this.start());
    this.#part(".mute").onclick = () => {
      this.call.mute(!this.call.muted);
      this.#part(".mute").setAttribute("aria-pressed", String(this.call.muted));
    };
    this.#part(".human").onclick = () => this.call.requestHandoff();
    this.#part("form").onsubmit = (event) => {
      event.preventDefault();
      const input = this.#part("input");
      if (input.value.trim() && this.call.sendText(input.value.trim())) input.value = "";
    };
  }

  disconnectedCallback() { this.hangUp(); }

  #part(selector) { return this.shadowRoot.querySelector(selector); }

  async start() {
    const option = (name) => this.getAttribute(name) || undefined;
    this.#items.clear();
    this.#part("ol").replaceChildren();
    this.#fault("");
    const call = new OratioVoice({
      agent: option("agent"), url: option("url"), key: option("key"), api: option("api"), worklet: option("worklet"),
      ticket: this.ticket, microphone: !this.hasAttribute("text-only"), sound: !this.hasAttribute("silent"),
    });
    this.call = call;
    for (const type of ["state", "ready", "transcript", "response", "interrupt", "tool", "handoff", "error", "ended", "message", "level"]) {
      call.addEventListener(type, (event) => {
        this.#show(type, event.detail);
        this.dispatchEvent(new CustomEvent(type, { detail: event.detail }));
      });
    }
    try { await call.start(); } catch (error) { this.#fault(error.message); }
  }

  hangUp() { if (this.call) this.call.stop(); }

  #fault(text) { const fault = this.#part(".fault"); fault.textContent = text; fault.hidden = !text; }

  #show(type, detail) {
    if (type === "level") this.#part("meter").value = detail.input;
    else if (type === "transcript") this.#line(detail);
    else if (type === "error") this.#fault(detail.message);
    else if (type === "handoff") this.#part(".state").textContent = { started: "Calling a person…", connected: "A person has joined", failed: "No person is free", ended: "Back with the agent" }[detail.state];
    else if (type === "state") {
      const live = !["idle", "connecting", "ended"].includes(detail.state);
      this.#part(".state").textContent = STATES[detail.state];
      this.#part(".main").textContent = detail.state === "ended" || detail.state === "idle" ? "Call" : "Hang up";
      for (const selector of [".mute", ".human", "form", "meter"]) this.#part(selector).hidden = !live;
      if (this.hasAttribute("text-only")) this.#part(".mute").hidden = this.#part("meter").hidden = true;
    }
  }

  #line({ role, itemId, text, final, type }) {
    let line = this.#items.get(itemId);
    if (!line) {
      if (!text) return;
      line = document.createElement("li");
      line.append(Object.assign(document.createElement("b"), { textContent: `${WHO[role] || role}: ` }), document.createElement("span"));
      this.#part("ol").append(line);
      this.#items.set(itemId, line);
    }
    const said = line.querySelector("span");
    // The agent's deltas add; the caller's replace what was understood before.
    said.textContent = type === "transcript.done" || role === "user" ? text : said.textContent + text;
    line.className = final ? role : `${role} pending`;
    if (final && !text) { line.remove(); this.#items.delete(itemId); }
    this.#part("ol").scrollTop = this.#part("ol").scrollHeight;
  }
}

if (globalThis.customElements && !customElements.get("oratio-voice")) customElements.define("oratio-voice", OratioVoiceElement);
