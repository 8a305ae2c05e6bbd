import pytest

from oratio.agentkit.drills import KINDS, StagedDrill
from oratio.agentkit.scripts import Failing, ToolCaller
from oratio.domain.plan.agent_plan import Drill
from oratio.domain.plan.rehearsal import DRILL_TEXTS


def test_every_drill_of_a_plan_can_be_staged_with_its_words() -> None:
    assert set(KINDS) == set(Drill) == set(DRILL_TEXTS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_drill_replaces_the_model_or_the_search_and_never_both(kind: str) -> None:
    drill = StagedDrill(kind, "words")
    try:
        replaces_search = drill.passages() is not None
    except TimeoutError:
        replaces_search = True
    assert replaces_search is (drill.model() is None)


def test_scripts_and_planted_passage_are_those_of_the_drill() -> None:
    assert isinstance(StagedDrill("call_tools", "").model(), ToolCaller)
    assert isinstance(StagedDrill("model_error", "secret").model(), Failing)
    planted = StagedDrill("planted_instruction", "obey").passages()
    assert planted is not None
    assert [(passage["path"], passage["text"]) for passage in planted] == [("rehearsal.md", "obey")]
