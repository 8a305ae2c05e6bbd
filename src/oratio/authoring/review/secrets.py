"""Stage 9: things that look like credentials, in code and prompt."""

import re
from collections.abc import Iterator

from oratio.authoring.review.findings import Finding

_SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("an Oratio key", re.compile(r"orat_(?:live|test)_[0-9A-Za-z]{20,}")),
    ("an AWS access key", re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    ("an API key", re.compile(r"\b(?:sk|pk|rk)[-_](?:ant-|live[-_]|test[-_]|proj-)?[0-9A-Za-z_-]{20,}")),
    ("a GitHub token", re.compile(r"\b(?:gh[pousr]_[0-9A-Za-z]{36}|github_pat_[0-9A-Za-z_]{30,})")),
    ("a Google key", re.compile(r"\bAIza[0-9A-Za-z_-]{35}\b")),
    ("a Slack token", re.compile(r"\bxox[abprs]-[0-9A-Za-z-]{10,}")),
    ("a private key", re.compile(r"-----BEGIN (?:[A-Z]+ ){0,3}PRIVATE KEY-----")),
    ("a JSON web token", re.compile(r"\beyJ[0-9A-Za-z_-]{10,}\.eyJ[0-9A-Za-z_-]{10,}\.[0-9A-Za-z_-]{10,}")),
    (
        "a password or secret",
        re.compile(
            r"(?i)\b(?:password|passwd|secret|api[-_ ]?key|access[-_ ]?token|auth[-_ "
            r"]?token)[\"']?\s{0,3}[:=]\s{0,3}[\"']"
            r"(?=[^\"']*\d)[^\"'\s]{8,}[\"']"
        ),
    ),
)


def check_secrets(text: str, *, prompt: bool = False) -> Iterator[Finding]:
    """One finding for each line that holds something shaped like a credential."""
    for number, line in enumerate(text.split("\n"), 1):
        for what, shape in _SHAPES:
            if shape.search(line):
                where = f"line {number} of the prompt" if prompt else "the line"
                hint = "remove it from the SOP or the descriptions and let the operator replace it: it is known now"
                yield Finding(0 if prompt else number, 0 if prompt else 1, "secret", f"{where} holds {what}", hint)
                break
