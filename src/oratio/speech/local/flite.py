"""The fast voice: CMU Flite (BSD-like licence) in process, where the machine has it (Debian and Ubuntu: `flite`).

It is found by its shared libraries, so nothing of it is installed with Oratio.
"""

import ctypes

import numpy as np

from oratio.audio import resample, to_pcm
from oratio.errors import Unavailable

RATE = 24_000
PREFIX = "flite-"
VOICES = ("flite-slt", "flite-rms", "flite-awb", "flite-kal16")
_LANGUAGE = ("libflite.so.1", "libflite_usenglish.so.1", "libflite_cmulex.so.1")


class _Wave(ctypes.Structure):
    """`cst_wave` of flite 2.x, `cst_wave.h`."""

    _fields_ = (
        ("type", ctypes.c_char_p),
        ("sample_rate", ctypes.c_int),
        ("num_samples", ctypes.c_int),
        ("num_channels", ctypes.c_int),
        ("samples", ctypes.POINTER(ctypes.c_short)),
    )


class Flite:
    """One voice; not for two threads at a time.

    Raises:
        Unavailable: The machine does not have it.
    """

    def __init__(self, voice: str) -> None:
        name = voice.removeprefix(PREFIX)
        try:
            library, *_ = (ctypes.CDLL(path, mode=ctypes.RTLD_GLOBAL) for path in _LANGUAGE)
            speaker = ctypes.CDLL(f"libflite_cmu_us_{name}.so.1")
        except OSError:
            raise Unavailable(
                f"the voice {voice} needs flite on this machine",
                hint="install it (apt install flite), or set ORATIO_VOICE_NAME=af_heart",
            ) from None
        library.flite_text_to_wave.restype = ctypes.POINTER(_Wave)
        library.flite_text_to_wave.argtypes = (ctypes.c_char_p, ctypes.c_void_p)
        library.delete_wave.argtypes = (ctypes.POINTER(_Wave),)
        library.flite_init()
        register = getattr(speaker, f"register_cmu_us_{name}")
        register.restype, register.argtypes = ctypes.c_void_p, (ctypes.c_char_p,)
        self._library = library
        self._voice = register(None)

    def speak(self, text: str) -> bytes:
        """16-bit mono PCM at 24 kHz."""
        wave = self._library.flite_text_to_wave(text.replace("\0", " ").encode(errors="replace"), self._voice)
        try:
            told = wave.contents
            samples = np.ctypeslib.as_array(told.samples, (told.num_samples,)).astype(np.float32)
            rate = told.sample_rate
        finally:
            self._library.delete_wave(wave)
        return to_pcm(resample(samples, rate, RATE))
