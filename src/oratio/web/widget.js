// <script src="https://VOICE/widget.js" data-agent="AGENT" data-key="KEY" async></script>
// Puts a call button in the lower right corner. Attributes: data-agent, data-key (an API key limited to this page's
// origin), data-api (fetch tickets there), data-label, data-position ("inline": where the script is).
(() => {
  const script = document.currentScript;
  const base = new URL(".", script.src);
  const { agent, key, api, label, position } = script.dataset;
  if (!agent) throw new Error("oratio widget: data-agent is missing");
  import(new URL("oratio-voice.js", base).href).then(() => {
    const element = document.createElement("oratio-voice");
    element.setAttribute("agent", agent);
    element.setAttribute("url", base.origin.replace(/^http/, "ws"));
    element.setAttribute("worklet", new URL("oratio-voice-worklet.js", base).href);
    for (const [name, value] of Object.entries({ key, api, label })) if (value) element.setAttribute(name, value);
    if (position === "inline") {
      script.after(element);
      return;
    }
    Object.assign(element.style, { position: "fixed", right: "16px", bottom: "16px", width: "320px", zIndex: "2147483000" });
    document.body.append(element);
  });
})();
