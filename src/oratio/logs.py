"""Logging of every process: one line a record on stderr, secrets removed after formatting."""

import json
import logging
import re
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType, TracebackType
from typing import Literal

from oratio import tracing

_HIDDEN = "[hidden]"
_PATTERNS = (
    (re.compile(r"orat_(live|test)_[0-9A-Za-z]+"), rf"orat_\1_{_HIDDEN}"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?"), _HIDDEN),
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"), _HIDDEN),
    (
        # A name that holds a secret, an optional quote, `=` or `:`, an optional scheme, then the secret itself.
        re.compile(
            r"""(?ix) \b(authorization | x-api-key | x-amz-security-token | (?:aws_)?secret_?access_?key
            | (?:aws_)?session_?token | password | passwd | api_?key | secret | ticket | token) ["']? \s* [=:] \s* ["']?
            <? (?:(?:bearer|basic)\s+)? [^\s"',;&}>]+"""
        ),
        rf"\1={_HIDDEN}",
    ),
    (re.compile(r"(?i)\bbearer\s+[A-Za-z0-9._~+/=-]{8,}"), f"Bearer {_HIDDEN}"),
    (re.compile(r"(?i)\b(bearer|oratio\.ticket)\.[A-Za-z0-9._~+/=-]{8,}"), rf"\1.{_HIDDEN}"),
)
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), 127)} | {9: "\t", 10: "\\n", 13: "\\r"}
_QUIET = ("httpx", "httpcore", "python_multipart", "botocore", "urllib3", "watchdog")
# `agent_id=<a1> version=<2> | what happened`: the form of our own records.
_FIELD = re.compile(r"([a-z_]+)=<([^>]*)>")
_NO_FIELDS: Mapping[str, str] = MappingProxyType({})
_bound: ContextVar[Mapping[str, str]] = ContextVar("oratio_log_fields", default=_NO_FIELDS)


@contextmanager
def bound(**fields: object) -> Iterator[None]:
    """Put ids on every JSON record that is logged inside, in this task and those it starts."""
    token = _bound.set({**_bound.get(), **{name: str(value) for name, value in fields.items()}})
    try:
        yield
    finally:
        _bound.reset(token)


def redact(text: str) -> str:
    """Return the text without API keys, JWTs, AWS keys, tickets and values of authorization fields."""
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


class LineFormatter(logging.Formatter):
    """Formatter of lines for people: time, level, service, logger, message, with a traceback on the same line."""

    converter = staticmethod(time.gmtime)

    def __init__(self, service: str) -> None:
        super().__init__(f"%(asctime)s.%(msecs)03dZ %(levelname)s {service} %(name)s %(message)s", "%Y-%m-%dT%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record)).translate(_CONTROLS)


class JsonFormatter(logging.Formatter):
    """Formatter of JSON lines: `time, level, service, logger, message`, the ids of a record, its trace and span."""

    converter = staticmethod(time.gmtime)

    def __init__(self, service: str) -> None:
        super().__init__(datefmt="%Y-%m-%dT%H:%M:%S")
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        text = record.getMessage()
        fields, bar, words = text.partition("| ")
        value: dict[str, str] = {
            "time": f"{self.formatTime(record, self.datefmt)}.{int(record.msecs):03d}Z",
            "level": record.levelname,
            "service": self._service,
            "logger": record.name,
            "message": redact(words if bar else text),
            **_bound.get(),
            **({name: redact(found) for name, found in _FIELD.findall(fields)} if bar else {}),
        }
        if traceparent := tracing.current():
            value["trace_id"], value["span_id"] = traceparent.split("-")[1:3]
        if record.exc_info:
            value["exception"] = redact(self.formatException(record.exc_info))
        return json.dumps(value, ensure_ascii=True)


def configure(level: str, *, service: str, form: Literal["line", "json"] = "line") -> None:
    """Send all logging of this process to stderr; also warnings and uncaught exceptions.

    Args:
        level: The least level of Oratio's own loggers; libraries that print addresses stay at WARNING.
        service: The process's name, on every line.
        form: Lines for people, or JSON for programs.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter(service) if form == "json" else LineFormatter(service))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING if name != "python_multipart" else logging.ERROR)
    logging.captureWarnings(True)
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_thread


def _log_uncaught(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger("oratio").critical("| uncaught exception", exc_info=(kind, error, traceback))


def _log_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None:
        error = (args.exc_type, args.exc_value, args.exc_traceback)
        logging.getLogger("oratio").critical("| uncaught exception in a thread", exc_info=error)
