"""What the server sends in `oratio.v1`."""

from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from oratio.protocol.audio_format import AudioFormats
from oratio.protocol.messages import MessageReader, WireMessage, is_none

type Speaker = Literal["user", "assistant", "operator"]
type ResponseStatus = Literal["completed", "interrupted", "failed"]


class CallAgent(WireMessage):
    """The agent that a call is with; `version` is the one that answers to the call's end."""

    agent_id: str
    name: str = ""
    version: int | None = None


class SessionLimits(WireMessage):
    """Limits of a call: `maxCallS`, `idleS` and `resumeS` in seconds."""

    max_frame_bytes: int
    max_text_chars: int
    max_call_s: int
    idle_s: int
    resume_s: int


class SessionReady(WireMessage):
    """The call has started, or goes on (`resumed`)."""

    type: Literal["session.ready"] = "session.ready"
    session_id: str
    resume_token: str
    agent: CallAgent
    audio: AudioFormats
    limits: SessionLimits
    resumed: bool = False


class SpeechStarted(WireMessage):
    """The caller is heard speaking."""

    type: Literal["speech.started"] = "speech.started"


class SpeechStopped(WireMessage):
    """The caller is silent; the turn may go on."""

    type: Literal["speech.stopped"] = "speech.stopped"


class Transcript(WireMessage):
    """What was said. Not final: the agent's text adds to its item, the caller's replaces what was before.

    `transcript.done` gives the item's whole text.
    """

    __match_args__: ClassVar = ("role", "item_id", "text", "final")

    type: Literal["transcript.delta", "transcript.done"]
    role: Speaker
    item_id: str
    text: str
    final: bool


class ResponseStart(WireMessage):
    """A response begins; `speaker` is given when it is an operator's."""

    __match_args__: ClassVar = ("response_id",)

    type: Literal["response.start"] = "response.start"
    response_id: str
    speaker: Speaker | None = Field(None, exclude_if=is_none)


class AudioStart(WireMessage):
    """Binary frames from now on are this response's, at `rate` Hz."""

    __match_args__: ClassVar = ("response_id", "rate")

    type: Literal["audio.start"] = "audio.start"
    response_id: str
    rate: int


class AudioDone(WireMessage):
    """All of a response's audio is sent: so many ms of it."""

    type: Literal["audio.done"] = "audio.done"
    response_id: str
    ms: int


class Interrupt(WireMessage):
    """What is queued of this response is not to be played; the next audio comes after another `audio.start`."""

    __match_args__: ClassVar = ("response_id", "reason")

    type: Literal["interrupt"] = "interrupt"
    response_id: str
    reason: str
    sent_ms: int | None = Field(None, exclude_if=is_none)


class ResponseDone(WireMessage):
    """A response ended; of an interrupted one `spokenText` is what was heard."""

    __match_args__: ClassVar = ("response_id", "status", "text")

    type: Literal["response.done"] = "response.done"
    response_id: str
    status: ResponseStatus
    spoken_text: str

    @property
    def text(self) -> str:
        return self.spoken_text


class UsageReport(WireMessage):
    """Tokens that a response cost at the model; of speech apart where the model says."""

    type: Literal["usage"] = "usage"
    response_id: str
    input_tokens: int = 0
    output_tokens: int = 0
    input_speech_tokens: int | None = Field(None, exclude_if=is_none)
    output_speech_tokens: int | None = Field(None, exclude_if=is_none)


class ToolStart(WireMessage):
    """The agent calls a tool."""

    type: Literal["tool.start"] = "tool.start"
    call_id: str
    name: str
    status: Literal["running"] = "running"
    ms: int = 0


class ToolDone(WireMessage):
    """The tool has answered, after so many ms."""

    type: Literal["tool.done"] = "tool.done"
    call_id: str
    name: str
    status: Literal["success", "error"]
    ms: int


class HandoffProgress(WireMessage):
    """A human is wanted, has come, or did not (`reason` is then `no_operator`)."""

    type: Literal["handoff.started", "handoff.connected", "handoff.failed"]
    reason: str = ""
    summary: str = ""


class HandoffEnded(WireMessage):
    """The agent has the call again."""

    type: Literal["handoff.ended"] = "handoff.ended"
    by: str = ""


class HandoffMessage(WireMessage):
    """What the caller left for the humans who did not come."""

    type: Literal["handoff.message"] = "handoff.message"
    text: str


class ModelRestarting(WireMessage):
    """The speech model is lost and started again."""

    type: Literal["model.restarting"] = "model.restarting"


class ModelRestored(WireMessage):
    """It is there again, after so many ms; `turnLost`: what the caller was saying is to be said again."""

    type: Literal["model.restored"] = "model.restored"
    gap_ms: int
    turn_lost: bool


class Pong(WireMessage):
    """The answer to `ping`."""

    type: Literal["pong"] = "pong"
    t: int | Annotated[float, Field(allow_inf_nan=False)] | str | None = None


class ErrorMessage(WireMessage):
    """Something went wrong; the call goes on unless `fatal`."""

    __match_args__: ClassVar = ("code", "message", "fatal")

    type: Literal["error"] = "error"
    code: str
    message: str
    fatal: bool = False
    retry_after_s: int | float | None = Field(None, exclude_if=is_none)


class SessionEnded(WireMessage):
    """The call is over."""

    __match_args__: ClassVar = ("reason",)

    type: Literal["session.ended"] = "session.ended"
    reason: str


MirroredMessage = (
    SpeechStarted
    | SpeechStopped
    | Transcript
    | ResponseStart
    | ResponseDone
    | Interrupt
    | ToolStart
    | ToolDone
    | HandoffProgress
    | HandoffEnded
    | HandoffMessage
    | ModelRestarting
    | ModelRestored
    | SessionEnded
)
"""What the operators of a call see of it."""

ServerMessage = MirroredMessage | SessionReady | AudioStart | AudioDone | UsageReport | Pong | ErrorMessage

SERVER_MESSAGES: Final = MessageReader[ServerMessage](ServerMessage, "oratio.v1")


def read_server_message(frame: str) -> ServerMessage:
    """Return the message in a server's text frame; raises `BadMessage` for one that this version does not know."""
    return SERVER_MESSAGES.read(frame)


def error(code: str, message: str, *, fatal: bool, retry_after_s: float | None = None) -> ErrorMessage:
    return ErrorMessage(code=code, message=message, fatal=fatal, retry_after_s=retry_after_s)


def transcript(role: Speaker, item_id: str, text: str, *, final: bool) -> Transcript:
    kind: Literal["transcript.done", "transcript.delta"] = "transcript.done" if final else "transcript.delta"
    return Transcript(type=kind, role=role, item_id=item_id, text=text, final=final)
