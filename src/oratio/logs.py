"""Logging of every process: one line a record on stderr, secrets taken out after formatting."""

import logging
import re
import sys
import threading
import time
from types import TracebackType

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


def redact(text: str) -> str:
    """The text without API keys, JWTs, AWS keys, tickets and values of authorization fields."""
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


class LineFormatter(logging.Formatter):
    """`2026-11-22T17:13:26.120Z INFO api oratio.api.app | message`, with a traceback on the same line."""

    converter = staticmethod(time.gmtime)

    def __init__(self, service: str) -> None:
        super().__init__(f"%(asctime)s.%(msecs)03dZ %(levelname)s {service} %(name)s %(message)s", "%Y-%m-%dT%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record)).translate(_CONTROLS)


def configure(level: str, *, service: str) -> None:
    """Send all logging of this process to stderr; also warnings and uncaught exceptions.

    Args:
        level: The least level of Oratio's own loggers; libraries that print addresses stay at WARNING.
        service: The process's name, on every line.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter(service))
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
