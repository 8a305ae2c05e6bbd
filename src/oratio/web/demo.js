import "./oratio-voice.js";

const form = document.querySelector("#who");
const here = new URL(".", location.href);
document.querySelector("#origin").textContent = location.origin;
// #agent=… in the address fills the form; a key is never in an address.
form.agent.value = new URLSearchParams(location.hash.slice(1)).get("agent") || "";

form.onsubmit = (event) => {
  event.preventDefault();
  const element = document.createElement("oratio-voice");
  const given = { agent: form.agent.value.trim(), key: form.key.value.trim() };
  const attributes = {
    ...given,
    url: location.origin.replace(/^http/, "ws"),
    worklet: new URL("oratio-voice-worklet.js", here).href,
  };
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  document.querySelector("#call").replaceChildren(element);
  const embed = document.querySelector("#embed");
  embed.querySelector("code").textContent =
    `<script src="${new URL("widget.js", here)}" data-agent="${given.agent}" data-key="YOUR KEY" async></` + `script>`;
  embed.hidden = false;
};
