"""Stage 0: the text itself, before any parser sees it."""

import io
import re
import tokenize
import unicodedata
from collections.abc import Iterator

from oratio.authoring.review.findings import Finding

MAX_BYTES = 64 * 1024
MAX_NESTING = 60
MAX_OPERATOR_RUN = 200
MAX_LINE_CHARS = 2_000
MAX_INDENT = 120

_COOKIE = re.compile(r"^[ \t\f]*#.*?coding[:=][ \t]*[-\w.]+")
_OPENING, _CLOSING = "([{", ")]}"


def check_raw(code: str) -> Iterator[Finding]:
    """Size, encoding, characters, nesting and runs of operators."""
    try:
        size = len(code.encode())
    except UnicodeEncodeError:
        yield Finding(0, 0, "not_utf8", "the file is not UTF-8", "write plain UTF-8 text")
        return
    if size > MAX_BYTES:
        yield Finding(0, 0, "too_large", f"the file has {size} bytes; {MAX_BYTES} are allowed", "write less")
        return
    yield from _characters(code)
    lines = code.split("\n")
    for number, line in enumerate(lines[:2], 1):
        if _COOKIE.match(line):
            yield Finding(number, 1, "encoding_cookie", "the file declares an encoding", "remove the declaration")
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_LINE_CHARS:
            yield Finding(number, 1, "long_line", f"the line has more than {MAX_LINE_CHARS} characters", "wrap it")
        if len(line) - len(line.lstrip(" \t")) > MAX_INDENT:
            yield Finding(number, 1, "deep_nesting", "the line is indented too deeply", "use smaller functions")


def _characters(code: str) -> Iterator[Finding]:
    for number, line in enumerate(code.split("\n"), 1):
        if line.isascii() and line.isprintable():
            continue
        for column, char in enumerate(line, 1):
            if char in "\t" or char.isprintable():
                continue
            name = unicodedata.name(char, f"U+{ord(char):04X}")
            yield Finding(number, column, "hidden_character", f"the line holds {name}", "remove the character")
            break


def check_tokens(code: str) -> Iterator[Finding]:
    """ASCII identifiers, bracket nesting and operator runs, from the tokens."""
    depth, run = 0, 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            line, column = token.start[0], token.start[1] + 1
            if token.type == tokenize.NAME and not token.string.isascii():
                yield Finding(line, column, "identifier", "a name is not ASCII", "use ASCII names")
            if token.type in (tokenize.OP, tokenize.NAME) and (
                token.type == tokenize.OP or token.string in ("not", "await", "lambda", "if", "else", "is", "in")
            ):
                depth += (token.string in _OPENING) - (token.string in _CLOSING)
            unit = token.type == tokenize.OP and token.string not in (",", ":", "=", "->", *_OPENING, *_CLOSING)
            if (token.type in (tokenize.NEWLINE, tokenize.NL) and depth == 0) or token.string == ",":
                run = 0
            run += unit or token.string in ("not", "await", "lambda")
            if depth > MAX_NESTING:
                yield Finding(line, column, "deep_nesting", f"brackets nest deeper than {MAX_NESTING}", "simplify it")
                return
            if run > MAX_OPERATOR_RUN:
                yield Finding(
                    line, column, "operator_run", f"more than {MAX_OPERATOR_RUN} operators in a row", "split it"
                )
                return
    except (tokenize.TokenError, SyntaxError, ValueError, RecursionError, MemoryError):
        yield Finding(1, 1, "syntax", "the file cannot be read as Python tokens", "write valid Python 3.12")
