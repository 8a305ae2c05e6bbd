# ruff: noqa: E501 - one table of samples

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from oratio.authoring.blocks import split_lines
from oratio.authoring.sop import ItemKind, Sop, parse_sop
from oratio.authoring.text import squash
from tests.unit.authoring.samples import SOPS, text_of

LINES = st.sampled_from(
    [
        "# Heading", "## Returns", "Title", "=====", "---", "", "", "- ask for the order number", "* check it", "1. Say \"hello there\"",
        "   - if it fails, transfer to an agent", "\t2) never promise", "| If | Then |", "|---|---|", "| late | apologise |",
        "> quoted", "```", "Wenn es brennt, verbinden Sie mit einem Mitarbeiter.", "日本語のテキスト。次の文。", "Q: may I?", "A: Yes. No!",
        "MUST NOT", "e.g. this. And that", "**Bold line**", "The caller's name, e-mail and phone number.", "\u202eevil\u200b", "🙂 smile.",
        "They should:", "Follow these steps:", "[x] done", "a" * 1500,
    ]
)  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=400),
    st.lists(st.one_of(LINES, st.text(max_size=60)), max_size=25).map("\n".join),
    st.lists(LINES, max_size=25).map("\r\n".join),
)


def assert_spans_hold(text: str, sop: Sop) -> None:
    lines = split_lines(text)
    for item in sop.items:
        assert 1 <= item.line_start <= item.line_end <= sop.lines == len(lines)
        claimed = squash("".join(lines[item.line_start - 1 : item.line_end]))
        assert squash(item.text) in claimed, (item.text, item.line_start, item.line_end)


@given(TEXTS)
@settings(max_examples=200, deadline=None)
def test_spans_cover_the_text_they_claim(text: str) -> None:
    assert_spans_hold(text, parse_sop(text))


@given(TEXTS)
@example("|0|\r-\r|0")  # a dash alone rules off no table
@settings(max_examples=200, deadline=None)
def test_every_line_with_words_lies_in_an_item(text: str) -> None:
    sop = parse_sop(text)
    covered = {line for item in sop.items for line in range(item.line_start, item.line_end + 1)}
    assert sop.content_lines <= covered


@pytest.mark.parametrize("name", SOPS)
def test_spans_hold_in_every_sample(name: str) -> None:
    text = text_of(name)
    assert_spans_hold(text, parse_sop(text))


@pytest.mark.parametrize(
    "text",
    ["a" * 100_000, "if " * 33_333, "'" * 100_000, "**" * 50_000, "[(" * 50_000, ">" * 100_000, "- x\n" * 25_000,
     "transfer " * 11_000, "is it? " * 14_000, "| a | b |\n" * 10_000, "\u200b\u202e" * 50_000, "„" * 100_000],
    ids=lambda text: repr(text[:6]),
)  # fmt: skip
def test_a_wall_of_anything_is_read_in_linear_time(text: str) -> None:
    half = text[: len(text) // 2]
    started = time.process_time()
    parse_sop(half)
    one = time.process_time() - started
    started = time.process_time()
    parse_sop(text)
    two = time.process_time() - started
    assert two < 4 * one + 0.5


def kinds(text: str) -> list[ItemKind]:
    return [item.kind for item in parse_sop(text).items]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Check the bill status.", ItemKind.ACTION),
        ("You should try your best before transferring the user to an agent.", ItemKind.ACTION),
        ("Ask for the order number.", ItemKind.ASK),
        ("The user must provide a payment method.", ItemKind.ASK),
        ("What is your date of birth?", ItemKind.ASK),
        ("You must not promise a refund.", ItemKind.PROHIBITION),
        ("Under no circumstances share a password.", ItemKind.PROHIBITION),
        ("Other reasons are not acceptable.", ItemKind.PROHIBITION),
        ("If the caller is angry, transfer the call to a supervisor.", ItemKind.HANDOFF),
        ("Escalate to technical support.", ItemKind.HANDOFF),
        ('Say "Thank you for holding the line."', ItemKind.SAY),
        ("Ask whether there is anything else you can do.", ItemKind.CLOSING),
        ("A line can be suspended.", ItemKind.INFORM),
        ("When a line is suspended, the user will not have service.", ItemKind.INFORM),
        ("Fragen Sie den Kunden nach der Rechnungsnummer, wenn Sie nicht weiter wissen.", ItemKind.ASK),
        ("Sie dürfen niemals Passwörter nennen, und das ist nicht verhandelbar mit dem Kunden.", ItemKind.PROHIBITION),
    ],
)
def test_a_sentence_is_told_for_what_it_is(text: str, kind: ItemKind) -> None:
    assert kinds(text) == [kind]


def test_a_quoted_message_is_not_cut_at_its_full_stop() -> None:
    items = parse_sop("Then send 'PLEASE WAIT. AN AGENT COMES.' to the user. Stay calm.").items
    assert [item.quotes for item in items] == [("PLEASE WAIT. AN AGENT COMES.",), ()]


def test_list_nesting_makes_sub_steps() -> None:
    items = parse_sop("- check the line\n    - if it is dead, reset it\n- close the ticket").items
    assert [item.parent for item in items] == [None, 0, None]


def test_a_table_headed_by_situations_gives_each_row_its_condition() -> None:
    items = parse_sop("| Situation | Do |\n|---|---|\n| parcel is late | apologise |").items
    assert [condition.text for item in items for condition in item.conditions] == ["parcel is late"]


def test_what_callers_do_is_not_what_the_agent_does() -> None:
    items = parse_sop("They should:\n- check their inbox").items
    assert [item.kind for item in items] == [ItemKind.INFORM, ItemKind.INFORM]


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    items = parse_sop("one\r\n\r\nthree\rfour\x0bstill four\u2028too").items
    assert [(item.line_start, item.line_end) for item in items] == [(1, 1), (3, 4)]
