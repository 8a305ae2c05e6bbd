// A call's recording, in step with what was said: the line that plays is marked, a line that is chosen is played.
export default function ({ parentElement, data }) {
  const audio = parentElement.querySelector("audio"), list = parentElement.querySelector("ol")
  const fault = parentElement.querySelector(".fault")
  if (audio.dataset.of === data.url) return
  audio.dataset.of = data.url
  audio.src = data.url
  fault.hidden = true
  audio.onerror = () => { fault.hidden = false; audio.hidden = true }
  const lines = data.lines.map(({ at, role, who, text }) => {
    const line = document.createElement("li"), play = document.createElement("button")
    const name = document.createElement("b"), said = document.createElement("span"), when = document.createElement("small")
    line.className = role
    play.type = "button"
    name.textContent = who
    said.textContent = text
    when.textContent = `${Math.floor(at / 60)}:${String(Math.floor(at % 60)).padStart(2, "0")}`
    play.append(name, said, when)
    play.onclick = () => { audio.currentTime = at; audio.play() }
    line.append(play)
    return line
  })
  list.replaceChildren(...lines)
  audio.ontimeupdate = () => {
    const now = data.lines.findLastIndex(({ at }) => at <= audio.currentTime + 0.05)
    lines.forEach((line, index) => {
      if (index === now && !line.hasAttribute("aria-current")) line.setAttribute("aria-current", "true")
      else if (index !== now) line.removeAttribute("aria-current")
    })
    const line = lines[now]
    if (line && !audio.paused) list.scrollTop = line.offsetTop - list.offsetTop - list.clientHeight / 3
  }
  return () => audio.pause()
}
