// Calls to an Oratio agent from a browser. No dependencies; see docs/voice-widget.md.
//
//   import { OratioVoice } from "./oratio-voice.js";            // or <oratio-voice agent="…" key="…"></oratio-voice>
//   const call = new OratioVoice({ agent, url, key });
//   call.addEventListener("transcript", (event) => console.log(event.detail.role, event.detail.text));
//   await call.start();

const CAPTURE_RATE = 16000;
const PLAY_RATE = 24000;
const REPORT_MS = 400;
const PING_MS = 20000;
const RETRIES_MS = [0, 500, 1000, 2000, 4000, 8000];
// Close codes after which the call cannot be taken up again.
const FINAL = new Set([1000, 1001, 4400, 4401, 4408, 4409, 4413, 4429, 4500]);


/** One call. States: idle, connecting, listening, thinking, speaking, reconnecting, ended. */
export class OratioVoice extends EventTarget {
  #options; #socket = null; #context = null; #player = null; #stream = null; #capture = null;
  #muted = false; #state = "idle"; #resume = null; #response = null; #accepting = false; #base = 0; #played = 0;
  #reported = 0; #timer = null; #tries = 0; #ended = false; #operator; #inputLevel = 0; #flushes = 0;

  /**
   * @param options.agent    agent id
   * @param options.url      base address of the voice server (wss://host) or the whole address of a call
   * @param options.ticket   async () => ({ticket, websocketUrl}); asked for every connection
   * @param options.key      an API key limited to this page's origin, in place of a ticket
   * @param options.api      base address of the HTTP API: with `key`, tickets are fetched there
   * @param options.vars     values for the agent
   * @param options.microphone  false: text in, sound out
   * @param options.sound    false: no sound out
   * @param options.worklet  address of `oratio-voice-worklet.js` where a page's policy forbids blob: scripts
   * @param options.operator true: listen to a call as its operator (`ticket` gives the address); see docs
   */
  constructor(options) {
    super();
    this.#options = { microphone: true, sound: true, ...options };
    this.#operator = Boolean(options.operator);
  }

  get state() { return this.#state; }
  get muted() { return this.#muted; }
  get sessionId() { return this.#resume && this.#resume.sessionId; }

  /** Ask for the microphone, connect, and return when the call is connected. */
  async start() {
    if (this.#state !== "idle") throw new Error("this call was started already");
    this.#become("connecting");
    try {
      await this.#openAudio();
      await this.#connect();
    } catch (error) {
      this.#over({ reason: "failed", message: error.message });
      throw error;
    }
  }

  /** End the call. */
  stop() {
    if (!this.#ended && this.#socket && this.#socket.readyState === WebSocket.OPEN) {
      if (!this.#operator) this.send("session.end");
      this.#socket.close(1000);
    }
    this.#over({ reason: "client_ended" });
  }

  /** Send a message of the protocol; false when there is no line. */
  send(type, fields = {}) {
    if (!this.#socket || this.#socket.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify({ type, ...fields }));
    return true;
  }

  mute(on = true) {
    this.#muted = Boolean(on);
    if (this.#stream) this.#stream.getAudioTracks().forEach((track) => { track.enabled = !this.#muted; });
    if (!this.#operator) this.send("input.mute", { on: this.#muted });
  }

  sendText(text) { return this.send("input.text", { text }); }
  sendDigits(digits) { return this.send("input.dtmf", { digits }); }
  cancel() { return this.send("response.cancel", this.#response ? { responseId: this.#response } : {}); }
  requestHandoff() { return this.send("handoff.request"); }

  // --- the line

  async #address() {
    const { ticket, key, api, url, agent } = this.#options;
    let given = null;
    if (ticket) given = await ticket();
    else if (key && api) given = await this.#fetchTicket(api, key, agent);
    const whole = /\/v1\/.+/;
    let address = (url && whole.test(url) && url) || (given && given.websocketUrl) || `${url}/v1/agents/${encodeURIComponent(agent)}/voice`;
    if (url && given && given.websocketUrl && !whole.test(url)) address = url.replace(/\/$/, "") + new URL(given.websocketUrl).pathname;
    return [address.replace(/^http/, "ws"), given ? given.ticket : key];
  }

  async #fetchTicket(api, key, agent) {
    const answer = await fetch(`${api.replace(/\/$/, "")}/api/agents/${encodeURIComponent(agent)}/voice-tickets`, {
      method: "POST", headers: { "X-API-Key": key },
    });
    if (!answer.ok) {
      const problem = await answer.json().catch(() => ({}));
      throw new Error(problem.detail || `no ticket: ${answer.status}`);
    }
    return answer.json();
  }

  async #connect() {
    const [address, credential] = await this.#address();
    const protocol = this.#operator ? "oratio.operator.v1" : "oratio.v1";
    const socket = new WebSocket(address, credential ? [protocol, `bearer.${credential}`] : [protocol]);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    await new Promise((resolve, reject) => {
      const fail = (event) => reject(new Error(event.reason || "the call was refused or the server cannot be reached"));
      socket.onerror = () => {};
      socket.onclose = fail;
      socket.onopen = () => this.#hello();
      socket.onmessage = ({ data }) => {
        const message = typeof data === "string" ? JSON.parse(data) : null;
        if (message) this.#message(message);
        if (message && /^(session|operator)\.ready$/.test(message.type)) {
          socket.onmessage = (event) => this.#frame(event.data);
          socket.onclose = (event) => this.#lost(socket, event);
          resolve();
        }
      };
    });
    this.#tries = 0;
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.send("ping", { t: Date.now() }), PING_MS);
  }

  #hello() {
    const output = this.#options.sound ? { encoding: "pcm16", rate: PLAY_RATE } : null;
    const input = this.#options.microphone ? { encoding: "pcm16", rate: CAPTURE_RATE } : null;
    if (this.#operator) return this.send("operator.start", { audio: { input, output } });
    const resume = this.#resume ? { resume: this.#resume } : {};
    const vars = this.#options.vars ? { vars: this.#options.vars } : {};
    return this.send("session.start", { audio: { input, output }, ...vars, ...resume });
  }

  async #lost(socket, event) {
    if (socket !== this.#socket || this.#ended) return;
    clearInterval(this.#timer);
    const wait = RETRIES_MS[this.#tries++];
    if (FINAL.has(event.code) || wait === undefined || !(this.#resume || this.#operator)) {
      this.#over({ reason: event.reason || "lost", code: event.code });
      return;
    }
    this.#become("reconnecting");
    await new Promise((resolve) => setTimeout(resolve, wait));
    if (this.#ended) return;
    try { await this.#connect(); } catch { this.#lost(this.#socket, { code: 1006, reason: "lost" }); }
  }

  #over(detail) {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#timer);
    if (this.#stream) this.#stream.getTracks().forEach((track) => track.stop());
    if (this.#context && this.#context.state !== "closed") this.#context.close();
    this.#become("ended");
    this.#tell("ended", detail);
  }

  // --- what comes

  #frame(data) {
    if (typeof data === "string") this.#message(JSON.parse(data));
    else if (this.#player && (this.#accepting || this.#operator)) this.#player.port.postMessage(data, [data]);
  }

  #message(message) {
    this.#tell("message", message);
    switch (message.type) {
      case "session.ready":
        this.#resume = { sessionId: message.sessionId, token: message.resumeToken };
        this.#become("listening");
        this.#tell("ready", message);
        break;
      case "operator.ready":
        this.#become("listening");
        this.#tell("ready", message);
        break;
      case "response.start":
        this.#response = message.responseId;
        this.#base = this.#played = this.#reported = 0;
        this.#become("thinking");
        break;
      case "audio.start":
        this.#accepting = true;
        // A second one of the same response goes on where the first was cut.
        this.#flush();
        if (this.#player) this.#player.port.postMessage({ begin: true, played: this.#played });
        this.#become("speaking");
        break;
      case "audio.done":
        if (this.#player) this.#player.port.postMessage({ whole: true });
        break;
      case "interrupt":
        this.#accepting = false;
        this.#flush(message.responseId);
        this.#tell("interrupt", message);
        break;
      case "response.done":
        if (this.#state !== "reconnecting") this.#become("listening");
        this.#tell("response", message);
        break;
      case "speech.started": case "speech.stopped": this.#tell("speech", { speaking: message.type === "speech.started" }); break;
      case "transcript.delta": case "transcript.done": this.#tell("transcript", message); break;
      case "tool.start": case "tool.done": this.#tell("tool", message); break;
      case "handoff.started": case "handoff.connected": case "handoff.failed": case "handoff.ended":
        this.#tell("handoff", { state: message.type.slice(8), ...message });
        break;
      case "error": this.#tell("error", message); break;
      case "session.ended": this.#over({ reason: message.reason }); break;
    }
  }

  // --- sound

  async #openAudio() {
    const { microphone, sound, worklet } = this.#options;
    if (!microphone && !sound) return;
    if (microphone) {
      if (!navigator.mediaDevices) throw new Error("a page needs https (or localhost) for the microphone");
      const wanted = { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true };
      this.#stream = await navigator.mediaDevices.getUserMedia({ audio: wanted });
      this.mute(this.#muted);
    }
    this.#context = new AudioContext({ latencyHint: "interactive" });
    const address = worklet || URL.createObjectURL(new Blob([WORKLET], { type: "text/javascript" }));
    await this.#context.audioWorklet.addModule(address);
    if (!worklet) URL.revokeObjectURL(address);
    await this.#context.resume();
    if (sound) this.#openPlayer();
    if (microphone) this.#openCapture();
  }

  #openPlayer() {
    this.#player = new AudioWorkletNode(this.#context, "oratio-player", { numberOfInputs: 0, outputChannelCount: [1] });
    this.#player.port.onmessage = ({ data }) => {
      if (data.flushed !== undefined) {
        this.#played = Math.max(this.#played, data.played);
        if (typeof data.flushed === "string") this.#report(data.flushed);
        return;
      }
      if (data.played > 0) this.#played = data.played;
      const ms = (this.#played * 1000) / PLAY_RATE;
      if (this.#response && ms - this.#reported >= REPORT_MS) this.#report(this.#response);
      this.#tell("level", { input: this.#inputLevel, output: data.level });
    };
    this.#player.connect(this.#context.destination);
  }

  #openCapture() {
    const source = this.#context.createMediaStreamSource(this.#stream);
    // Two low-pass filters keep what 16 kHz cannot hold out of it.
    const filters = [0.54, 1.31].map((Q) => new BiquadFilterNode(this.#context, { type: "lowpass", frequency: 7200, Q }));
    this.#capture = new AudioWorkletNode(this.#context, "oratio-capture", { numberOfOutputs: 0 });
    this.#capture.port.onmessage = ({ data }) => {
      const samples = new Int16Array(data);
      this.#inputLevel = samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / 32768;
      if (!this.#player) this.#tell("level", { input: this.#inputLevel, output: 0 });
      const socket = this.#socket;
      const open = socket && socket.readyState === WebSocket.OPEN && !["connecting", "reconnecting", "ended"].includes(this.#state);
      // A line that does not keep up would only make the call late: two seconds are the most that wait.
      if (open && socket.bufferedAmount < CAPTURE_RATE * 4 && !(this.#operator && this.#muted)) socket.send(data);
    };
    source.connect(filters[0]).connect(filters[1]).connect(this.#capture);
  }

  #flush(responseId) {
    if (this.#player) this.#player.port.postMessage({ flush: responseId || ++this.#flushes });
    else if (responseId) this.#report(responseId);
  }

  #report(responseId) {
    const ms = Math.round((this.#played * 1000) / PLAY_RATE);
    this.#reported = ms;
    if (!this.#operator) this.send("playback", { responseId, playedMs: ms });
  }

  #become(state) {
    if (this.#state === state || this.#state === "ended") return;
    this.#state = state;
    this.#tell("state", { state });
  }

  #tell(type, detail) { this.dispatchEvent(new CustomEvent(type, { detail })); }
}

