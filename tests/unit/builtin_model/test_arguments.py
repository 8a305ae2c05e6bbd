from typing import Any

import pytest

from oratio.adapters.local.dialogue.following import arguments
from oratio.adapters.local.dialogue.procedures import Known
from oratio.domain.plan.agent_plan import PlanFact, PlanFactType, Source, SourceDocument


@pytest.mark.parametrize(
    ("schema", "value", "passed"),
    [
        ({"anyOf": [{"type": "string"}, {"type": "null"}], "description": "a phone number"}, "555 01", "555 01"),
        ({"type": "string", "description": "an integer, true or boolean"}, "12", "12"),
        ({"anyOf": [{"type": "number"}, {"type": "null"}]}, "2 GB", 2.0),
        ({"type": "integer"}, "3", 3),
        ({"type": "boolean"}, "yes", True),
    ],
)
def test_a_fact_is_passed_in_the_type_the_schema_names_whatever_its_description_says(
    schema: dict[str, Any], value: str, passed: object
) -> None:
    source = Source(document=SourceDocument.SOP, line_start=1, line_end=1)
    fact = PlanFact(name="phone", question="What is it?", type=PlanFactType.PHONE, source=source)
    assert arguments([Known(fact, value)], {"phone": schema}) == {"phone": passed}
