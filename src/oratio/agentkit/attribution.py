"""Which passages an answer rests on, when the model itself does not say: by overlap of sentences."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from oratio.agentkit.sentences import sentences

_WORD = re.compile(r"\w+")
MIN_WORDS = 3
MIN_SHARE = 0.5


def _words(text: str) -> set[str]:
    """Words that carry content: four characters or more, or holding a digit."""
    words = (word.casefold() for word in _WORD.findall(text))
    return {word for word in words if len(word) >= 4 or any(map(str.isdigit, word))}


def attribute(answer: str, prompt: str, passages: Iterable[Mapping[str, Any]]) -> Sequence[str]:
    """Ids of the passages that back a sentence of the answer, in the order of the answer.

    A sentence counts as backed by the passage that holds most of its words, when at least half of them, and at
    least three, stand there. Words of the caller's own question do not count: repeating it proves nothing.
    """
    asked = _words(prompt)
    candidates = [(str(passage["id"]), _words(f"{passage['text']} {passage['excerpt']}")) for passage in passages]
    cited: dict[str, None] = {}
    for sentence in (found for line in answer.splitlines() for found in sentences(line)):
        said = _words(sentence) - asked
        best_id, best = "", 0
        for passage_id, words in candidates:
            shared = len(said & words)
            if shared > best:
                best_id, best = passage_id, shared
        if best >= MIN_WORDS and best >= MIN_SHARE * len(said):
            cited[best_id] = None
    return tuple(cited)
