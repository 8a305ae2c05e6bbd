"""The check of words finds them in code and prose, and leaves alone where they are right."""

import tomllib
from pathlib import Path

import pytest

from tests.words import LIST, Word, hits, main, word

LISTED = tomllib.loads(LIST.read_text())
WORDS: list[Word] = [word(entry) for entry in LISTED["word"]]


def found(text: str) -> list[tuple[int, str]]:
    return [(hit.line, hit.found) for hit in hits(text, WORDS)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The caller is told at once.", ["told"]),
        ("Told so, it ends.", ["Told"]),
        ("begun = time.perf_counter()", ["begun"]),
        ("def when_begun() -> int:", ["begun"]),
        ('hint="mend the file"', ["mend"]),
        ("made anew, beside the old one", ["anew", "beside"]),
        ("whoever calls; nobody answers", ["whoever", "nobody"]),
        ("nobody's file", ["nobody's"]),
        ("the upload is gone", ["is gone"]),
        ('"the token does not hold"', ["does not hold"]),
        ("The contract stands in `ports`.", ["stands"]),
        ("In the meanwhile.", ["meanwhile"]),
    ],
)
def test_a_word_of_the_list_is_found(text: str, words: list[str]) -> None:
    assert [name for _, name in found(text)] == words


@pytest.mark.parametrize(
    "text",
    [
        "Recommended, amended and remembered: recommend, amend.",
        "It has gone quiet.",
        "The row does not hold a name.",
        "SOP stands for standard operating procedure.",
        "besides",
        '("never", "none", "nobody")',
    ],
)
def test_a_word_in_its_right_place_is_left_alone(text: str) -> None:
    assert found(text) == []


def test_the_line_of_each_word_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.md"
    page.write_text("Fine.\n\nThe caller is told.\n")
    assert main([str(page)]) == 1
    printed = capsys.readouterr()
    assert printed.out.startswith(f"{page}:3: 'told': write reported")
    assert printed.err.startswith("words: 1 to replace")


def test_a_clean_file_passes(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("Fine.\n")
    assert main([str(page)]) == 0


def test_a_place_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="does not exist"):
        main([str(tmp_path / "none")])


@pytest.mark.parametrize("place", [place for place in LISTED["places"] if not place.isidentifier() or place == "docs"])
def test_the_documentation_is_free_of_them(place: str) -> None:
    assert main([str(LIST.parents[1] / place)]) == 0
