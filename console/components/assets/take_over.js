// An operator in a call: listens, whispers to the agent, takes the call over by keyboard or voice, hands it back.
const instances = new WeakMap()

export default function ({ parentElement, data, setTriggerValue }) {
  let desk = instances.get(parentElement)
  if (desk && desk.data.conversationId !== data.conversationId) { desk.leave(); desk = null }
  if (!desk) {
    desk = new Desk(parentElement, data)
    instances.set(parentElement, desk)
  }
  desk.over = () => setTriggerValue("over", data.conversationId)
  return () => { desk.leave(); instances.delete(parentElement) }
}

class Desk {
  constructor(root, data) {
    this.data = data
    const part = (name) => root.querySelector(`[data-part=${name}]`)
    Object.assign(this, {
      listen: part("listen"), take: part("take"), speak: part("speak"), back: part("back"), mute: part("mute"), end: part("end"),
      state: part("state"), meters: part("meters"), input: part("input"), output: part("output"), whisper: part("whisper"),
      whispered: part("whispered"), say: part("say"), said: part("said"), fault: part("fault"), sure: part("sure"),
      note: part("note"),
    })
    this.transcript = new Transcript(part("transcript"))
    this.transcript.clear()
    this.fault.hidden = true
    this.listen.onclick = () => (this.live() ? this.leave() : this.join(false))
    this.take.onclick = () => this.takeOver(false)
    this.speak.onclick = () => this.takeOver(true)
    this.back.onclick = () => { this.line.send("handback", this.note.value.trim() ? { note: this.note.value.trim() } : {}); this.note.value = "" }
    this.mute.onclick = () => { this.line.mute(!this.line.muted); this.draw() }
    this.end.onclick = () => { this.sure.hidden = !this.sure.hidden }
    this.sure.onclick = () => { this.line.send("call.end"); this.sure.hidden = true }
    this.send(this.whisper, this.whispered, "whisper", (text) => this.transcript.note(`Whispered to the agent: ${text}`))
    this.send(this.say, this.said, "say", () => {})
    this.mode = "listening"
    this.draw()
  }

  send(form, field, type, then) {
    form.onsubmit = (event) => {
      event.preventDefault()
      const text = field.value.trim()
      if (text && this.line?.send(type, { text })) { then(text); field.value = "" }
    }
  }

  live() { return this.line && !["idle", "ended"].includes(this.line.state) }

  async join(microphone) {
    this.fault.hidden = true
    this.transcript.clear()
    const line = await openCall({
      operator: true, microphone, ticket: () => fetchTicket("/voice/operator-tickets", this.data.conversationId),
    }).catch((error) => this.failed(error))
    if (!line) return false
    this.line = line
    this.microphone = microphone
    const on = (type, act) => line.addEventListener(type, ({ detail }) => line === this.line && act(detail))
    on("state", () => this.draw())
    on("level", ({ input, output }) => { this.input.value = input; this.output.value = output })
    on("ready", (message) => this.ready(message))
    on("message", (message) => { if (message.type === "operator.mode") this.become(message) })
    on("transcript", (message) => this.transcript.say(message))
    on("tool", ({ type, name, ms, status }) => {
      if (type === "tool.done") this.transcript.note(`${toolWords(name)}: ${status === "success" ? `${ms} ms` : status}`)
    })
    on("interrupt", () => this.transcript.mark("assistant", "interrupted"))
    on("handoff", (message) => this.transcript.note(handoffWords(message)))
    on("error", ({ message }) => this.tell(message))
    on("ended", (detail) => { if (detail.reason !== "failed") this.transcript.note(endedInWords(detail)); this.over?.() })
    try {
      await line.start()
      return true
    } catch (error) {
      return this.failed(error)
    }
  }

  ready({ transcript, mode, operator, handoff }) {
    for (const { role, text } of transcript ?? []) this.transcript.add(role, text)
    if (handoff) this.transcript.note(`A human was asked for: ${handoff.reason}. ${handoff.summary ?? ""}`)
    this.become({ mode, operator })
  }

  become({ mode, operator }) {
    this.mode = mode
    this.operator = operator
    this.draw()
  }

  // By voice needs the microphone: the line is opened again with it before the call is taken over.
  async takeOver(byVoice) {
    if (byVoice && !this.microphone) {
      const before = this.line
      this.line = null
      before?.stop()
      if (!(await this.join(true))) { await this.join(false); return }
    }
    this.line.send("takeover")
  }

  leave() { const line = this.line; this.line = null; line?.stop(); this.mode = "listening"; this.draw() }

  failed(error) { this.tell(inWords(error)); this.draw(); return false }

  tell(text) { this.fault.textContent = text; this.fault.hidden = false }

  draw() {
    const live = this.live() && this.line.state !== "connecting", mine = live && this.mode === "takeover"
    const others = live && this.operator && !mine
    this.state.textContent = !live ? (this.line?.state === "connecting" ? "Connecting…" : "Not listening")
      : mine ? (this.microphone ? "You have the call: speak or type" : "You have the call: type what is said") : others ? `${this.operator} has the call` : "Listening; the agent has the call"
    this.listen.textContent = live ? "Stop listening" : "Listen"
    const show = (part, when) => { part.hidden = !when }
    show(this.take, live && !mine && !others)
    show(this.speak, live && !mine && !others)
    show(this.back, mine)
    show(this.note.parentElement, mine)
    show(this.mute, mine && this.microphone)
    this.mute.setAttribute("aria-pressed", Boolean(this.line?.muted))
    show(this.end, live)
    show(this.meters, live)
    show(this.input.parentElement, mine && this.microphone)
    show(this.whisper, live && !mine)
    show(this.say, mine)
    if (!live) this.sure.hidden = true
  }
}
