// Puts each file of a chosen folder to the draft's own address, several at a time; what is there already stays.
const IN_FLIGHT = 6, TRIES = 3, SHOWN = 8
const instances = new WeakMap()

export default function ({ parentElement, data, setStateValue }) {
  const known = instances.get(parentElement)
  const picker = known ?? new Picker(parentElement)
  picker.data = data
  picker.report = (result) => setStateValue("result", result)
  instances.set(parentElement, picker)
  picker.draw()
  return () => picker.cancel()
}

class Picker {
  constructor(root) {
    const part = (name) => root.querySelector(`[data-part=${name}]`)
    Object.assign(this, {
      folder: part("folder"), files: part("files"), choose: part("choose"), add: part("add"), stop: part("cancel"),
      again: part("again"), bar: part("bar"), status: part("status"), list: part("problems"), drop: part("drop"),
    })
    this.choose.onclick = () => this.folder.click()
    this.add.onclick = () => this.files.click()
    this.folder.onchange = () => this.take(relative(this.folder), true)
    this.files.onchange = () => this.take([...this.files.files].map((file) => ({ path: file.name, file })), false)
    this.stop.onclick = () => this.cancel()
    this.again.onclick = () => this.send(this.left, null)
    this.drop.ondragover = (event) => { event.preventDefault(); this.drop.classList.add("over") }
    this.drop.ondragleave = () => this.drop.classList.remove("over")
    this.drop.ondrop = (event) => this.dropped(event)
    this.left = []
  }

  draw() {
    this.choose.textContent = this.data.held && !this.data.additive ? "Choose another folder" : "Choose a folder"
    if (!this.running && !this.said) {
      const { held, bytes } = this.data
      this.status.textContent = held ? `${held} files, ${megabytes(bytes)}` : "Or drop a folder here."
    }
  }

  async dropped(event) {
    event.preventDefault()
    this.drop.classList.remove("over")
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry()).filter(Boolean)
    const single = entries.length === 1 && entries[0].isDirectory
    const found = []
    for (const entry of entries) await walk(entry, "", found)
    const strip = single ? entries[0].name.length + 1 : 0
    this.take(found.map(({ path, file }) => ({ path: path.slice(strip), file })), single)
  }

  // Sort out what cannot be used, then send the rest; a whole folder replaces the one before.
  async take(entries, whole) {
    this.folder.value = this.files.value = ""
    if (this.running || !entries.length) return
    this.skipped = []
    const good = entries.filter(({ path, file }) => {
      const reason = this.fault(path, file)
      if (reason) this.skipped.push({ path, reason })
      return !reason
    })
    await this.send(good, whole && !this.data.additive ? new Set(good.map(({ path }) => path.normalize("NFC"))) : null)
  }

  fault(path, file) {
    if (path.split("/").some((name) => name.startsWith("."))) return "is hidden"
    const name = path.split("/").pop(), dot = name.lastIndexOf(".")
    const ending = dot > 0 ? name.slice(dot).toLowerCase() : ""
    if (ending && !this.data.endings.includes(ending)) return `is of a type that cannot be read (${ending})`
    if (file.size > this.data.maxBytes) return `is larger than ${megabytes(this.data.maxBytes)}`
    return ""
  }

  async send(entries, only) {
    this.running = new AbortController()
    this.said = true
    this.failed = []
    this.left = []
    const total = entries.reduce((sum, { file }) => sum + file.size, 0)
    let count = 0, bytes = 0, kept = 0
    const step = (file) => { count++; bytes += file.size; this.progress(count, entries.length, bytes, total) }
    this.progress(0, entries.length, 0, total)
    try {
      const held = await this.ask(this.data.url)
      const drop = only ? Object.keys(held).filter((path) => !only.has(path)) : []
      if (drop.length) await this.ask(`${this.data.url}/remove`, { method: "POST", body: JSON.stringify(drop) })
      const queue = entries.filter(({ path, file }) => {
        const there = held[path.normalize("NFC")]
        const same = there && there[0] === file.size && there[1] === file.lastModified
        if (same) { kept++; step(file) }
        return !same
      })
      const worker = async () => {
        for (let entry; !this.running.signal.aborted && (entry = queue.shift());) {
          await this.put(entry)
          step(entry.file)
        }
      }
      await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
      this.left = this.left.concat(queue)
    } catch (error) {
      this.failed.push({ path: "", reason: error.message })
      this.left = entries
    }
    const cancelled = this.running.signal.aborted
    this.running = null
    this.finish(cancelled, entries.length, kept)
  }

  async put({ path, file }) {
    const address = `${this.data.url}?path=${encodeURIComponent(path)}&modified=${file.lastModified}`
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.ask(address, { method: "PUT", body: file })
      } catch (error) {
        if (this.running.signal.aborted) return void this.left.push({ path, file })
        if (error.final || attempt === TRIES) {
          this.failed.push({ path, reason: error.message })
          if (!error.final) this.left.push({ path, file })
          return
        }
        await new Promise((resume) => setTimeout(resume, 300 * 2 ** attempt))
      }
    }
  }

  async ask(url, options = {}) {
    const answer = await fetch(url, { ...options, signal: this.running.signal }).catch((error) => {
      if (error.name === "AbortError") throw error
      // A browser says the same of a file that it may not read, and of a line that broke.
      throw new Error("could not be read, or the connection broke")
    })
    const body = await answer.json().catch(() => ({}))
    if (answer.ok) return body
    const error = new Error(body.message ?? `the console answered ${answer.status}`)
    error.final = answer.status < 500 && answer.status !== 429
    throw error
  }

  cancel() { this.running?.abort() }

  progress(count, of, bytes, total) {
    if (!this.timer && count < of) {
      this.timer = setTimeout(() => { this.timer = null; this.progress(this.at[0], of, this.at[1], total) }, 100)
    } else if (count < of && this.timer) {
      this.at = [count, bytes]
      return
    }
    this.at = [count, bytes]
    this.bar.hidden = this.stop.hidden = false
    this.choose.disabled = this.add.disabled = true
    this.again.hidden = true
    this.bar.max = total || 1
    this.bar.value = bytes
    this.status.textContent = `${count} of ${of} files, ${megabytes(bytes)} of ${megabytes(total)}`
  }

  finish(cancelled, of, kept) {
    clearTimeout(this.timer)
    this.timer = null
    this.bar.hidden = this.stop.hidden = true
    this.choose.disabled = this.add.disabled = false
    this.again.hidden = !this.left.length
    const done = of - this.failed.length - (cancelled ? this.left.length : 0)
    const parts = [cancelled ? `Cancelled: ${done} of ${of} files are there` : `${done} of ${of} files are there`]
    if (kept) parts.push(`${kept} were there already`)
    if (this.skipped?.length) parts.push(`${this.skipped.length} left out`)
    if (this.failed.length) parts.push(`${this.failed.length} failed`)
    this.status.textContent = parts.join(", ") + "."
    this.problems([...this.failed, ...(this.skipped ?? [])])
    this.report({ at: Date.now(), files: done, failed: this.failed.length, skipped: this.skipped?.length ?? 0 })
  }

  problems(entries) {
    const problem = ({ path, reason }) => line(reason.includes(path) ? reason : `${path} ${reason}`)
    this.list.replaceChildren(...entries.slice(0, SHOWN).map(problem))
    if (entries.length > SHOWN) {
      const rest = document.createElement("details")
      const summary = document.createElement("summary")
      summary.textContent = `and ${entries.length - SHOWN} more`
      rest.append(summary, ...entries.slice(SHOWN, 500).map(problem))
      this.list.append(rest)
    }
  }
}

function relative(input) {
  return [...input.files].map((file) => ({ path: file.webkitRelativePath.split("/").slice(1).join("/"), file }))
}

async function walk(entry, folder, found) {
  const path = folder + entry.name
  if (entry.isFile) {
    found.push({ path, file: await new Promise((take, fail) => entry.file(take, fail)) })
    return
  }
  const reader = entry.createReader()
  for (;;) {
    const some = await new Promise((take, fail) => reader.readEntries(take, fail))
    if (!some.length) return
    for (const child of some) await walk(child, `${path}/`, found)
  }
}

function line(text) {
  const element = document.createElement("div")
  element.textContent = text
  return element
}

function megabytes(bytes) {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`
}
