from collections.abc import Sequence

import pytest

from oratio.authoring.sampling import SAMPLED_FILES, question_of, sampled
from oratio.domain.knowledge.knowledge_base import Document, Passage


def passage(path: str, text: str, heading: str | None = None) -> Passage:
    return Passage(passage_id=path, path=path, text=text, excerpt=text, score=0.5, heading=heading)


def document(path: str) -> Document:
    return Document(path=path, size=1, sha256="0" * 64, media_type="text/plain")


@pytest.mark.parametrize(
    ("text", "heading", "language", "question"),
    [
        ("Data roaming is the use of data abroad.", None, "en", "What is data roaming?"),
        ("Opening hours are nine to five.", "Visit", "en", "What are opening hours?"),
        ("It is free.", "Manual > 3.1 SIM cards", "en", "What do your documents say about SIM cards?"),
        ("Press the button.", "Can I bring a dog?", "en", "Can I bring a dog?"),
        ("Press the button.", "Introduction", "en", None),
        ("12; 14; 15", None, "en", None),
        ("Hunde sind erlaubt.", "Haustiere", "de", "Was steht in Ihren Unterlagen zu Haustiere?"),
    ],
)  # fmt: skip
def test_a_question_is_made_of_what_a_passage_defines_or_is_headed_with(
    text: str, heading: str | None, language: str, question: str | None
) -> None:
    assert question_of(passage("a.md", text, heading), language) == question


def test_files_are_spread_and_only_their_own_passages_count() -> None:
    paths = [f"shelf/number {place}.md" for place in range(30)]
    asked: list[str] = []

    def search(query: str) -> Sequence[Passage]:
        asked.append(query)
        return [passage("other.md", "Salt is a mineral."), *(passage(path, "", "Weights here") for path in paths)]

    found = list(sampled([document(path) for path in paths], search, "en"))
    assert [scenario.cites for scenario in found] == [paths[0], paths[10], paths[20]]
    assert len(found) == SAMPLED_FILES
    assert asked[0] == "shelf number 0"
    assert {scenario.expect for scenario in found} == {"answer"}


def test_a_file_without_headings_is_asked_for_by_its_name_and_one_that_is_not_indexed_not_at_all() -> None:
    documents = [document("price_list.csv"), document("scan.pdf")]
    (found,) = sampled(documents, lambda query: [passage("price_list.csv", "basic; 10")], "en")
    assert found.prompts == ("What do your documents say about price list?",)
