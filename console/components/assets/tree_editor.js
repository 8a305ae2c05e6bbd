// A treegrid of folders and files with one description each. Python sends the rows once for a set of files; what is
// typed goes back a moment after the last key, and is not sent here again.
const SAVE_AFTER_MS = 700, OPEN_ALL_BELOW = 300
const instances = new WeakMap()

export default function ({ parentElement, data, setStateValue, setTriggerValue }) {
  let tree = instances.get(parentElement)
  if (!tree || tree.signature !== data.signature) {
    tree?.save()
    tree = new Tree(parentElement, data)
    instances.set(parentElement, tree)
  }
  tree.send = (edits) => setStateValue("edits", edits)
  tree.leaveOut = (path) => setTriggerValue("removed", path)
  return () => tree.save()
}

class Tree {
  constructor(root, data) {
    const part = (name) => root.querySelector(`[data-part=${name}]`)
    Object.assign(this, { grid: part("grid"), filter: part("filter"), missing: part("missing"), count: part("count") })
    this.signature = data.signature
    this.removable = data.removable
    this.maxChars = data.maxChars
    this.nodes = data.rows.map(([path, size]) => ({
      path, size, folder: path.endsWith("/"), level: path === "/" ? 1 : path.replace(/\/$/, "").split("/").length + 1,
      text: data.texts[path] ?? "", children: [], row: null,
    }))
    this.byPath = new Map(this.nodes.map((node) => [node.path, node]))
    for (const node of this.nodes) {
      node.parent = node.path === "/" ? null : this.byPath.get(parentOf(node.path))
      node.parent?.children.push(node)
      node.open = node.level === 1 || this.nodes.length < OPEN_ALL_BELOW
    }
    this.edits = {}
    this.filter.oninput = () => this.draw()
    this.missing.onchange = () => this.draw()
    part("expand").onclick = () => this.openAll(true)
    part("collapse").onclick = () => this.openAll(false)
    this.grid.onkeydown = (event) => this.key(event)
    this.grid.oninput = (event) => this.typed(event.target)
    this.grid.onfocusout = () => this.save()
    this.grid.onfocusin = (event) => this.focused(event.target)
    this.grid.onclick = (event) => this.clicked(event)
    this.draw()
  }

  // The rows as they stand now: open folders, or all that match while a filter is on (with the folders above them).
  visible() {
    const wanted = this.filter.value.trim().toLowerCase(), missing = this.missing.checked
    if (!wanted && !missing) {
      const shown = []
      const walk = (node) => { shown.push(node); if (node.open) node.children.forEach(walk) }
      this.nodes.filter((node) => !node.parent).forEach(walk)
      return shown
    }
    const keep = new Set()
    for (const node of this.nodes) {
      const fits = node.path.toLowerCase().includes(wanted) && !(missing && node.text.trim())
      if (fits) for (let at = node; at && !keep.has(at); at = at.parent) keep.add(at)
    }
    return this.nodes.filter((node) => keep.has(node))
  }

  draw() {
    const shown = this.visible()
    this.grid.replaceChildren(...shown.map((node) => this.row(node)))
    if (!shown.includes(this.current)) this.current = shown[0]
    for (const node of shown) node.row.tabIndex = node === this.current ? 0 : -1
    this.tally()
  }

  row(node) {
    if (!node.row) node.row = this.build(node)
    if (node.folder) {
      const open = node.open || this.filter.value !== "" || this.missing.checked
      node.row.setAttribute("aria-expanded", open)
      node.toggle.textContent = open ? "▾" : "▸"
    }
    return node.row
  }

  build(node) {
    const row = element("div", "row", { role: "row", "aria-level": node.level, "data-path": node.path })
    const name = element("div", "name", { role: "gridcell" })
    name.style.paddingLeft = `${(node.level - 1) * 1.2}rem`
    node.toggle = element("span", "toggle", { "aria-hidden": "true" })
    const label = element("span", node.folder ? "label folder" : "label", { title: node.path })
    label.textContent = node.path === "/" ? "whole folder" : node.path.replace(/\/$/, "").split("/").pop()
    name.append(node.toggle, label)
    const cell = element("div", "cell", { role: "gridcell" })
    const input = element("input", "", {
      "aria-label": `Description of ${node.path}`, maxlength: this.maxChars, tabindex: "-1",
      placeholder: node.folder ? "What is in this folder?" : "What is in this file?",
    })
    input.value = node.text
    cell.append(input)
    node.input = input
    row.append(name, cell)
    const tail = element("div", "tail", { role: "gridcell" })
    if (!node.folder) tail.append(span(node.size))
    if (this.removable && node.path !== "/") {
      const drop = element("button", "drop", { type: "button", tabindex: "-1", "aria-label": `Leave out ${node.path}` })
      drop.textContent = "✕"
      tail.append(drop)
    }
    row.append(tail)
    row.setAttribute("aria-label", node.path === "/" ? "whole folder" : node.path)
    return row
  }

  nodeOf(target) { return this.byPath.get(target?.closest("[role=row]")?.dataset.path) }

  focused(target) {
    const node = this.nodeOf(target)
    if (!node) return
    if (target === node.input) node.before = node.text
    if (this.current?.row) this.current.row.tabIndex = -1
    this.current = node
    node.row.tabIndex = 0
  }

  clicked(event) {
    const node = this.nodeOf(event.target)
    if (!node) return
    if (event.target.closest(".drop")) return this.leave(node)
    if (event.target.closest(".name")) {
      if (node.folder) this.open(node, !node.open)
      node.row.focus()
    }
  }

  leave(node) { this.save(); this.leaveOut(node.path) }

  open(node, open) { node.open = open; this.draw(); node.row.focus() }

  openAll(open) {
    for (const node of this.nodes) if (node.folder) node.open = open || node.level === 1
    this.draw()
  }

  move(node, by, inInput) {
    const shown = this.visible(), next = shown[Math.min(shown.length - 1, Math.max(0, shown.indexOf(node) + by))]
    if (next) (inInput ? next.input : next.row).focus()
  }

  key(event) {
    const node = this.nodeOf(event.target)
    if (!node || event.isComposing) return
    const writing = event.target === node.input
    const act = writing ? this.keysInText(event, node) : this.keysOnRow(event, node)
    if (!act) return
    event.preventDefault()
    event.stopPropagation()
    act()
  }

  keysInText(event, node) {
    return {
      Enter: () => { this.save(); this.move(node, 1, true) },
      ArrowDown: () => this.move(node, 1, true),
      ArrowUp: () => this.move(node, -1, true),
      Escape: () => { node.input.value = node.text = node.before ?? node.text; this.note(node); node.row.focus() },
    }[event.key]
  }

  keysOnRow(event, node) {
    const shown = this.visible()
    return {
      ArrowDown: () => this.move(node, 1), ArrowUp: () => this.move(node, -1),
      Home: () => shown[0].row.focus(), End: () => shown.at(-1).row.focus(),
      ArrowRight: () => node.folder && !node.open ? this.open(node, true) : node.input.focus(),
      ArrowLeft: () => node.folder && node.open && node.parent ? this.open(node, false) : node.parent?.row.focus(),
      Enter: () => node.input.focus(), F2: () => node.input.focus(),
      Delete: this.removable && node.path !== "/" ? () => this.leave(node) : undefined,
    }[event.key]
  }

  typed(input) {
    const node = this.nodeOf(input)
    if (!node || input !== node.input) return
    node.text = input.value
    this.note(node)
  }

  note(node) {
    this.edits[node.path] = node.text
    this.tally()
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.save(), SAVE_AFTER_MS)
    this.unsaved = true
  }

  save() {
    clearTimeout(this.timer)
    if (!this.unsaved) return
    this.unsaved = false
    this.send({ ...this.edits })
  }

  tally() {
    const files = this.nodes.filter((node) => !node.folder)
    this.count.textContent = `${files.filter((node) => node.text.trim()).length} of ${files.length} files described`
  }
}

function parentOf(path) {
  const at = path.replace(/\/$/, "").lastIndexOf("/")
  return at < 0 ? "/" : path.slice(0, at + 1)
}

function element(tag, name, attributes) {
  const made = document.createElement(tag)
  made.className = name
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  return made
}

function span(text) {
  const made = document.createElement("span")
  made.textContent = text
  return made
}
