"""The published schemas are the code's, and the browser module keeps to them."""

import re
from pathlib import Path
from typing import Any

import pytest

from oratio.protocol.schemas import schemas, text_of

ROOT = Path(__file__).parents[3]
ASSETS = ROOT / "console/components/assets"
CALL = (ROOT / "src/oratio/web/call.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(schemas()))
def test_the_published_schema_is_the_codes(name: str) -> None:
    """Differs: `python -m oratio.protocol.schemas docs/schemas`, and is it still version 1?"""
    assert (ROOT / "docs/schemas" / name).read_text(encoding="utf-8") == text_of(schemas()[name])


def fields_by_type(side: str) -> dict[str, set[str]]:
    """The fields of each message that one side sends, in either protocol."""
    found: dict[str, set[str]] = {}
    for name in ("voice-1.json", "operator-1.json"):
        definitions: dict[str, Any] = schemas()[name]["$defs"][side]["$defs"]
        for message in definitions.values():
            kind = message.get("properties", {}).get("type", {})
            for value in kind.get("enum", [kind["const"]] if "const" in kind else []):
                found.setdefault(value, set()).update(message["properties"])
    return found


SENT, READ = fields_by_type("client"), fields_by_type("server")


def test_the_module_handles_messages_that_exist_and_reads_fields_that_they_have() -> None:
    body = CALL[CALL.index("switch (message.type)") : CALL.index("// --- sound")]
    cases = re.findall(r'((?:case "[\w.]+":\s*)+)(.*?)(?=case "|\Z)', body, re.DOTALL)
    handled = {kind for labels, _ in cases for kind in re.findall(r'"([\w.]+)"', labels)}
    assert len(handled) > 15
    assert handled <= READ.keys()
    for labels, code in cases:
        for kind in re.findall(r'"([\w.]+)"', labels):
            assert set(re.findall(r"message\.(\w+)", code)) <= READ[kind], kind


def test_the_module_sends_messages_that_exist_with_fields_that_they_have() -> None:
    code = re.sub(r"audio: \{[^}]*\}", "audio", CALL)
    sent = re.findall(r'this\.send\("([\w.]+)"(?:, \{([^}]*)\})?', code)
    assert {kind for kind, _ in sent} >= {"session.start", "operator.start", "playback", "ping", "input.text"}
    for kind, fields in sent:
        names = set(re.findall(r"(?:^|,)\s*(\w+)", fields.partition("...")[0]))
        assert names <= SENT[kind], kind


def test_the_elements_line_reads_fields_of_a_transcript() -> None:
    element = (ROOT / "src/oratio/web/element.js").read_text(encoding="utf-8")
    names = re.search(r"#line\(\{ ([\w, ]+) \}\)", element)
    assert names is not None
    assert set(names[1].split(", ")) <= READ["transcript.done"]


@pytest.mark.parametrize("name", ["voice_call.js", "take_over.js"])
def test_the_consoles_pages_send_and_handle_messages_that_exist(name: str) -> None:
    code = (ASSETS / name).read_text(encoding="utf-8")
    sent = set(re.findall(r'line\??\.send\("([\w.]+)"', code))
    sent |= set(re.findall(r'this\.send\(this\.\w+, this\.\w+, "([\w.]+)"', code))
    assert sent <= SENT.keys()
    assert set(re.findall(r'message\.type === "([\w.]+)"', code)) <= READ.keys()
