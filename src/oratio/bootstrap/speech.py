"""The speech model of voice agents."""

from oratio.errors import InvalidInput
from oratio.ports.speech import Speech
from oratio.settings import Settings


def build_speech(settings: Settings) -> Speech | None:
    """The speech model of voice agents; None when calls are to be in writing only (`none`).

    Raises:
        InvalidInput: The speech model has no adapter in this build.
    """
    if settings.speech == "none":
        return None
    if settings.speech != "local":
        raise InvalidInput(f"speech model {settings.speech!r} has no adapter yet", hint="set ORATIO_SPEECH=local")
    from oratio.adapters.local.speech import LocalSpeech

    return LocalSpeech(
        voice=settings.voice_name,
        silence_ms=int(settings.voice_silence_seconds * 1000),
        idle_s=settings.speech_idle_seconds,
    )
