import json

from oratio.domain.knowledge.metadata_file import MAX_VALUE_CHARS, description_of, sidecar


def test_a_sidecar_is_in_the_long_form_with_only_the_description_embedded() -> None:
    attributes = json.loads(sidecar("ada", "a1", "products/cat.pdf", ["Catalogue", "All we sell"]))[
        "metadataAttributes"
    ]
    assert attributes["description"] == {
        "value": {"type": "STRING", "stringValue": "Catalogue\nAll we sell"},
        "includeForEmbedding": True,
    }
    plain = {
        name: entry["value"]["stringValue"] for name, entry in attributes.items() if not entry["includeForEmbedding"]
    }
    assert plain == {"userId": "ada", "agentId": "a1", "path": "products/cat.pdf", "folder": "products"}


def test_empty_values_are_left_out() -> None:
    attributes = json.loads(sidecar("ada", "a1", "cat.pdf", ["", " "]))["metadataAttributes"]
    assert set(attributes) == {"userId", "agentId", "path"}


def test_the_description_comes_back() -> None:
    assert description_of(sidecar("ada", "a1", "x", ["Größe", "二"])) == "Größe\n二"


def test_long_descriptions_are_cut_at_their_end_within_the_limits() -> None:
    for text in ("x" * 9_000, "二" * 9_000, "👋" * 9_000):
        data = sidecar("ada", "a1", "x", ["near", text])
        assert len(data) <= 10_000
        assert len(description_of(data)) <= MAX_VALUE_CHARS
        assert description_of(data).startswith("near\n")


def test_what_is_no_sidecar_has_no_description() -> None:
    for data in (b"", b"[]", b"{}", b'{"metadataAttributes": {"description": {"value": 3}}}', b"\xff"):
        assert description_of(data) == ""
