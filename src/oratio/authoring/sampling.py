"""Questions that a version's own documents answer, made from passages of them."""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import PurePosixPath

from oratio.authoring.spoken import asking_about, topic_of
from oratio.domain.knowledge.knowledge_base import Document, Passage
from oratio.domain.plan.agent_plan import Scenario

SAMPLED_FILES = 3
_WORDS = re.compile(r"[^\W_]+")
_EMPTY_WORDS = """
introduction overview contents summary general notes note appendix faq index about document page section sheet1
einleitung überblick inhalt übersicht allgemeines
"""
_EMPTY_HEADINGS = frozenset(_EMPTY_WORDS.split())
_DEFINITION = re.compile(r"^(?:The |An? )?(?P<term>[A-Z][\w-]*(?: [\w-]+){0,4}) (?P<verb>is|are|means) ", re.MULTILINE)
_PRONOUN = re.compile(r"(?:It|This|That|There|These|Those|They|You|We|He|She|What|If|When|Here)\b")

type Search = Callable[[str], Sequence[Passage]]


def sampled(documents: Sequence[Document], search: Search, language: str) -> Iterator[Scenario]:
    """A question for each of at most `SAMPLED_FILES` files, spread over all; a file that gives none is passed over.

    A file whose passages have neither headings nor definitions is asked for by its name.

    Args:
        search: Passages of this version's snapshot, best first.
    """
    step = max(1, len(documents) // SAMPLED_FILES)
    chosen = [document.path for document in documents[::step]][:SAMPLED_FILES]
    for path in chosen:
        found = [passage for passage in search(_name(path)) if passage.path == path]
        questions = (question_of(passage, language) for passage in found)
        question = next(filter(None, questions), None) or (_by_name(path, language) if found else None)
        if question:
            yield Scenario(
                scenario_id="",
                title=f"Answers from its own documents: {path}"[:100],
                prompts=(question,),
                expect="answer",
                kind="sample",
                cites=path,
            )


def _name(path: str) -> str:
    """The words of a file's name and of the folders above it."""
    return " ".join(_WORDS.findall(str(PurePosixPath(path).with_suffix("")))) or path


def _by_name(path: str, language: str) -> str | None:
    words = [word for word in _WORDS.findall(PurePosixPath(path).stem) if not word.isdigit()]
    telling = any(len(word) > 3 and word.casefold() not in _EMPTY_HEADINGS for word in words)
    return asking_about(" ".join(words).lower() if language == "en" else " ".join(words), language) if telling else None


def question_of(passage: Passage, language: str) -> str | None:
    """A question this passage answers: by a term it defines, else by its heading; None when it has neither."""
    if language == "en":
        for found in _DEFINITION.finditer(passage.text):
            term = found["term"]
            if not _PRONOUN.match(term) and len(term) >= 4:
                return f"What {'are' if found['verb'] == 'are' else 'is'} {topic_of(term, language)}?"
    heading = (passage.heading or "").rsplit(" > ", 1)[-1].strip()
    words = [word.casefold() for word in _WORDS.findall(heading)]
    if heading.endswith("?") and len(words) > 1:
        return heading
    content = [word for word in words if len(word) > 3 and not word.isdigit() and word not in _EMPTY_HEADINGS]
    return asking_about(topic_of(heading, language), language) if content else None
