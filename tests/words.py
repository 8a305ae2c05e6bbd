"""Check of the words in code and documentation.

python -m tests.words [PATH...]

Prints `file:line: the word: what to write instead` for every word of `words.toml` and exits 1 when there is one.
"""

import re
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
LIST = Path(__file__).with_suffix(".toml")


class Word(NamedTuple):
    """One entry of the list: where the word counts, what to write, and where it is right."""

    pattern: re.Pattern[str]
    write: str
    right: tuple[re.Pattern[str], ...]


class WordHit(NamedTuple):
    """A word where it should not be."""

    line: int
    found: str
    write: str


def word(entry: dict[str, Any]) -> Word:
    """Compile an entry of the list."""
    # Letters end a word; digits, underscores and dashes do not, so that the parts of a name count.
    pattern = re.compile(rf"(?<![A-Za-z])(?:{entry['find']})(?![A-Za-z])", re.IGNORECASE)
    right = [*entry.get("allow", ())]
    if entry.get("data"):
        right.append(rf"""(["'])(?:{entry["find"]})\1""")
    return Word(pattern, entry["write"], tuple(re.compile(context, re.IGNORECASE) for context in right))


def hits(text: str, words: Sequence[Word]) -> Iterator[WordHit]:
    """Yield every word of the list that a text has in a wrong place, line by line."""
    for number, line in enumerate(text.splitlines(), start=1):
        for entry in words:
            for match in entry.pattern.finditer(line):
                if not _right(match, line, entry.right):
                    yield WordHit(number, match[0], entry.write)


def _right(match: re.Match[str], line: str, contexts: Sequence[re.Pattern[str]]) -> bool:
    found = (context for pattern in contexts for context in pattern.finditer(line))
    return any(context.start() <= match.start() and match.end() <= context.end() for context in found)


def files(places: Sequence[Path], endings: Sequence[str]) -> Iterator[Path]:
    """Yield the text files of the places, sorted."""
    for place in places:
        if not place.exists():
            raise SystemExit(f"words: {place} does not exist: correct the path, or `places` in {LIST.name}")
        found = place.rglob("*") if place.is_dir() else (place,)
        yield from sorted(path for path in found if path.is_file() and path.suffix in endings)


def main(arguments: Sequence[str]) -> int:
    """Check the paths, or all places of the list; return the exit code."""
    listed = tomllib.loads(LIST.read_text())
    words = [word(entry) for entry in listed["word"]]
    places = [Path(argument).resolve() for argument in arguments] or [ROOT / place for place in listed["places"]]
    count = 0
    for path in files(places, listed["endings"]):
        name = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
        for hit in hits(path.read_text(), words):
            print(f"{name}:{hit.line}: {hit.found!r}: write {hit.write}")
            count += 1
    if count:
        print(f"words: {count} to replace (tests/{LIST.name} has the list)", file=sys.stderr)
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
