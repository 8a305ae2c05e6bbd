"""The numbers and lines a session goes by."""

from dataclasses import dataclass

from oratio.settings import Settings


@dataclass(frozen=True, slots=True)
class SessionConfig:
    """Times in ms.

    Attributes:
        hold_ms: Speech this long over the agent's makes it pause.
        barge_in_ms: Speech this long over the agent's ends its turn; shorter sounds let it go on.
        tool_ms: How long a speech-to-speech model waits for the agent.
        microphone_ms: A microphone that sends nothing for so long is silent.
        operator_grace_ms: An operator who has the call and lost the line may come back so long.
        operator_still_ms: Silence of the operator's line that ends a response.
        cut_ms: How long an interrupted response waits for words before it is given up for good.
        audio_burst_ms: Caller audio that may come at once; beyond, `audio_rate` times real time.
    """

    start_ms: int = 10_000
    idle_ms: int = 60_000
    call_ms: int = 30 * 60_000
    resume_ms: int = 60_000
    lead_ms: int = 200
    hold_ms: int = 200
    barge_in_ms: int = 600
    cut_ms: int = 4_000
    microphone_ms: int = 300
    dtmf_ms: int = 2_000
    holding_ms: int = 2_500
    handoff_ms: int = 20_000
    tool_ms: int = 20_000
    operator_grace_ms: int = 10_000
    operator_still_ms: int = 1_000
    audio_burst_ms: int = 30_000
    audio_rate: float = 2.0
    frames_per_s: float = 400.0
    failures: int = 3
    holding_line: str = "One moment please, I am looking that up."
    apology: str = "I am sorry, something went wrong on our side. Please say that again."
    no_operator: str = "I am sorry, nobody is free to take over right now. Please tell me what I may pass on."
    message_taken: str = "Thank you. I have written that down and pass it on."
    no_message: str = "All right. Is there anything else I can do for you?"


def terms_of(settings: Settings) -> SessionConfig:
    return SessionConfig(
        idle_ms=int(settings.voice.voice_idle_seconds * 1000),
        call_ms=int(settings.voice.voice_call_seconds * 1000),
        resume_ms=int(settings.voice.voice_resume_seconds * 1000),
        holding_ms=int(settings.voice.voice_holding_seconds * 1000),
        handoff_ms=int(settings.voice.voice_handoff_seconds * 1000),
        tool_ms=int(settings.voice.voice_tool_seconds * 1000),
        holding_line=settings.voice.voice_holding_line,
    )
