"""Stems of words, by SQLite's own tokenizer: a question, an answer and the full-text index share them."""

import re
import sqlite3
from collections.abc import Collection, Iterable, Sequence, Set
from functools import cache
from threading import Lock

TOKENIZER = "porter unicode61 remove_diacritics 2"
MAX_KEPT = 200_000

_WORD = re.compile(r"[^\W_]+")  # as unicode61 cuts words: underscores part them
_PREFIX = 2  # letters that stemming never touches


class Stemmer:
    """Stems of words through SQLite's own tokenizer, remembered. Thread-safe."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._lock = Lock()
        self._database = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self._database.execute(f"CREATE VIRTUAL TABLE words USING fts5(word, content='', tokenize='{TOKENIZER}')")
        self._database.execute("CREATE VIRTUAL TABLE stem USING fts5vocab(words, instance)")

    def stems(self, text: str) -> list[str]:
        """Return the stem of each word, in order."""
        words = _WORD.findall(text.lower())
        known = self._known
        try:
            return [known[word] for word in words]
        except KeyError:
            self._learn(set(words))
            known = self._known
            return [known.get(word, word) for word in words]

    def stem(self, word: str) -> str:
        """Return the stem of one lower-case word; of several, as of a number with a point, it is the word itself."""
        known = self._known.get(word)
        if known is None:
            self._learn([word])
            known = self._known[word]
        return known

    def held(self, texts: Sequence[str], wanted: Collection[str]) -> list[set[str]]:
        """Return which of some stems each text holds; only words that start like one of them are stemmed."""
        begins = {stem[:_PREFIX] for stem in wanted}
        likely = [_likely(text.lower(), begins) for text in texts]
        every = list(set().union(*likely))
        stem_of = dict(zip(every, self.stems(" ".join(every)), strict=True))
        return [{stem for word in words if (stem := stem_of[word]) in wanted} for words in likely]

    def _learn(self, words: Iterable[str]) -> None:
        listed = list(words)
        with self._lock:
            if len(self._known) > MAX_KEPT:
                self._known = {}
            self._database.execute("INSERT INTO words(words) VALUES ('delete-all')")
            self._database.execute("BEGIN")
            self._database.executemany("INSERT INTO words(rowid, word) VALUES (?, ?)", list(enumerate(listed)))
            self._database.execute("COMMIT")
            stems = dict(self._database.execute("SELECT doc, term FROM stem WHERE offset = 0").fetchall())
            self._known.update((word, stems.get(number, word)) for number, word in enumerate(listed))


def _likely(text: str, begins: Set[str]) -> set[str]:
    """Return the words that start in a given way, or in letters the index may fold."""
    words = set(_WORD.findall(text))
    if text.isascii():
        return {word for word in words if word[:_PREFIX] in begins}
    return {word for word in words if word[:_PREFIX] in begins or not word.isascii()}


def words(text: str) -> list[str]:
    """Return the words of a text in small letters, cut as the index cuts them."""
    return _WORD.findall(text.lower())


@cache
def stemmer() -> Stemmer:
    """Return the stemmer that a process shares."""
    return Stemmer()
