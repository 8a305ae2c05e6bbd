"""`python -m oratio.speech.local.stt_worker`: the worker that hears, for all calls of a voice server.

The main thread reads audio and finds speech; one thread more recognises, so that no call waits for another's words.
"""

import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from oratio.errors import Unavailable
from oratio.speech.local import weights
from oratio.speech.local.vad import FRAME, RATE, Found, Mark, SpeechDetector, frame_ms, silence_frames
from oratio.speech.local.worker_protocol import Frame, FrameKind, encode, pack_position, read

type Samples = NDArray[np.float32]
type Transcribe = Callable[[Samples], str]
type Recognise = Callable[[Samples, Callable[[], bool], Callable[[str], None]], None]

_CONTEXT = 64
_PRE_ROLL = 8
_POST_ROLL = 4
# A part of a turn this long is settled at the next pause, so that recognising stays linear in the turn's length.
_SETTLE_FRAMES = 250
_MAX_FRAMES = 600
_MIN_FRAMES = 5


class VoiceActivity:
    """Silero VAD for one call."""

    def __init__(self, session: ort.InferenceSession) -> None:
        self._session = session
        self._state = np.zeros((2, 1, 128), np.float32)
        self._context = np.zeros(_CONTEXT, np.float32)
        self._rate = np.array(RATE, np.int64)

    def probability(self, frame: Samples) -> float:
        window = np.concatenate([self._context, frame])[None]
        out, self._state = self._session.run(None, {"input": window, "state": self._state, "sr": self._rate})
        self._context = frame[-_CONTEXT:]
        return float(out[0, 0])


class Listener:
    """One call's ears: audio in, marks and words out.

    A turn's text is recognised at each pause, while the silence that may end the turn goes on, so that the words are
    usually there when it ends.

    Args:
        recognise: Takes audio, a function that tells whether its words are still wanted, and one for the words;
            returns at once.
    """

    def __init__(
        self,
        activity: Callable[[Samples], float],
        recognise: Recognise,
        emit: Callable[[FrameKind, bytes], None],
        silence_ms: int,
    ) -> None:
        self._activity = activity
        self._recognise = recognise
        self._emit = emit
        self._silence_ms = silence_ms
        self._detector = SpeechDetector()
        self._rest = np.zeros(0, np.float32)
        # Frames from `_first` on; before speech only the pre-roll.
        self._frames: list[Samples] = []
        self._first = 0
        self._in_turn = False
        self._spoken_until = 0
        self._voiced = 0
        self._begun = 0
        self._settled = ""
        # The newest recognition: its number, and its words once they are there.
        self._asked = 0
        self._words: str | None = None
        self._lock = threading.Lock()

    def feed(self, pcm: bytes) -> None:
        samples = np.concatenate([self._rest, np.frombuffer(pcm, "<i2").astype(np.float32) / 32_768])
        whole = len(samples) // FRAME * FRAME
        self._rest = samples[whole:]
        for begin in range(0, whole, FRAME):
            self._frame(samples[begin : begin + FRAME])

    def _frame(self, frame: Samples) -> None:
        self._frames.append(frame)
        found = self._detector.feed(self._activity(frame))
        if found is not None:
            self._found(found)
        if not self._in_turn:
            excess = len(self._frames) - _PRE_ROLL
            if excess > 0:
                del self._frames[:excess]
                self._first += excess
            return
        if self._detector.speaking and len(self._frames) >= _MAX_FRAMES:
            self._look(self._detector.frame, settle=True)
        elif not self._detector.speaking:
            self._end_if_over()

    def _found(self, found: Found) -> None:
        if found.mark is Mark.STARTED:
            self._in_turn = True
            with self._lock:
                self._asked += 1
                self._words = None
            self._begun = found.frame
            self._emit(FrameKind.STARTED, pack_position(frame_ms(found.frame)))
            return
        self._spoken_until = found.frame
        self._voiced += found.frame - self._begun
        self._emit(FrameKind.STOPPED, pack_position(frame_ms(found.frame)))
        self._look(found.frame, settle=found.frame - self._first > _SETTLE_FRAMES)

    def _look(self, until: int, *, settle: bool) -> None:
        """Have the audio up to a frame recognised; settled audio is done with."""
        end = min(len(self._frames), until - self._first + _POST_ROLL)
        audio = np.concatenate(self._frames[:end]) if end > 0 else np.zeros(0, np.float32)
        with self._lock:
            self._asked += 1
            number = self._asked
            self._words = None
        if self._voiced < _MIN_FRAMES and not self._settled:
            self._heard(number, "", settle=False)
            return
        if settle:
            del self._frames[:end]
            self._first += end
        self._recognise(
            audio,
            lambda: settle or number == self._asked,
            lambda text: self._heard(number, text, settle=settle),
        )

    def _heard(self, number: int, text: str, *, settle: bool) -> None:
        """Words are there; called from the recogniser's thread."""
        with self._lock:
            if settle:
                self._settled = f"{self._settled} {text}".strip()
                text = ""
            if number != self._asked:
                return
            self._words = f"{self._settled} {text}".strip()
            words = self._words
        if words:
            self._emit(FrameKind.HYPOTHESIS, words.encode())

    def _end_if_over(self) -> None:
        with self._lock:
            words = self._words
            if words is None:
                return
            silent = self._detector.frame - self._spoken_until
            if silent < silence_frames(words, self._silence_ms):
                return
            self._words, self._settled = None, ""
            self._asked += 1
        self._in_turn = False
        self._voiced = 0
        self._emit(FrameKind.HEARD, pack_position(frame_ms(self._spoken_until), words))


def load_transcriber() -> Transcribe:
    """Moonshine tiny-en. Its own voice activity detection is off: it is given speech only."""
    from moonshine_voice.moonshine_api import ModelArch  # type: ignore[import-untyped]
    from moonshine_voice.transcriber import Transcriber  # type: ignore[import-untyped]

    options = {"identify_speakers": "false", "vad_threshold": "0.0", "return_audio_data": "false"}
    model = Transcriber(str(weights.recognition()), ModelArch.TINY, options=options)

    def transcribe(audio: Samples) -> str:
        transcript = model.transcribe_without_streaming(audio.tolist(), RATE)
        return " ".join(line.text.strip() for line in transcript.lines if line.text.strip())

    return transcribe


def load_activity() -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return ort.InferenceSession(weights.voice_activity(), options, providers=["CPUExecutionProvider"])


class SttWorker:
    def __init__(self) -> None:
        self._out = sys.stdout.buffer
        self._writing = threading.Lock()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="recognise")

    def send(self, frame: Frame) -> None:
        with self._writing:
            self._out.write(encode(frame))
            self._out.flush()

    def run(self) -> int:
        try:
            transcribe, session = load_transcriber(), load_activity()
        except Unavailable as error:
            self.send(Frame(0, FrameKind.FAILED, str(error).encode()))
            return 1
        self.send(Frame(0, FrameKind.READY))
        calls: dict[int, Listener] = {}
        while (frame := read(sys.stdin.buffer)) is not None:
            if frame.kind is FrameKind.OPEN:
                calls[frame.call] = self._listener(frame.call, session, transcribe, int(frame.payload))
            elif frame.kind is FrameKind.AUDIO and frame.call in calls:
                calls[frame.call].feed(frame.payload)
            elif frame.kind is FrameKind.CLOSE:
                calls.pop(frame.call, None)
        self._pool.shutdown(wait=False, cancel_futures=True)
        return 0

    def _listener(self, call: int, session: ort.InferenceSession, transcribe: Transcribe, silence_ms: int) -> Listener:
        def recognise(audio: Samples, wanted: Callable[[], bool], then: Callable[[str], None]) -> None:
            self._pool.submit(lambda: then(transcribe(audio)) if wanted() else None)

        def emit(kind: FrameKind, payload: bytes) -> None:
            self.send(Frame(call, kind, payload))

        return Listener(VoiceActivity(session).probability, recognise, emit, silence_ms)


if __name__ == "__main__":
    sys.exit(SttWorker().run())
