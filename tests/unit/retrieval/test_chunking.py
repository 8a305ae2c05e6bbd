from hypothesis import given
from hypothesis import strategies as st

from oratio.retrieval.chunking import MAX_UNIT_WORDS, MAX_WORDS, TARGET_WORDS, chunks
from oratio.retrieval.parsing.blocks import Block, BlockKind
from oratio.text.sentences import sentences


def test_a_long_section_is_cut_evenly_between_sentences() -> None:
    text = " ".join(f"Sentence number {n} tells something about lamp {n}." for n in range(60))
    found = chunks([Block(text, BlockKind.PROSE, ("Lamps",), 3)])
    sizes = [len(chunk.text.split()) for chunk in found]
    assert max(sizes) <= MAX_WORDS
    assert max(sizes) - min(sizes) < TARGET_WORDS / 2
    assert all(chunk.text.startswith("Sentence") and chunk.text.endswith(".") for chunk in found)
    assert {(chunk.heading, chunk.page) for chunk in found} == {("Lamps", 3)}


def test_short_sections_of_one_parent_join_and_keep_their_headings() -> None:
    blocks = [Block(f"Colour {n}.", BlockKind.PROSE, ("Lamps", f"Part {n}")) for n in range(3)]
    (only,) = chunks(blocks)
    assert only.heading == "Lamps"
    assert only.text == "Part 0:\nColour 0.\nPart 1:\nColour 1.\nPart 2:\nColour 2."


def test_a_row_is_never_cut_from_its_header() -> None:
    rows = [
        Block(f"Name: Plan {n}; Price: {n}; Note: for people who want number {n}", BlockKind.ROWS) for n in range(80)
    ]
    for chunk in chunks(rows):
        assert all(line.startswith("Name: Plan") for line in chunk.text.split("\n"))


def test_what_introduces_a_list_stays_with_it() -> None:
    filler = " ".join(["word"] * 59) + "."
    intro = Block("You need the following:", BlockKind.PROSE)
    found = chunks(
        [
            Block(filler, BlockKind.PROSE),
            Block(filler, BlockKind.PROSE),
            intro,
            Block("- a lamp\n- a bulb", BlockKind.LINES),
        ]
    )
    assert not any(chunk.text.endswith("following:") for chunk in found)


def test_sentences_are_verbatim_and_know_abbreviations() -> None:
    assert sentences("Use e.g. Word. Then save it! Is it 3.5 MB? (Yes.)") == [
        "Use e.g. Word.",
        "Then save it!",
        "Is it 3.5 MB?",
        "(Yes.)",
    ]


@given(st.lists(st.tuples(st.text(max_size=3_000), st.sampled_from(BlockKind)), max_size=6))
def test_no_word_is_lost_and_no_chunk_is_too_long(parts: list[tuple[str, BlockKind]]) -> None:
    blocks = [Block(text, kind, ("H",)) for text, kind in parts]
    found = chunks(blocks)
    glued = "".join("".join(chunk.text.split()) for chunk in found)
    assert glued == "".join("".join(text.split()) for text, _ in parts)
    assert all(len(chunk.text.split()) <= max(MAX_WORDS, MAX_UNIT_WORDS) for chunk in found)
