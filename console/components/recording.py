"""The recording of a call beside its transcript."""

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
    """One line of a call: when it begins in the recording (seconds), and what was said by whom."""

    at: float
    role: str
    who: str
    text: str


def recording(conversation_id: str, lines: Sequence[RecordedLine]) -> None:
    _player(
        key=f"recording_{conversation_id}",
        data={"url": f"/conversations/{conversation_id}/audio", "lines": list(lines)},
    )
