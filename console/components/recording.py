"""Component of a call's recording next to its transcript."""

from collections.abc import Sequence
from typing import TypedDict

from console.components.assets import component

_player = component(
    "recording",
    html="""<audio controls preload="metadata" aria-label="Recording: caller left, agent right"></audio>
    <p class="fault" role="status" hidden>This call was not recorded.</p>
    <ol aria-label="Transcript; choose a line to hear it"></ol>""",
)


class RecordedLine(TypedDict):
    """Line of a call: its start in the recording (seconds), the speaker and the text."""

    at: float
    role: str
    who: str
    text: str


def recording(conversation_id: str, lines: Sequence[RecordedLine]) -> None:
    _player(
        key=f"recording_{conversation_id}",
        data={"url": f"/conversations/{conversation_id}/audio", "lines": list(lines)},
    )
