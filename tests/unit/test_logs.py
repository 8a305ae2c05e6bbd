"""What the log never shows."""

import json
import logging

import pytest

from oratio.domain import api_keys
from oratio.logs import JsonFormatter, LineFormatter, bound, redact

_, KEY = api_keys.compose(bytes(range(48)))
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJlLXNpZ25hdHVyZQ"
AWS = "AKIAIOSFODNN7EXAMPLE"
SECRETS = (KEY, JWT, AWS)


def record(message: str, *args: object, error: BaseException | None = None) -> logging.LogRecord:
    info = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord("oratio.test", logging.INFO, "file.py", 1, message, args, info)


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize(
    "shape", ["{}", "key=<{}>", "'{}'", "Authorization: Bearer {}", "x-api-key={}", '{{"k":"{}"}}']
)
def test_no_secret_is_in_a_line(secret: str, shape: str) -> None:
    line = LineFormatter("api").format(record("call | %s", shape.format(secret)))
    assert secret not in line
    assert secret[12:] not in line


@pytest.mark.parametrize(
    "text",
    [
        "authorization=hunter2hunter2",
        "Authorization: Basic aHVudGVyMg==",
        '"password": "hunter2"',
        "aws_secret_access_key=wJalrXUtnFEMIhunter2",
        "GET /v1?ticket=hunter2abc",
        "protocols: oratio.v1, bearer.hunter2hunter2",
    ],
)
def test_values_of_secret_fields_are_hidden(text: str) -> None:
    assert "hunter2" not in redact(text)
    assert "aHVudGVyMg" not in redact(text)


def test_a_traceback_is_redacted_and_stays_on_its_line() -> None:
    try:
        raise ValueError(f"bad key {KEY}")
    except ValueError as error:
        line = LineFormatter("api").format(record("| failed", error=error))
    assert KEY not in line
    assert "ValueError" in line
    assert "\n" not in line


def test_a_message_cannot_forge_a_second_line() -> None:
    line = LineFormatter("api").format(record("path=<%s> | asked", "/a\r\n2026-01-01 INFO forged\x1b[2J"))
    assert "\n" not in line
    assert "\x1b" not in line


def test_ordinary_lines_are_left_alone() -> None:
    text = "agent_id=<5b3f> version=<2> step=<ingest_folder> | step succeeded"
    assert redact(text) == text
    line = LineFormatter("flows").format(record("agent_id=<%s> | ingestion started", "a1"))
    assert line.endswith("INFO flows oratio.test agent_id=<a1> | ingestion started")


def test_a_json_record_has_its_ids_as_fields() -> None:
    message = record("agent_id=<%s> version=<%d> | step succeeded", "a1", 2)
    with bound(conversation_id="c9", agent_id="other"):
        value = json.loads(JsonFormatter("flows").format(message))
    assert (value["service"], value["level"], value["message"]) == ("flows", "INFO", "step succeeded")
    assert (value["agent_id"], value["version"], value["conversation_id"]) == ("a1", "2", "c9")


@pytest.mark.parametrize("secret", SECRETS)
def test_no_secret_is_in_a_json_record(secret: str) -> None:
    try:
        raise ValueError(f"token={secret}")
    except ValueError as error:
        text = JsonFormatter("api").format(record("key=<%s> | call with token=%s\nnext", secret, secret, error=error))
    assert secret not in text
    assert "\n" not in text
    assert "ValueError" in json.loads(text)["exception"]


def test_bound_ids_end_with_their_block() -> None:
    with bound(agent_id="a1"):
        pass
    assert "agent_id" not in json.loads(JsonFormatter("api").format(record("later")))
