"""What the log never shows."""

import logging

import pytest

from oratio.domain import api_keys
from oratio.logs import LineFormatter, redact

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
