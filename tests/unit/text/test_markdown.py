"""Markdown as a reader sees it, with the lines of each element."""

import time

import pytest

from oratio.retrieval.parsing.blocks import Block, BlockKind
from oratio.retrieval.parsing.documents import parse
from oratio.text.markdown import elements, plain


@pytest.mark.parametrize(
    ("marked", "seen"),
    [
        ("**Verify:** x *y* _z_ ***a***", "Verify: x y z a"),
        ("Call __init__ and check_status_bar, 2*3*4", "Call __init__ and check_status_bar, 2*3*4"),
        ("dial *100*5# now", "dial *100*5# now"),
        ("`**kwargs` and [a](b) and ![c](d)", "**kwargs and a and c"),
        (r"\*not\* &amp; ~~gone~~", "*not* & gone"),
        ("<br>the <order number> <b>x</b>", " the <order number>  x "),
        ("one **two**\nthree", "one two three"),
    ],
)
def test_marks_go_and_signs_stay(marked: str, seen: str) -> None:
    assert plain(marked) == seen


def test_elements_keep_their_lines_and_nesting() -> None:
    text = "# A\ntext\nwraps\n\n- one\n  1. in\n\n     again\n- two\n\n```\ncode\n```\n\n"
    text += "| a | b |\n|---|---|\n| c | d\\|e |\n"
    found = [(one.kind, one.text, one.start, one.end, one.level, one.marker) for one in elements(text)]
    assert found == [
        ("heading", "A", 1, 1, 1, ""),
        ("text", "text\nwraps", 2, 3, 0, ""),
        ("item", "one", 5, 5, 1, "-"),
        ("item", "in", 6, 6, 2, "1."),
        ("text", "again", 8, 8, 2, ""),
        ("item", "two", 9, 9, 1, "-"),
        ("code", "code", 11, 13, 0, ""),
        ("table", "", 15, 17, 0, ""),
    ]
    assert [one.rows for one in elements(text)][-1] == (("a", "b"), ("c", "d|e"))


def test_front_matter_and_comments_are_no_headings_and_move_no_line() -> None:
    found = list(elements("---\ntitle: x\n---\n<!-- a\nb -->\n# A\n"))
    assert [(one.kind, one.text, one.start) for one in found] == [("code", "title: x", 2), ("heading", "A", 6)]


def test_a_documents_nested_list_is_one_block_with_its_indents() -> None:
    source = "- one\n\n  more of one\n\n    1. inner\n- two\n\n[named][x]\n\n[x]: http://a\n"
    assert parse(source.encode(), "a.md", "text/markdown").blocks == [
        Block("- one\n  more of one\n  1. inner\n- two", BlockKind.LINES),
        Block("named", BlockKind.PROSE),
    ]


@pytest.mark.parametrize("hostile", ["*a* ", "[", "`", "<", "__a__ ", "*a **b ", "![[](", "<!--", "> ", "- "])
def test_hostile_text_is_read_in_little_time(hostile: str) -> None:
    started = time.process_time()
    list(elements(hostile * 5_000))
    assert time.process_time() - started < 5
