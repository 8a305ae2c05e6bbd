"""Microphone and loudspeaker without a dependency: the recorder and the player of a Linux desktop."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from oratio.errors import Unavailable

# ALSA, then PulseAudio (which PipeWire speaks too); raw 16-bit mono PCM, the rate is appended.
_ALSA = ("-q", "-t", "raw", "-f", "S16_LE", "-c", "1", "-r")
_PULSE = ("--raw", "--format=s16le", "--channels=1", "--latency-msec=40", "--rate")
_PAIRS = ((("arecord", *_ALSA), ("aplay", *_ALSA)), (("parec", *_PULSE), ("pacat", *_PULSE)))
_CLOSE_S = 2.0


class SoundCard:
    """Sound in and out; created by `sound_card`."""

    def __init__(self, recorder: asyncio.subprocess.Process, play: tuple[str, ...]) -> None:
        self._recorder = recorder
        self._play = play
        self._player: asyncio.subprocess.Process | None = None

    async def record(self, size: int) -> bytes:
        """Return the next bytes of the microphone.

        Raises:
            Unavailable: It gives none.
        """
        assert self._recorder.stdout is not None
        try:
            return await self._recorder.stdout.readexactly(size)
        except asyncio.IncompleteReadError:
            assert self._recorder.stderr is not None
            said = (await self._recorder.stderr.read()).decode(errors="replace").strip().splitlines()
            reason = f" ({said[-1]})" if said else ""
            raise Unavailable(f"the microphone cannot be used{reason}", hint="give --in FILE.wav instead") from None

    async def play(self, pcm: bytes) -> None:
        """Queue sound; start the player again if it has ended."""
        if self._player is None or self._player.returncode is not None:
            self._player = await asyncio.create_subprocess_exec(
                *self._play, stdin=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
            )
        assert self._player.stdin is not None
        with suppress(ConnectionError):
            self._player.stdin.write(pcm)

    async def hush(self) -> None:
        """Drop the queued sound."""
        player, self._player = self._player, None
        await _ended(player)

    async def close(self) -> None:
        await self.hush()
        await _ended(self._recorder)


async def _ended(process: asyncio.subprocess.Process | None) -> None:
    if process is None or process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.kill()
    with suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), _CLOSE_S)


@asynccontextmanager
async def sound_card(rate_in: int, rate_out: int) -> AsyncIterator[SoundCard]:
    """Open the machine's sound card.

    Raises:
        Unavailable: There is no program to record and play with.
    """
    pair = next((pair for pair in _PAIRS if shutil.which(pair[0][0]) and shutil.which(pair[1][0])), None)
    if pair is None:
        raise Unavailable(
            "there is no microphone to talk with", hint="give --in FILE.wav, or install alsa-utils or pulseaudio-utils"
        )
    record, play = pair
    recorder = await asyncio.create_subprocess_exec(
        *record, str(rate_in), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    card = SoundCard(recorder, (*play, str(rate_out)))
    try:
        yield card
    finally:
        await card.close()
