"""`python -m oratio.speech.local.tts_worker`: the worker that speaks, one utterance at a time."""

import queue
import sys
import threading
from functools import lru_cache
from typing import Protocol

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from oratio.errors import Unavailable
from oratio.speech.local import flite, weights
from oratio.speech.local.g2p import Pronunciation
from oratio.speech.local.phonemes import VOCABULARY
from oratio.speech.local.worker_protocol import Frame, FrameKind, encode, pack_utterance, read, unpack_utterance

RATE = 24_000
_MAX_TOKENS = 500
# Openings such as "The manual says:" come again and again: short pieces are kept.
_CACHED, _CACHED_CHARS = 200, 80
_STYLE = (510, 256)
_QUIET = 0.008
_LEAD_IN, _TAIL = RATE // 50, RATE // 8
_PAUSES = {".": 0.20, "!": 0.20, "?": 0.25, ",": 0.05, ";": 0.10, ":": 0.10}


class Model(Protocol):
    def speak(self, text: str) -> bytes: ...


def load(voice: str, threads: int) -> Model:
    """The model that speaks with a voice.

    Raises:
        Unavailable: There is no such voice, or it is not on this machine.
    """
    return flite.Flite(voice) if voice in flite.VOICES else Kokoro(voice, threads)


class Kokoro:
    """Kokoro-82M on ONNX Runtime.

    Args:
        threads: ONNX Runtime threads; they do not spin, so that they can share a machine.
    """

    def __init__(self, voice: str, threads: int) -> None:
        self._styles = np.frombuffer(weights.voice(voice), "<f4").reshape(_STYLE)
        self._pronounce = Pronunciation(weights.lexicon("us_gold"), weights.lexicon("us_silver"))
        options = ort.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = ort.InferenceSession(weights.synthesis(), options, providers=["CPUExecutionProvider"])

        self._short = lru_cache(_CACHED)(self._speak)

    def speak(self, text: str) -> bytes:
        """16-bit mono PCM at 24 kHz, without the silence around it but with a pause for its last mark."""
        return self._short(text) if len(text) <= _CACHED_CHARS else self._speak(text)

    def _speak(self, text: str) -> bytes:
        phonemes = self._pronounce(text)
        tokens = [VOCABULARY[sound] for sound in phonemes if sound in VOCABULARY]
        parts = [self._infer(tokens[at : at + _MAX_TOKENS]) for at in range(0, len(tokens), _MAX_TOKENS)]
        audio = np.concatenate([*parts, np.zeros(int(_PAUSES.get(text.rstrip()[-1:], 0) * RATE), np.float32)])
        return bytes((np.clip(audio, -1, 1) * 32_767).astype("<i2"))

    def _infer(self, tokens: list[int]) -> NDArray[np.float32]:
        fed = {
            "tokens": np.array([[0, *tokens, 0]], np.int64),
            "style": self._styles[min(len(tokens), len(self._styles)) - 1][None],
            "speed": np.array([1.0], np.float32),
        }
        audio: NDArray[np.float32] = np.asarray(self._session.run(None, fed)[0], np.float32).ravel()
        loud = np.flatnonzero(np.abs(audio) > _QUIET)
        return audio[max(0, loud[0] - _LEAD_IN) : loud[-1] + _TAIL] if len(loud) else audio[:0]


class TtsWorker:
    """Reads in the main thread, so that a hush is obeyed while an utterance is being made."""

    def __init__(self) -> None:
        self._out = sys.stdout.buffer
        self._work: queue.Queue[tuple[int, int, int, str] | None] = queue.Queue()
        # How often each call was hushed: work from before is void.
        self._hushes: dict[int, int] = {}

    def _send(self, frame: Frame) -> None:
        self._out.write(encode(frame))
        self._out.flush()

    def run(self, voice: str, threads: int) -> int:
        try:
            model = load(voice, threads)
        except Unavailable as error:
            self._send(Frame(0, FrameKind.FAILED, str(error).encode()))
            return 1
        model.speak("Hello.")
        self._send(Frame(0, FrameKind.READY))
        speaker = threading.Thread(target=self._speak, args=(model,), daemon=True)
        speaker.start()
        while (frame := read(sys.stdin.buffer)) is not None:
            call = frame.call
            if frame.kind is FrameKind.SAY:
                number, text, _ = unpack_utterance(frame.payload)
                self._work.put((call, self._hushes.get(call, 0), number, text.decode()))
            elif frame.kind is FrameKind.HUSH:
                self._hushes[call] = self._hushes.get(call, 0) + 1
            elif frame.kind is FrameKind.CLOSE:
                self._hushes[call] = -1
        self._work.put(None)
        return 0

    def _speak(self, model: Model) -> None:
        while (asked := self._work.get()) is not None:
            call, hushes, number, text = asked
            if self._hushes.get(call, 0) != hushes:
                continue
            pcm = model.speak(text)
            if self._hushes.get(call, 0) == hushes:
                self._send(Frame(call, FrameKind.SPOKEN, pack_utterance(number, pcm, last=True)))


if __name__ == "__main__":
    sys.exit(TtsWorker().run(sys.argv[1], int(sys.argv[2])))
