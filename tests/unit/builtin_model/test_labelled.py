"""The labelled sets, asked of real agents over the real local knowledge bases."""

from pathlib import Path

import pytest

from oratio.adapters.local.dialogue.intents import Intent, classify
from tests.unit.builtin_model.judging import plainly, searches, tally
from tests.unit.builtin_model.talk import SAMPLES, SETS, Search, Talk, authored, labelled, section_of


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Search | None]:
    root: Path = tmp_path_factory.mktemp("knowledge")
    return searches(root)


@pytest.mark.slow
@pytest.mark.parametrize("half", ["tuned", "second"])
def test_answers_are_right_and_refusals_are_kept(half: str, search: dict[str, Search | None]) -> None:
    counts = tally(half, search)
    assert counts.right >= 0.85 * counts.answerable, counts.misses
    assert counts.refused >= 0.9 * counts.unanswerable, counts.misses
    assert counts.wrong <= 0.08 * counts.answerable, counts.misses


@pytest.mark.slow
def test_procedure_turns_say_the_next_thing_and_name_their_steps(search: dict[str, Search | None]) -> None:
    made = {key: authored(SAMPLES[name]) for key, name in SETS.items()}
    missed = []
    for entry in labelled("procedures"):
        talk = Talk(made[entry["set"]], search[entry["set"]])
        replies = [talk.say(turn) for turn in entry["turns"]]
        sections = section_of(made[entry["set"]], [step for reply in replies for step in reply.step_ids])
        text = plainly(replies[-1].text)
        if entry["section"] not in sections or not all(words in text for words in entry["says"]):
            missed.append(entry["turns"])
    assert not missed


@pytest.mark.parametrize("half", ["handoff", "handoff_second"])
def test_every_plea_for_a_human_is_heard(half: str) -> None:
    assert [text for text in labelled(half)["handoff"] if classify(text) is not Intent.HUMAN] == []


@pytest.mark.parametrize("half", ["handoff", "handoff_second"])
def test_ordinary_messages_hand_nothing_over(half: str) -> None:
    assert [text for text in labelled(half)["ordinary"] if classify(text) is Intent.HUMAN] == []
