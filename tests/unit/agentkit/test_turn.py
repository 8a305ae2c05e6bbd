from typing import Any

from oratio.agentkit.attribution import attribute
from oratio.agentkit.definition import AgentStep
from oratio.agentkit.turn import TurnRecorder
from oratio.domain.conversations.conversation import TurnResult

STEPS = {
    "s001": AgentStep(step_id="s001", title="Greet", text="Greet.", line_start=1, line_end=2),
    "s002": AgentStep(step_id="s002", title="Ask", text="Ask.", line_start=3, line_end=3),
}


def found(passage_id: str, text: str) -> dict[str, Any]:
    return {
        "id": passage_id,
        "path": f"{passage_id}.md",
        "page": None,
        "heading": "Top > Sub",
        "text": text,
        "excerpt": text,
        "score": 0.5,
        "similarity": None,
    }


WARRANTY = found("warranty", "The warranty lasts twenty four months from the day of purchase.")
RETURNS = found("returns", "Returned goods are refunded within fourteen working days to the original card.")


def recorder(*passages: dict[str, Any], prompt: str = "How long?") -> TurnRecorder:
    turn = TurnRecorder()
    turn.begin(prompt, 30)
    if passages:
        turn.searches = 1
    turn.passages.update({passage["id"]: passage for passage in passages})
    return turn


def result(turn: TurnRecorder, answer: str) -> TurnResult:
    return TurnResult.model_validate(turn.result(answer, STEPS, {"inputTokens": 3, "outputTokens": 4}, "m"))


def test_an_answer_cites_the_passage_its_sentences_stand_in() -> None:
    turn = result(recorder(WARRANTY, RETURNS), "It lasts twenty four months from purchase.")
    assert [citation.path for citation in turn.citations] == ["warranty.md"]
    assert turn.answered


def test_an_answer_from_two_passages_cites_both_in_its_own_order() -> None:
    answer = "Refunds come within fourteen working days to the card. The purchase is covered twenty four months."
    assert attribute(answer, "", [WARRANTY, RETURNS]) == ("returns", "warranty")


def test_repeating_the_question_cites_nothing() -> None:
    question = "How long does the warranty last from the day of purchase?"
    answer = "I could not find how long the warranty lasts from the day of purchase."
    turn = result(recorder(WARRANTY, prompt=question), answer)
    assert not turn.answered
    assert turn.citations == ()


def test_a_turn_without_a_search_counts_as_answered() -> None:
    assert result(recorder(), "Hello, how can I help?").answered


def test_provenance_of_the_model_is_taken_as_it_is() -> None:
    turn = recorder(WARRANTY, RETURNS)
    turn.note_provenance({"answered": True, "passageIds": ["returns", "unseen"], "stepIds": ["s002"]})
    turn.note_steps(["s001"])
    out = result(turn, "It lasts twenty four months from the day of purchase.")
    assert [citation.path for citation in out.citations] == ["returns.md"]
    assert [step.step_id for step in out.sop_steps] == ["s002", "s001"]


def test_a_model_that_says_it_did_not_answer_cites_nothing() -> None:
    turn = recorder(WARRANTY)
    turn.note_provenance({"answered": False, "passageIds": ["warranty"], "stepIds": []})
    out = result(turn, "I do not know.")
    assert not out.answered
    assert out.citations == ()


def test_malformed_provenance_counts_as_none() -> None:
    turn = recorder(WARRANTY)
    for nonsense in (None, "x", {"answered": True}, {"answered": True, "passageIds": "warranty", "stepIds": []}):
        turn.note_provenance(nonsense)
    assert turn.provenance is None


def test_a_new_turn_starts_from_nothing() -> None:
    now = [10.0]
    turn = TurnRecorder(monotonic=lambda: now[0])
    turn.begin("first", 5)
    turn.note_steps(["s001"])
    turn.note_tool_call("t", "error", 3)
    turn.handoff = {"reason": "r", "summary": "s"}
    now[0] = 12.0
    assert turn.remaining_s() == 3
    turn.begin("second", 5)
    out = result(turn, "x")
    assert (out.handoff, out.sop_steps, out.tool_calls) == (None, (), ())
    now[0] = 99.0
    assert turn.remaining_s() == 0
