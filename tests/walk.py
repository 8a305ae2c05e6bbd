"""Runs the curl lines of docs/api.md, top to bottom, in one shell against a service that answers."""

import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

DOCS = Path(__file__).parents[1] / "docs" / "api.md"
FILES = {
    "sop.md": "1. Greet the caller.\n2. Ask what they want to know.\n3. Answer from the documents.\n",
    "sop2.md": "1. Greet the caller.\n2. Ask for their name.\n3. Answer from the documents.\n",
    "new.md": "# Opening hours\n\nThe shop is open from nine to five on weekdays.\n",
    "docs/manual.md": "# Manual\n\nTo restart the router, hold its power button for ten seconds.\n",
    "docs/plans/prices.csv": "plan,price per month\nbasic,10 euros\nfamily,25 euros\n",
}
_STATUS = re.compile(r"\b(?:20[0-4]|404|409|503)\b")
_SHELL = """set -euo pipefail
curl() {{
    local told="@@ $SAID @@ %{{http_code}} %{{method}} %{{url_effective}}"
    command curl --max-time 600 -w "%{{stderr}}$told\\n" "$@" 2>> {calls}
}}
"""


class Walked(NamedTuple):
    """One call that was made: the statuses the page says it may have, and what came."""

    said: frozenset[str]
    status: str
    method: str
    path: str


def walk(api: str, token: str, folder: Path) -> list[Walked]:
    """Run every block of the page in a folder of its own.

    Raises:
        AssertionError: The shell stopped: a variable was not set, an answer lacked an id, a call got no answer.
    """
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    calls = folder / "calls"
    page = "\n".join(re.findall(r"```bash\n(.*?)```", DOCS.read_text(), re.DOTALL))
    script = _SHELL.format(calls=calls) + "\n".join(_lines(page.splitlines()))
    environment = {**os.environ, "API": api, "TOKEN": token, "no_proxy": "*"}
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, timeout=1800
    )
    told = calls.read_text() if calls.exists() else ""
    assert done.returncode == 0, f"{done.stderr}\n{told}\n{done.stdout[-2000:]}"
    return list(map(_walked, (line for line in told.splitlines() if line.startswith("@@"))))


def _lines(page: Sequence[str]) -> Iterator[str]:
    """The page's lines, each call with what is said of it in `SAID`."""
    for at, line in enumerate(page):
        if line.startswith("export "):
            continue
        if line.lstrip().startswith("curl "):
            end = at
            while page[end].endswith("\\") or "\n".join(page[at : end + 1]).count("'") % 2:
                end += 1
            comment = page[end].partition("# ")[2]
            if end + 1 < len(page) and page[end + 1].startswith("# "):
                comment += page[end + 1]
            yield f'SAID="{" ".join(_STATUS.findall(comment)) or "200"}"'
        yield line


def _walked(line: str) -> Walked:
    _, said, came = line.split("@@")
    status, method, address = came.split()
    return Walked(frozenset(said.split()), status, method, urlsplit(address).path)
