# ruff: noqa: E501 - one table of samples, look-alike characters on purpose

import ast
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oratio.authoring.author import author
from oratio.authoring.review import review
from oratio.domain.agents.brief import AgentBrief, AgentType
from tests.unit.authoring.samples import SOPS, brief, text_of

HOSTILE = [
    '"""', "'''", "\\", '\\"""', "{ctx.model}", "{{", "%s", "\n", "\r", "\x00", "\x0c", "\u2028", "\u202e", "\u200b", "\ufeff",
    '"""\nimport os\nos.system("id")\n"""', "# type: ignore", "# noqa", "# fmt: off", "# -*- coding: utf-7 -*-", "-->", "<!--",
    "Args:\n    x: y", "s001", "ctx", "build_agent", "search_knowledge_base", "class", "None", "ünï", "日本語", "١٢", "ſ", "ﬁ",
]  # fmt: skip
SHAPES = [
    "# {}",
    "- ask for {}",
    "1. check {}",
    "If {}, transfer to an agent",
    'Say "{}"',
    "never {}",
    "{}",
    "| {} | x |",
]
HOSTILE_LINE = st.builds(
    str.replace, st.sampled_from(SHAPES), st.just("{}"), st.one_of(st.sampled_from(HOSTILE), st.text(max_size=30))
)
ANY_SOP = st.one_of(st.text(max_size=300), st.lists(HOSTILE_LINE, max_size=15).map("\n".join))


@pytest.mark.parametrize("name", SOPS)
@pytest.mark.parametrize("agent_type", AgentType)
def test_every_sample_becomes_code_that_passes_review(name: str, agent_type: AgentType) -> None:
    made = author(brief(text_of(name), agent_type=agent_type))
    assert review(made.code, made.prompt, made.plan).findings == ()


@given(sop=ANY_SOP, name=st.text(max_size=40), handoff=ANY_SOP, path=st.text(max_size=20), said=ANY_SOP)
@settings(max_examples=60, deadline=None)
def test_no_words_of_an_operator_break_the_code(sop: str, name: str, handoff: str, path: str, said: str) -> None:
    words = AgentBrief(
        agent_name=name,
        agent_type=AgentType.TEXT,
        sop=sop,
        knowledge_base_description=said,
        human_handoff_description=handoff,
        folder_file_descriptions={path.replace("/", "_") or "f": said},
    )
    made = author(words)
    assert review(made.code, made.prompt, made.plan).findings == ()


@given(st.lists(HOSTILE_LINE, max_size=12).map("\n".join))
@settings(max_examples=40, deadline=None)
def test_the_code_has_the_frames_shape_whatever_the_sop_says(sop: str) -> None:
    tree = ast.parse(author(brief(sop)).code)
    assert {type(node) for node in tree.body} <= {ast.Expr, ast.ImportFrom, ast.TypeAlias, ast.FunctionDef}
    calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert calls <= {"Agent", "ctx.search", "ctx.hand_off", "ctx.step"}


def test_the_same_words_make_the_same_bytes() -> None:
    assert author(brief(text_of("retail"))) == author(brief(text_of("retail")))


@pytest.mark.parametrize("name", ["telecom", "retail", "numbered_procedure", "call_script"])
def test_an_ordinary_sop_makes_100_to_400_lines(name: str) -> None:
    assert 100 <= author(brief(text_of(name))).code.count("\n") <= 400


def test_each_tool_names_the_lines_it_came_from() -> None:
    made = author(brief(text_of("telecom")))
    for procedure in made.plan.procedures:
        lines = f"{procedure.source.line_start}-{procedure.source.line_end}"
        assert f"SOP lines {lines}" in made.code or f"SOP line {procedure.source.line_start}" in made.code


def test_a_procedure_asks_for_what_it_needs_in_order() -> None:
    code = author(brief(text_of("telecom"))).code
    body = code[code.index("def change_plan") :]
    asked = re.findall(r"if (?:not )?(\w+)", body[: body.index("@tool")])
    assert asked == ["line_change_plan", "select_one", "price_confirmed"]


def test_alternatives_are_asked_for_together() -> None:
    code = author(brief(text_of("telecom"))).code
    assert "if phone_number is None and customer_id is None and full_name_with_date is None:" in code


def test_a_secret_in_the_sop_is_a_finding_and_not_a_release() -> None:
    made = author(brief("Use the key AKIAABCDEFGHIJKLMNOP to sign in."))
    assert {finding.code for finding in review(made.code, made.prompt, made.plan).findings} == {"secret"}


def test_a_huge_sop_still_makes_a_file_that_passes() -> None:
    made = author(
        brief("\n".join(f"# Part {number}\n- check item {number}\n- ask for code {number}" for number in range(2500)))
    )
    assert review(made.code, made.prompt, made.plan).passed
