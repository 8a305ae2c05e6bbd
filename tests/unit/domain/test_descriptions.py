import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oratio.domain.knowledge.descriptions import Descriptions, chain, edit, flatten, nest, parse, unmatched

SEED = {"products": {"": "Everything we sell", "catalog.pdf": "Product catalog"}, "faq.txt": "Common questions"}


def test_flatten_gives_files_and_folders_with_a_slash() -> None:
    tree, problems = parse(json.dumps(SEED))
    assert not problems
    assert flatten(tree) == {
        "products/": "Everything we sell",
        "products/catalog.pdf": "Product catalog",
        "faq.txt": "Common questions",
    }


def test_chain_speaks_of_the_file_first_and_its_folders_after() -> None:
    tree: Descriptions = {"": "All", "a": {"": "A", "b": {"": "B", "f.md": "F"}}}
    assert chain(tree, "a/b/f.md") == ["F", "B", "A", "All"]
    assert chain(tree, "x.md") == ["All"]


def test_edit_by_path_sets_and_removes_without_touching_the_original() -> None:
    tree, _ = parse(json.dumps(SEED))
    edited = edit(edit(tree, "products/catalog.pdf", None), "docs/new/", "New folder")
    assert flatten(edited) == {
        "products/": "Everything we sell",
        "docs/new/": "New folder",
        "faq.txt": "Common questions",
    }
    assert tree == SEED
    assert edit({"a": {"b.md": "x"}}, "a/b.md", None) == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not JSON"),
        ("[]", "must be a JSON object"),
        ('{"a": 1}', "must be a string"),
        ('{"a": {"": {}}}', "folder's own text"),
        ('{"a/b.md": "x"}', "nest an object"),
        ('{"a": "x", "a": "y"}', "occurs twice"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_a_bad_field_is_refused_in_words(text: str, said: str) -> None:
    tree, problems = parse(text)
    assert tree == {}
    assert said in problems[0].msg


def test_unmatched_names_each_description_without_a_file_or_folder() -> None:
    tree, _ = parse(json.dumps({**SEED, "gone.md": "x", "nowhere": {"": "y"}, "": "the whole"}))
    wrong = unmatched(tree, ["products/catalog.pdf", "faq.txt"])
    assert [problem.loc[1] for problem in wrong] == ["gone.md", "nowhere/"]


def test_names_are_compared_after_normalisation() -> None:
    tree, _ = parse(json.dumps({"cafe\u0301.md": "decomposed"}))
    assert unmatched(tree, ["caf\u00e9.md"]) == []


_names = st.text("ab.é ", min_size=1, max_size=4)
_texts = st.text("xyz", min_size=1, max_size=3)


def _trees(depth: int) -> st.SearchStrategy[Descriptions]:
    values: st.SearchStrategy[str | Descriptions] = _texts if depth == 0 else st.one_of(_texts, _trees(depth - 1))
    return st.dictionaries(_names, values, max_size=4)


@given(_trees(3))
def test_nest_is_the_inverse_of_flatten_but_for_empty_folders(tree: Descriptions) -> None:
    assert flatten(nest(flatten(tree))) == flatten(tree)
