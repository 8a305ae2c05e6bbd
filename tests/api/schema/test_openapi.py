"""The OpenAPI document is valid and shows an example, itself valid, of every body."""

from collections.abc import Iterator
from typing import Any

import pytest

from oratio.api.schema import examples
from oratio.protocol import http
from tests.api.conftest import World

schemathesis = pytest.importorskip("schemathesis", reason="a development dependency that is not installed")
jsonschema_rs = pytest.importorskip("jsonschema_rs", reason="comes with schemathesis")
# Nobody can read a recording in a document.
_BYTES = {"audio/wav"}


@pytest.fixture
def document(world: World) -> dict[str, Any]:
    return world.app.routes.openapi()


def bodies(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every body of the document with the name of its place."""
    for path, methods in document["paths"].items():
        for method, call in methods.items():
            for place, body in [("request", call.get("requestBody", {})), *call["responses"].items()]:
                for kind, media in body.get("content", {}).items():
                    if kind not in _BYTES:
                        yield f"{method.upper()} {path} {place} {kind}", media


def example_of(document: dict[str, Any], media: dict[str, Any]) -> Any:
    for shown in media.get("examples", {}).values():
        return document["components"]["examples"][shown["$ref"].rpartition("/")[2]]["value"]
    return media.get("example")


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    schemathesis.openapi.from_dict(document).validate()


def test_every_body_has_an_example_and_it_fits_its_schema(document: dict[str, Any]) -> None:
    wrong = {}
    for place, media in bodies(document):
        example = example_of(document, media)
        schema = {**media.get("schema", {}), "components": document["components"]}
        found = "no example" if example is None else [str(e) for e in jsonschema_rs.iter_errors(schema, example)]
        if found:
            wrong[place] = found
    assert wrong == {}


def test_every_call_without_a_body_is_one_that_needs_none(document: dict[str, Any]) -> None:
    empty = {
        f"{method.upper()} {path} {status}"
        for path, methods in document["paths"].items()
        for method, call in methods.items()
        for status, answer in call["responses"].items()
        if "content" not in answer
    }
    assert all(place.endswith(" 204") for place in empty), empty


@pytest.mark.parametrize("name", sorted(examples.BODIES))
def test_an_example_is_whole_and_says_nothing_that_is_not_in_the_contract(name: str) -> None:
    example = examples.BODIES[name]
    model = getattr(http, name)

    read = model.model_validate(example).model_dump(mode="json", by_alias=True)

    assert set(example) == set(read)


def test_a_call_tells_only_the_good_answer_it_gives(document: dict[str, Any]) -> None:
    good = {
        f"{method.upper()} {path}": [status for status in call["responses"] if status < "300"]
        for path, methods in document["paths"].items()
        for method, call in methods.items()
    }
    assert {call: statuses for call, statuses in good.items() if len(statuses) != 1} == {}
    assert good["POST /api/agents"] == ["202"]
