"""Ears and a voice for calls: speech recognition, turn detection and synthesis behind one port."""

from abc import abstractmethod
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

INPUT_RATE = 16_000
OUTPUT_RATE = 24_000


@dataclass(frozen=True, slots=True)
class CallerSpeechStarted:
    """The caller began to speak, `at_ms` into the audio heard."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class CallerSpeechStopped:
    """The caller fell silent `at_ms` into the audio heard; the turn may still go on."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What the caller seems to have said so far in this turn; replaces the hypothesis before."""

    text: str


@dataclass(frozen=True, slots=True)
class Heard:
    """The caller's turn is over.

    Attributes:
        text: What was said; empty for a noise.
        ended_at_ms: Where in the audio heard the speech ended; the silence that ended the turn came after.
    """

    text: str
    ended_at_ms: int


@dataclass(frozen=True, slots=True)
class Spoken:
    """Audio of an utterance asked for by `say`: 16-bit mono PCM at `OUTPUT_RATE`; `last` ends the utterance."""

    utterance: int
    pcm: bytes
    last: bool


type SpeechEvent = CallerSpeechStarted | CallerSpeechStopped | Hypothesis | Heard | Spoken


class SpeechQuality(NamedTuple):
    """A speech model as people see it: its name, and the language it speaks."""

    name: str
    language: str


class VoiceSession(Protocol):
    """The ears and the voice of one call, whatever is behind them.

    Contract:
    1. `hear` and `say` never wait; what they cause comes out of the session's events.
    2. Lines are spoken in the order they were asked for; after `hush` nothing of an earlier `say` comes out.
    3. `close` frees everything the call held and may be repeated.
    """

    @abstractmethod
    def hear(self, pcm: bytes) -> None:
        """Whole 16-bit mono samples at `INPUT_RATE`, in real time."""
        ...

    @abstractmethod
    def say(self, utterance: int, text: str) -> None:
        """Speak a clause or sentence; `utterance` comes back in `Spoken`."""
        ...

    @abstractmethod
    def hush(self) -> None:
        """Forget everything asked for by `say` and not yet given out."""
        ...

    @abstractmethod
    async def close(self) -> None: ...


class SpeechSession(VoiceSession, Protocol):
    """One call whose turns are recognised here and answered elsewhere.

    Contract: that of `VoiceSession`; `events` raises `Unavailable` when the model is lost for this call, `close` ends
    it cleanly.
    """

    @abstractmethod
    def events(self) -> AsyncIterator[SpeechEvent]: ...


class Speech(Protocol):
    """A speech model.

    Contract:
    1. `open` costs nothing but time; models are loaded at the first `open` and let go when no call has used them for
       a while.
    2. `open` raises `Unavailable` when the model cannot be had; the message says how to fix it.
    """

    @abstractmethod
    def quality(self) -> SpeechQuality: ...

    @abstractmethod
    async def open(self) -> SpeechSession: ...

    @abstractmethod
    async def close(self) -> None:
        """Let go of every model and process."""
        ...
