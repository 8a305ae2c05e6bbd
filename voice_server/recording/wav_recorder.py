"""The recording of a call: a two-channel WAV, caller left, agent right, written as the call goes.

It grows in a spool file and becomes an object when the call ends; what a crash left in the spool is kept at the next
start.
"""

import asyncio
import json
import logging
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np

from oratio.audio import Resampler, to_pcm
from oratio.domain import tags
from oratio.domain.storage_layout import audio_key
from oratio.errors import NotFound
from oratio.ports.object_store import ObjectStore

logger = logging.getLogger(__name__)

RATE = 16_000
_BYTES_PER_MS = RATE // 1000 * 2
_FLUSH_MS = 1_000
_SETTLE_MS = 500
_GAP_MS = 200
_HEADER = 44


def wav_header(data_bytes: int) -> bytes:
    """RIFF header of 16-bit stereo PCM at `RATE`."""
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF", data_bytes + _HEADER - 8, b"WAVE", b"fmt ", 16, 1, 2, RATE, RATE * 4, 4, 16, b"data", data_bytes,
    )  # fmt: skip


class AudioChannel:
    """One side of the recording: audio laid on the call's time line."""

    def __init__(self, bytes_per_ms: int = _BYTES_PER_MS) -> None:
        self._pending = bytearray()
        self._base = 0
        self._gap = _GAP_MS * bytes_per_ms

    @property
    def begin(self) -> int:
        """What lies before has been cut off."""
        return self._base

    @property
    def end(self) -> int:
        return self._base + len(self._pending)

    def add(self, pcm: bytes, at: int) -> None:
        """Audio that begins at byte `at` of the time line, or right behind what is there when that is later.

        A gap shorter than 200 ms is jitter, and closed.
        """
        if at - self.end > self._gap:
            self._pending += bytes(at - self.end)
        self._pending += pcm

    def drop(self, after: int) -> None:
        """Forget what lies behind byte `after`."""
        del self._pending[max(0, after - self._base) :]

    def cut(self, until: int) -> bytes:
        """Take everything before `until`, silence where there is nothing."""
        size = max(0, until - self._base)
        taken = bytes(self._pending[:size])
        del self._pending[:size]
        self._base += size
        return taken + bytes(size - len(taken))


class WavRecorder:
    """The recording of one call.

    Args:
        spool: Folder of unfinished recordings; None keeps none.
        store: Puts a finished file where it belongs.
    """

    def __init__(
        self, user_id: str, agent_id: str, conversation_id: str, spool: Path | None, store: Callable[[Path], None]
    ) -> None:
        self._labels = (user_id, agent_id, conversation_id)
        self._path = spool / f"{conversation_id}.wav" if spool is not None else None
        self._store = store
        self._caller, self._agent = AudioChannel(), AudioChannel()
        self._resampler = Resampler(24_000, RATE)
        self._begun_ms: float | None = None
        self._flushed_ms = 0.0
        self._written = 0
        self._writing: asyncio.Task[None] | None = None

    def caller(self, pcm: bytes, now_ms: float) -> None:
        """Caller audio, 16 kHz, that has just arrived."""
        if self._path is not None:
            self._caller.add(pcm, self._place(now_ms, len(pcm)))
            self._flush(now_ms)

    def agent(self, pcm: bytes, now_ms: float) -> None:
        """Agent audio, 24 kHz, that is sent now."""
        if self._path is not None:
            narrow = to_pcm(self._resampler.feed(np.frombuffer(pcm, "<i2").astype(np.float32)))
            self._agent.add(narrow, self._place(now_ms, 0))
            self._flush(now_ms)

    def _place(self, now_ms: float, size: int) -> int:
        if self._begun_ms is None:
            self._begun_ms = self._flushed_ms = now_ms
        return max(0, int(now_ms - self._begun_ms) * _BYTES_PER_MS - size) & ~1

    def _flush(self, now_ms: float) -> None:
        if now_ms - self._flushed_ms < _FLUSH_MS + _SETTLE_MS or (self._writing and not self._writing.done()):
            return
        self._flushed_ms = now_ms - _SETTLE_MS
        data = self._mixed(self._place(now_ms - _SETTLE_MS, 0))
        self._writing = asyncio.create_task(asyncio.to_thread(self._write, data), name="record")

    def _mixed(self, until: int) -> bytes:
        left = np.frombuffer(self._caller.cut(until), "<i2")
        right = np.frombuffer(self._agent.cut(until), "<i2")
        return np.stack([left, right], axis=1).tobytes()

    def _write(self, data: bytes) -> None:
        """Data first, then the header that counts it: a crash between leaves a whole, shorter file."""
        if self._path is None:
            return
        try:
            if self._written == 0:
                self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._path.with_suffix(".json").write_text(json.dumps(self._labels))
                self._path.write_bytes(wav_header(0))
            with self._path.open("r+b") as file:
                file.seek(_HEADER + self._written)
                file.write(data)
                self._written += len(data)
                file.seek(0)
                file.write(wav_header(self._written))
        except OSError as error:
            # A full disk must not end the call: what was written stays, the rest is not recorded.
            logger.warning("recording=<%s> | recording stopped: %s", self._path.stem, error.strerror)
            self._path = None

    async def close(self) -> None:
        """Write the rest and hand the recording over."""
        path = self._path
        if path is None or self._begun_ms is None:
            return
        if self._writing is not None:
            await asyncio.wait([self._writing])
        await asyncio.to_thread(self._write, self._mixed(max(self._caller.end, self._agent.end)))
        if self._written:
            await asyncio.to_thread(self._store, path)


def keep_recording(path: Path, recordings: ObjectStore, begun: Callable[[str, str], bool]) -> None:
    """Turn a spool file into the conversation's audio, unless there is no such conversation (any more).

    Args:
        started: Whether a conversation of (tenant, conversation id) is on record.
    """
    note = path.with_suffix(".json")
    try:
        user_id, agent_id, conversation_id = json.loads(note.read_text())
        if begun(user_id, conversation_id):
            labels = tags.object_tags(user_id, agent_id, "conversation")
            recordings.put_file(audio_key(user_id, agent_id, conversation_id), path, tags=labels)
    except (OSError, ValueError, NotFound):
        logger.exception("recording=<%s> | recording not kept", path.stem)
    path.unlink(missing_ok=True)
    note.unlink(missing_ok=True)


def recover_recordings(spool: Path, recordings: ObjectStore, begun: Callable[[str, str], bool]) -> None:
    """Keep what an earlier process of this server left behind."""
    for path in sorted(spool.glob("*.wav")):
        keep_recording(path, recordings, begun)
