// Streamlit sends a text field when it is left. This sends it a moment after the last key too, so that closing the tab
// in the middle of a sentence loses nothing: the same key stroke a person would commit the field with.
const AFTER_MS = 1200
let timer = null

export default function () {
  document.addEventListener("input", remember, true)
  return () => document.removeEventListener("input", remember, true)
}

function remember(event) {
  const field = event.target
  if (event.isComposing || !field.closest?.(".stTextArea, .stTextInput")) return
  clearTimeout(timer)
  timer = setTimeout(() => {
    const key = { key: "Enter", code: "Enter", keyCode: 13, bubbles: true, cancelable: true }
    if (field.isConnected) field.dispatchEvent(new KeyboardEvent("keydown", { ...key, ctrlKey: field.tagName === "TEXTAREA" }))
  }, AFTER_MS)
}
