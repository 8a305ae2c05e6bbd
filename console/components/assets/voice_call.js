// A live call with an agent from its own page. The call outlives reruns of the script; leaving the page ends it.
const instances = new WeakMap()
const STORED_AFTER_MS = 700
const STATES = {
  idle: "Ready", connecting: "Connecting…", listening: "Listening", thinking: "Thinking…", speaking: "Speaking",
  reconnecting: "Reconnecting…", ended: "Ended",
}

export default function ({ parentElement, data, setStateValue }) {
  const known = instances.get(parentElement)
  const caller = known ?? new Caller(parentElement)
  caller.data = data
  caller.report = (turns) => setStateValue("heard", turns)
  instances.set(parentElement, caller)
  return () => { caller.hangUp(); instances.delete(parentElement) }
}

class Caller {
  constructor(root) {
    const part = (name) => root.querySelector(`[data-part=${name}]`)
    Object.assign(this, {
      call: part("call"), quiet: part("quiet"), mute: part("mute"), human: part("human"), state: part("state"),
      clock: part("clock"), meters: part("meters"), input: part("input"), output: part("output"), say: part("say"),
      text: part("text"), fault: part("fault"),
    })
    this.transcript = new Transcript(part("transcript"))
    this.call.onclick = () => (this.live() ? this.hangUp() : this.start(true))
    this.quiet.onclick = () => this.start(false)
    this.mute.onclick = () => { this.line.mute(!this.line.muted); this.mute.setAttribute("aria-pressed", this.line.muted) }
    this.human.onclick = () => this.line.requestHandoff()
    this.say.onsubmit = (event) => {
      event.preventDefault()
      const text = this.text.value.trim()
      if (text && this.line?.sendText(text)) { this.asked = performance.now(); this.text.value = "" }
    }
    this.show("idle")
  }

  live() { return this.line && !["idle", "ended"].includes(this.line.state) }

  async start(microphone) {
    if (this.live() || this.starting) return
    this.starting = true
    this.fault.hidden = true
    this.transcript.clear()
    this.turns = 0
    try {
      this.line = await openCall({ agent: this.data.agentId, microphone, ticket: () => fetchTicket("/voice/tickets", this.data.agentId) })
      this.listen(this.line)
      await this.line.start()
      this.startedAt = performance.now()
      this.tick = setInterval(() => this.time(), 1000)
    } catch (error) {
      this.say_fault(inWords(error))
    } finally {
      this.starting = false
    }
  }

  hangUp() { this.line?.stop() }

  listen(line) {
    const on = (type, act) => line.addEventListener(type, ({ detail }) => line === this.line && act(detail))
    on("state", ({ state }) => this.show(state))
    on("level", ({ input, output }) => { this.input.value = input; this.output.value = output })
    on("transcript", (message) => { this.transcript.say(message); if (message.role === "user" && message.final) this.asked = performance.now() })
    on("message", (message) => this.measure(message))
    on("tool", ({ type, name, ms, status }) => {
      if (type === "tool.done") this.transcript.note(`${toolWords(name)}: ${status === "success" ? `${ms} ms` : status}`)
    })
    on("interrupt", () => this.transcript.mark("assistant", "interrupted"))
    on("handoff", (message) => this.transcript.note(handoffWords(message)))
    on("error", ({ message }) => this.say_fault(message))
    on("response", () => this.stored())
    on("ended", (detail) => {
      clearInterval(this.tick)
      if (detail.reason === "failed") return
      this.transcript.note(endedInWords(detail))
      this.stored()
    })
  }

  measure({ type }) {
    if (type === "speech.stopped") this.asked = performance.now()
    if (type === "audio.start" && this.asked) {
      const waited = performance.now() - this.asked
      this.asked = null
      setTimeout(() => this.transcript.mark("assistant", `first sound after ${(waited / 1000).toFixed(1)} s`), 0)
      this.stored()
    }
  }

  // The turn is in the records a moment after it was said; the page then shows its sources.
  stored() {
    clearTimeout(this.telling)
    const id = this.line.sessionId
    this.telling = setTimeout(() => id && this.report({ id, turns: ++this.turns }), STORED_AFTER_MS)
  }

  time() {
    const seconds = Math.floor((performance.now() - this.startedAt) / 1000)
    this.clock.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`
  }

  show(state) {
    const live = !["idle", "ended", "connecting"].includes(state)
    this.state.textContent = STATES[state] ?? state
    this.call.textContent = live || state === "connecting" ? "Hang up" : "Call"
    this.quiet.hidden = live || state === "connecting"
    for (const part of [this.mute, this.human, this.meters, this.say]) part.hidden = !live
    if (!live) { this.clock.textContent = ""; clearInterval(this.tick) }
    if (state === "connecting") this.mute.setAttribute("aria-pressed", "false")
  }

  say_fault(text) { this.fault.textContent = text; this.fault.hidden = false }
}
