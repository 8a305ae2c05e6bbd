from importlib.metadata import PackagePath

import numpy as np
import pytest

from oratio.errors import Unavailable
from oratio.retrieval import embedding
from oratio.retrieval.embedding import Embedder, embedder


def test_vectors_have_unit_length_and_like_meanings_are_near() -> None:
    cat, kitten, invoice = embedder().embed(["A cat sleeps.", "A kitten is dozing.", "The invoice is overdue."])
    assert np.linalg.norm(cat) == pytest.approx(1, abs=1e-3)
    assert cat @ kitten > cat @ invoice + 0.2


def test_a_text_embeds_alike_alone_and_among_longer_ones() -> None:
    short = "How long is the warranty?"
    alone = embedder().query(short)
    among = embedder().embed([short, "word " * 300, "lamp " * 40], threads=2)[0]
    assert float(alone @ among) > 0.98  # int8 activations are scaled per batch


def test_a_changed_weights_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "_MODEL_SHA256", "0" * 64)
    with pytest.raises(Unavailable, match="not the file expected"):
        Embedder()


def test_a_missing_weights_file_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_files(_: str) -> list[PackagePath]:
        return []

    monkeypatch.setattr(embedding, "files", no_files)
    with pytest.raises(Unavailable, match=r"model\.onnx"):
        Embedder()
