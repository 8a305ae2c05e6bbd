"""The words that a person from the field would search bring up the right file; the list is a page of the docs."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "finding-things.md"
MOST_HITS = 12
NEEDED = 22
_DEFINITION = re.compile(r"^ *(?:class|def|async def) (\w+)", re.MULTILINE)


def _rows() -> list[tuple[str, list[str], str]]:
    rows = []
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 3 and cells[2].startswith("`"):
            rows.append((cells[0], [guess.strip() for guess in cells[1].split(",")], cells[2].strip("`")))
    return rows


def _names() -> dict[str, set[str]]:
    """Return what each file of the product is found by: its own and its folder's name, and its public classes."""
    found = {}
    for top in ("src", "flows", "tasks", "console", "voice_server"):
        for path in (ROOT / top).rglob("*.py"):
            public = {name for name in _DEFINITION.findall(path.read_text()) if name[0].isupper()}
            found[path.relative_to(ROOT).as_posix()] = {_plain(name) for name in {path.stem, path.parent.name, *public}}
    return found


def _plain(word: str) -> str:
    return re.sub(r"[\W_]", "", word).lower()


def _hits(guess: str, names: dict[str, set[str]]) -> list[str]:
    """Return the files of exactly that name or class, or where there are none, those whose names hold the word."""
    wanted = _plain(guess)
    return [path for path, known in names.items() if wanted in known] or [
        path for path, known in names.items() if any(wanted in name for name in known)
    ]


def test_the_list_has_24_behaviours_and_files_that_exist() -> None:
    rows = _rows()
    assert len(rows) >= 24
    assert [file for _, _, file in rows if not (ROOT / file).is_file()] == []
    assert all(len(guesses) == 3 for _, guesses, _ in rows)


def test_three_guesses_find_at_least_22_of_24() -> None:
    names = _names()
    missed = []
    for behaviour, guesses, file in _rows():
        hits = [_hits(guess, names) for guess in guesses]
        if not any(file in found and len(found) <= MOST_HITS for found in hits):
            missed.append((behaviour, {guess: len(found) for guess, found in zip(guesses, hits, strict=True)}))
    assert len(_rows()) - len(missed) >= NEEDED, missed
