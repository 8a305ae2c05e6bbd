"""The console's pure parts: trees of paths, drafts, differences, words."""

from pathlib import Path

import pytest

from console import tree, wording
from console.components.tree_editor import known_edits
from console.diff import coverage, unified
from console.drafts import Drafts
from oratio.errors import InvalidInput, NotFound

FILES = {"b.md": 1, "a/z.md": 2000, "a/c/d.pdf": 3_000_000}


def test_tree_shows_folders_before_their_files_and_parents_first() -> None:
    assert [path for path, _ in tree.rows(FILES)] == ["/", "a/", "a/c/", "a/c/d.pdf", "a/z.md", "b.md"]
    assert dict(tree.rows(FILES))["a/c/d.pdf"] == "3.0 MB"


def test_every_row_comes_after_its_folder() -> None:
    paths = [path for path, _ in tree.rows(dict.fromkeys(["A/b", "a/B", "a.md", "a b/c", "Z", "a/b/c/d/e"], 0))]
    for path in paths[1:]:
        parent = path.rstrip("/").rpartition("/")[0]
        assert paths.index(f"{parent}/" if parent else "/") < paths.index(path)


def test_signature_changes_with_the_set_of_paths_only() -> None:
    assert tree.signature(["a", "b"]) == tree.signature(["b", "a"])
    assert tree.signature(["a", "b"]) != tree.signature(["a", "c"])


def test_export_and_import_are_inverse() -> None:
    texts = {"a/": "folder", "a/c/d.pdf": "a “file”", "b.md": "b"}
    assert tree.import_json(tree.export_json(texts), FILES) == (texts, [])


def test_import_tells_what_matches_no_file_and_what_is_no_json() -> None:
    assert tree.import_json('{"gone.md": "x", "b.md": "y"}', FILES) == ({"b.md": "y"}, ["gone.md"])
    with pytest.raises(InvalidInput):
        tree.import_json("[1]", FILES)


def test_pasted_table_is_read_by_tab_or_bar() -> None:
    assert tree.from_table("b.md\tfirst | text\n./a/z.md | second\nnonsense\nx.md\tz", FILES) == (
        {"b.md": "first | text", "a/z.md": "second"},
        ["x.md"],
    )


@pytest.mark.parametrize(
    ("text", "first"),
    [("\n\n# Prices #\n", "Prices"), ("---\n", ""), ("", ""), ("x" * 200, "x" * 149 + "…")],
)
def test_suggestion_is_the_first_line_that_says_something(text: str, first: str) -> None:
    assert tree.beginning(text) == first


def test_edits_of_unknown_paths_are_dropped_and_long_ones_cut() -> None:
    assert known_edits({"b.md": "x" * 5000, "nope": "y", "a/": "z"}, FILES) == {"b.md": "x" * 2000, "a/": "z"}
    assert known_edits(None, FILES) == {}


def test_draft_fields_are_saved_one_by_one(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    one = drafts.start("t").draft_id
    drafts.update("t", one, agent_name="A")
    drafts.update("t", one, sop="B")
    drafts.describe("t", one, {"x": "1", "y": "2"})
    drafts.describe("t", one, {"x": " "})
    draft = Drafts(tmp_path).get("t", one)
    assert (draft.agent_name, draft.sop, draft.descriptions) == ("A", "B", {"y": "2"})


def test_draft_of_another_tenant_is_not_there(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    one = drafts.start("t").draft_id
    for tenant, draft_id in (("u", one), ("t", "../x"), ("t", ""), ("t", "0" * 40)):
        with pytest.raises(NotFound):
            drafts.get(tenant, draft_id)
    assert drafts.newest("u") is None


def test_newest_draft_is_of_the_agent_asked_for(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    new, version = drafts.start("t"), drafts.start("t", agent_id="a")
    assert drafts.newest("t") == new
    assert drafts.newest("t", "a") == version


def test_empty_folders_go_with_their_last_file(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    one = drafts.start("t").draft_id
    for path in ("a/b/c.md", "a/d.md"):
        place = drafts.place("t", one, path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("x")
    drafts.remove("t", one, ["a/b/c.md"])
    assert list(drafts.files("t", one)) == ["a/d.md"]
    assert not drafts.place("t", one, "a/b").exists()


def test_difference_names_both_sides_and_is_empty_for_the_same() -> None:
    assert unified("a\nb", "a\nc", ("one", "two")).splitlines()[:2] == ["--- one", "+++ two"]
    assert unified("a", "a", ("one", "two")) == ""


def test_coverage_tells_for_each_line_what_came_of_it() -> None:
    plan = {
        "steps": [{"stepId": "s001", "source": {"document": "sop", "lineStart": 1, "lineEnd": 2}}],
        "guardrails": [{"kind": "must_not", "source": {"document": "sop", "lineStart": 2, "lineEnd": 2}}],
        "handoff": {"triggers": [{"source": {"document": "human_handoff_description", "lineStart": 1, "lineEnd": 1}}]},
    }
    assert [line.uses for line in coverage("a\nb\nc", plan)] == [("step s001",), ("step s001", "never"), ()]


@pytest.mark.parametrize(
    ("ms", "words"),
    [(12, "12 ms"), (1234, "1.2 s"), (59_900, "60 s"), (95_000, "1 min 35 s"), (3_600_000 * 3, "3 h 0 min"),
     (86_400_000 * 5, "5 days")],
)  # fmt: skip
def test_durations_are_said_in_their_largest_units(ms: int, words: str) -> None:
    assert wording.duration(ms) == words


def test_text_of_callers_cannot_speak_markdown() -> None:
    assert wording.plain("[x](y) :material/key: $a$ <b>") == ("\\[x\\]\\(y\\) \\:material/key\\: \\$a\\$ \\<b\\>")
