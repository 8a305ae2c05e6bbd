// What the two parts of a page that are in a call share: the line itself, what is said on it, and its faults in words.
const ROLES = { user: "Caller", assistant: "Agent", operator: "Operator" }

async function openCall(options) {
  const { OratioVoice } = await import(new URL("/voice/oratio-voice.js", location.origin).href)
  const worklet = new URL("/voice/oratio-voice-worklet.js", location.origin).href
  return new OratioVoice({ ...options, worklet })
}

async function fetchTicket(path, id) {
  const answer = await fetch(path, { method: "POST", body: JSON.stringify({ id }) })
  const body = await answer.json().catch(() => ({}))
  if (answer.ok) return body
  if (answer.status === 401) throw new Error("Your session has expired. Reload the page and sign in again.")
  throw new Error(`The call was refused: ${body.message ?? answer.status}`)
}

function inWords(error) {
  if (!window.isSecureContext) return "Voice needs HTTPS, or a page on this machine. Typing works all the same."
  return {
    NotAllowedError: "The microphone was not allowed. Allow it next to the address, then call again; or call without it.",
    NotFoundError: "There is no microphone. Plug one in, or call without it.",
    NotReadableError: "The microphone is in use by another program. Close that, then call again.",
  }[error.name] ?? error.message
}

function endedInWords({ reason, code, message }) {
  const known = {
    client_ended: "You ended the call.", agent_ended: "The agent ended the call.", caller_ended: "The caller hung up.",
    operator_ended: "An operator ended the call.", idle: "The call ended because nothing was said for a minute.",
    draining: "The voice server is being restarted. Call again in a moment.", failed: message,
    lost: "The connection was lost and could not be taken up again. Call again.",
  }
  const byCode = { 4429: "The agent takes no more calls for now. Try again later.", 4409: "This call goes on elsewhere." }
  return byCode[code] ?? known[reason] ?? `The call has ended (${reason ?? code ?? "no reason given"}).`
}

// Lines of speech, each growing while it is said.
class Transcript {
  constructor(list) { this.list = list; this.items = new Map() }

  clear() { this.items.clear(); this.list.replaceChildren() }

  say({ role, itemId, text, final, type }) {
    let line = this.items.get(itemId)
    if (!line) {
      if (!text) return
      line = this.add(role, "")
      if (itemId) this.items.set(itemId, line)
    }
    const said = line.querySelector(".said")
    // The agent's pieces add up; the caller's replace what was understood before.
    said.textContent = type === "transcript.done" || role === "user" ? text : said.textContent + text
    line.classList.toggle("pending", !final)
    if (final && !text) line.remove()
    this.follow()
    return line
  }

  add(role, text, note) {
    const line = document.createElement("li")
    line.className = role
    const who = document.createElement("b"), said = document.createElement("span"), small = document.createElement("small")
    who.textContent = ROLES[role] ?? role
    said.className = "said"
    said.textContent = text
    small.textContent = note ?? ""
    line.append(who, said, small)
    this.list.append(line)
    this.follow()
    return line
  }

  note(text) {
    const line = document.createElement("li")
    line.className = "note"
    line.textContent = text
    this.list.append(line)
    this.follow()
  }

  // Something measured about the newest line of a role.
  mark(role, text) {
    const line = [...this.list.querySelectorAll(`li.${role}`)].at(-1)
    if (line) line.querySelector("small").textContent = text
  }

  follow() { this.list.scrollTop = this.list.scrollHeight }
}

function toolWords(name) { return name.replaceAll("_", " ") }
function handoffWords({ state, reason, by }) {
  return {
    started: `A human is being called: ${reason ?? ""}`, connected: "A human has joined.", failed: `No human came: ${reason ?? ""}`,
    ended: by === "operator_lost" ? "The operator's line was lost; the agent has the call again." : "The agent has the call again.",
  }[state] ?? state
}
