"""Speech in worker processes of this machine."""

from pathlib import Path

from oratio.errors import Unavailable
from oratio.ports.speech import Speech, SpeechQuality, SpeechSession


class LocalSpeech(Speech):
    def __init__(self, *, voice: str, silence_ms: int, idle_s: float, cache: Path) -> None:
        self._voice = voice

    def quality(self) -> SpeechQuality:
        return SpeechQuality("local", "en")

    async def open(self) -> SpeechSession:
        raise Unavailable("the speech models are not installed", hint="install `oratio[speech]`")

    async def close(self) -> None:
        return
