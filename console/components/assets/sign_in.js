export default function ({ parentElement }) {
  // Back to the page this form is on, so that a deep link survives signing in.
  parentElement.querySelector("input[name=next]").value = location.pathname + location.search
}
