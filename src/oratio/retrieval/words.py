"""Words of a question or text, stemmed exactly as the full-text index stems them."""

import re
import sqlite3
from collections.abc import Collection, Iterable, Sequence, Set
from threading import Lock

TOKENIZER = "porter unicode61 remove_diacritics 2"
MAX_KEPT = 200_000

_STOP = """
a about above after again all am an and any are as at be because been before being below between both but by
can could did do does doing done down during each else for from further get gets got had has have having he
her here hers him his how i if in into is it its itself just let like me might more most my myself no nor not
now of off on once one only or other ought our ours out over own please same shall she should so some such
tell than that the their theirs them then there these they this those through to too under until up upon us
very was we were what when where whether which while who whom whose why will with within without would you
your yours yourself s t d ll re ve m don doesn didn isn aren wasn won im ive
"""
STOP_WORDS = frozenset(_STOP.split())

_WORD = re.compile(r"[^\W_]+")  # as unicode61 cuts words: underscores part them
_PREFIX = 2  # letters that stemming never touches


class Stemmer:
    """Words to stems through SQLite's own tokenizer, remembered. Thread-safe."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._lock = Lock()
        self._database = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self._database.execute(f"CREATE VIRTUAL TABLE words USING fts5(word, content='', tokenize='{TOKENIZER}')")
        self._database.execute("CREATE VIRTUAL TABLE stem USING fts5vocab(words, instance)")

    def stems(self, text: str) -> list[str]:
        """The stem of each word, in order."""
        words = _WORD.findall(text.lower())
        known = self._known
        try:
            return [known[word] for word in words]
        except KeyError:
            self._learn(set(words))
            known = self._known
            return [known.get(word, word) for word in words]

    def held(self, texts: Sequence[str], wanted: Collection[str]) -> list[set[str]]:
        """Which of some stems each text holds; only words that begin like one of them are stemmed."""
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
    """Words that begin in a given way, or in letters the index may fold."""
    words = set(_WORD.findall(text))
    if text.isascii():
        return {word for word in words if word[:_PREFIX] in begins}
    return {word for word in words if word[:_PREFIX] in begins or not word.isascii()}


def content_words(text: str) -> list[str]:
    """The words of a question that carry meaning, once each, in order; all of them when none does."""
    words = list(dict.fromkeys(_WORD.findall(text.lower())))
    return [word for word in words if word not in STOP_WORDS] or words
