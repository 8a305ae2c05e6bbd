"""The flow's schema: what is published, and what a flow survives."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from oratio.domain.procedures.conditions import AllOf, Compare, Count, Elapsed, Judgement, Not, TimeOfDay
from oratio.domain.procedures.export import SCHEMA_FILE, flow_schema
from oratio.domain.procedures.facts import Fact, FactType
from oratio.domain.procedures.flow import Flow, LineFate, Procedure, Start, walk
from oratio.domain.procedures.steps import Ask, Branch, Decide, End, GoTo, HandOff, Tell

ROOT = Path(__file__).parents[3]


def _flow() -> Flow:
    amount = Compare(fact="amount", op="gt", value=5000, unit="EUR")
    late = AllOf(of=(TimeOfDay(start="22:00", end="06:00"), Not(of=Judgement(text="the caller sounds upset"))))
    recent = Elapsed(fact="sent_on", op="lt", amount=5, unit="working_days")
    tries = Count(of="step", target="step_1", op="ge", value=2)
    body = (
        Ask(id="s1", label="step_1", lines=(1,), fact="amount"),
        Decide(
            id="s2",
            lines=(2,),
            branches=(
                Branch(condition=amount, steps=(GoTo(id="s3", lines=(2,), target="step_1", at_most=2),)),
                Branch(condition=late, steps=(HandOff(id="s4", lines=(2,), reason="late"),)),
                Branch(condition=recent, steps=(Tell(id="s5", lines=(3,), text="wait", form="request"),)),
            ),
            otherwise=(End(id="s6", lines=(4,), condition=tries),),
        ),
    )
    return Flow(
        title="Loans",
        language="en",
        languages=("en",),
        procedures=(Procedure(id="loans", title="Loans", role="only", start=Start(text="a loan"), body=body),),
        facts=(Fact(name="amount", label="amount", type=FactType.AMOUNT, currency="EUR"),),
        fates=(LineFate(line=1, fate="executed", refs=("s1",)),),
    )


def test_the_published_schema_is_the_one_of_the_code() -> None:
    assert (ROOT / SCHEMA_FILE).read_text(encoding="utf-8") == flow_schema()


def test_a_flow_comes_back_from_json_as_it_was() -> None:
    flow = _flow()

    assert Flow.model_validate_json(flow.model_dump_json()) == flow


def test_walk_yields_nested_steps_in_order() -> None:
    assert [step.id for step in walk(_flow().procedures[0].body)] == ["s1", "s2", "s3", "s4", "s5", "s6"]


def test_an_unknown_field_or_another_schema_is_refused() -> None:
    with pytest.raises(ValidationError):
        Flow.model_validate({**_flow().model_dump(), "schemaVersion": 1})
    with pytest.raises(ValidationError):
        Ask.model_validate({"id": "s1", "lines": [1], "fact": "amount", "colour": "red"})
