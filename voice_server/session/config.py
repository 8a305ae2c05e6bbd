"""Times, limits and spoken lines of a session. Each value says its source or why it was chosen."""

from dataclasses import dataclass, field

from oratio.settings import Settings


@dataclass(frozen=True, slots=True)
class LimitConfig:
    """Ends of a call, and how fast a client may send; times in ms.

    Attributes:
        audio_burst_ms: Caller audio that may come at once; beyond, `audio_rate` times real time.
    """

    # The contract: `session.start` comes within 10 s, else 4408.
    start_ms: int = 10_000
    # `ORATIO_VOICE_IDLE_SECONDS`: a minute without a word is a handset that was put down.
    idle_ms: int = 60_000
    # `ORATIO_VOICE_CALL_SECONDS`: bounds what a forgotten call may cost.
    call_ms: int = 30 * 60_000
    # `ORATIO_VOICE_RESUME_SECONDS`; the contract promises 60 s.
    resume_ms: int = 60_000
    # Chosen: a client that was stopped for seconds sends what its recorder held back at once.
    audio_burst_ms: int = 30_000
    # Chosen: a file sent somewhat faster than it plays is no attack; twice real time bounds what a call costs.
    audio_rate: float = 2.0
    # Frames of 5 ms at twice real time.
    frames_per_s: float = 400.0


@dataclass(frozen=True, slots=True)
class TurnConfig:
    """One turn of the agent; times in ms.

    Attributes:
        lead_ms: Audio sent ahead of real time.
        microphone_ms: A microphone that sends nothing for so long is silent.
        dtmf_ms: A pause after a key that ends the number being typed.
        holding_ms: Silence after a question before the holding line is said.
        tool_ms: How long a speech-to-speech model waits for the agent.
        failures: Answers that fail one after another before the call is given up.
    """

    # Chosen: covers a late timer or packet; the browser module adds 80 ms. What is ahead must be dropped on a barge-in.
    lead_ms: int = 200
    # Chosen: 15 frames of 20 ms missing in a row are no jitter; the client has stopped (a muted track, push to talk).
    microphone_ms: int = 300
    # Chosen: time to find the next key; `#` ends the number at once.
    dtmf_ms: int = 2_000
    # `ORATIO_VOICE_HOLDING_SECONDS`: before a caller wonders whether anyone is there.
    holding_ms: int = 2_500
    # `ORATIO_VOICE_TOOL_SECONDS`: after that the model says that it could not find out.
    tool_ms: int = 20_000
    # Chosen: two failures may be chance; after a third the caller is better served by calling again.
    failures: int = 3


@dataclass(frozen=True, slots=True)
class BargeInConfig:
    """The caller speaks over the agent; times in ms.

    Attributes:
        hold_ms: Speech this long over the agent's makes it pause.
        interrupt_ms: Speech this long ends the agent's turn; shorter sounds let it go on.
        cut_ms: How long an interrupted response waits for words before it is given up for good.
    """

    # Chosen: a click is over by then, and the pause is taken back when nothing follows.
    hold_ms: int = 200
    # Chosen: longer than an "mhm" or "okay", shorter than a sentence.
    interrupt_ms: int = 600
    # Chosen: the silence that ends a turn (0.7 s) and the recogniser's time on a busy machine fit in.
    cut_ms: int = 4_000


@dataclass(frozen=True, slots=True)
class OperatorConfig:
    """The human side of a call; times in ms.

    Attributes:
        handoff_ms: How long a caller waits for an operator.
        grace_ms: An operator who has the call and lost the connection may come back so long.
        still_ms: Silence of the operator's line that ends a response.
    """

    # `ORATIO_VOICE_HANDOFF_SECONDS`: a few rings of a telephone.
    handoff_ms: int = 20_000
    # Chosen: time to reload the console.
    grace_ms: int = 10_000
    # Chosen: longer than a breath between sentences, so that one answer stays one response.
    still_ms: int = 1_000


@dataclass(frozen=True, slots=True)
class LineTexts:
    """Lines said in the agent's voice that are not the agent's."""

    # `ORATIO_VOICE_HOLDING_LINE`
    holding: str = "One moment please, I am looking that up."
    apology: str = "I am sorry, something went wrong on our side. Please say that again."
    no_operator: str = "I am sorry, no one is free to take over right now. Please tell me what I may pass on."
    message_taken: str = "Thank you. I have written that down and pass it on."
    no_message: str = "All right. Is there anything else I can do for you?"


@dataclass(frozen=True, slots=True)
class SessionConfig:
    """All that a session is configured by."""

    limits: LimitConfig = field(default_factory=LimitConfig)
    turn: TurnConfig = field(default_factory=TurnConfig)
    barge_in: BargeInConfig = field(default_factory=BargeInConfig)
    operator: OperatorConfig = field(default_factory=OperatorConfig)
    lines: LineTexts = field(default_factory=LineTexts)


def config_of(settings: Settings) -> SessionConfig:
    """Return the configuration that these settings ask for."""
    return SessionConfig(
        limits=LimitConfig(
            idle_ms=int(settings.voice.voice_idle_seconds * 1000),
            call_ms=int(settings.voice.voice_call_seconds * 1000),
            resume_ms=int(settings.voice.voice_resume_seconds * 1000),
        ),
        turn=TurnConfig(
            holding_ms=int(settings.voice.voice_holding_seconds * 1000),
            tool_ms=int(settings.voice.voice_tool_seconds * 1000),
        ),
        operator=OperatorConfig(handoff_ms=int(settings.voice.voice_handoff_seconds * 1000)),
        lines=LineTexts(holding=settings.voice.voice_holding_line),
    )
