"""Component of a live call with an agent, on its page."""

from typing import NamedTuple

from console.components.assets import component

_call = component(
    "voice_call",
    shared="call_common",
    html="""<div class="bar">
    <button type="button" class="primary" data-part="call">Call</button>
    <button type="button" data-part="quiet">Call without microphone</button>
    <button type="button" data-part="mute" aria-pressed="false" hidden>Mute</button>
    <button type="button" data-part="human" hidden>Ask for a human</button>
    <span class="state"><b data-part="state" role="status"></b> <span data-part="clock"></span></span></div>
    <div class="meters" data-part="meters" hidden>
    <label>You <meter data-part="input" min="0" max="1" aria-label="Level of your microphone"></meter></label>
    <label>Agent <meter data-part="output" min="0" max="1" aria-label="Level of the agent's voice"></meter></label>
    </div>
    <p class="fault" data-part="fault" role="alert" hidden></p>
    <ol data-part="transcript" aria-live="polite" aria-label="Transcript of the call" tabindex="0"
    data-empty="The transcript appears here."></ol>
    <form class="say" data-part="say" hidden>
    <input data-part="text" aria-label="Type to the agent" placeholder="Or type to the agent" maxlength="20000"
    autocomplete="off"><button type="submit">Send</button></form>""",
)


class HeardWords(NamedTuple):
    """Conversation of the call, or `""`, and the number of its turns to show."""

    conversation_id: str
    turns: int


def voice_call(agent_id: str) -> HeardWords:
    """Show the call; the script runs again after each turn."""
    result = _call(key=f"call_{agent_id}", data={"agentId": agent_id}, on_heard_change=lambda: None)
    heard = result.heard if isinstance(result.heard, dict) else {}
    return HeardWords(str(heard.get("id") or ""), int(heard.get("turns") or 0))
