"""Component of an operator's controls in a call in progress, on the page of live calls."""

from console.components.assets import component

_desk = component(
    "take_over",
    shared="call_common",
    html="""<div class="bar">
    <button type="button" class="primary" data-part="listen">Listen</button>
    <button type="button" data-part="take" hidden>Take over by keyboard</button>
    <button type="button" data-part="speak" hidden>Take over by voice</button>
    <button type="button" class="primary" data-part="back" hidden>Hand back</button>
    <button type="button" data-part="mute" aria-pressed="false" hidden>Mute</button>
    <button type="button" data-part="end" hidden>End call</button>
    <button type="button" class="danger" data-part="sure" hidden>Yes, end it for the caller</button>
    <span class="state"><b data-part="state" role="status"></b></span></div>
    <div class="meters" data-part="meters" hidden>
    <label>You <meter data-part="input" min="0" max="1" aria-label="Level of your microphone"></meter></label>
    <label>Call <meter data-part="output" min="0" max="1" aria-label="Level of the call"></meter></label></div>
    <p class="fault" data-part="fault" role="alert" hidden></p>
    <ol data-part="transcript" aria-live="polite" aria-label="Transcript of the call" tabindex="0"
    data-empty="Press Listen to hear the call and read along."></ol>
    <form class="say" data-part="whisper" hidden>
    <input data-part="whispered" aria-label="Whisper to the agent" maxlength="2000" autocomplete="off"
    placeholder="Whisper to the agent: the caller hears nothing of it"><button type="submit">Whisper</button></form>
    <form class="say" data-part="say" hidden>
    <input data-part="said" aria-label="Say to the caller" maxlength="2000" autocomplete="off"
    placeholder="Say to the caller, in the agent's voice"><button type="submit" class="primary">Say</button></form>
    <label hidden>Note for the agent when you hand back
    <input data-part="note" maxlength="2000" autocomplete="off" placeholder="Optional"></label>""",
)


def take_over(conversation_id: str) -> bool:
    """Show the controls of one call; return True in the run after the call, or the listening, ended."""
    result = _desk(key=f"desk_{conversation_id}", data={"conversationId": conversation_id}, on_over_change=lambda: None)
    return bool(result.over)
