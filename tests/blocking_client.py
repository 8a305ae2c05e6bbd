"""The blocking client, made from the async one: `make client` writes it, a test holds the two together."""

import subprocess
import sys
import tempfile
from pathlib import Path

import unasync

from oratio.authoring.ruff_binary import ruff_binary

CLIENT = Path(__file__).resolve().parents[1] / "src" / "oratio" / "client"
SOURCE = CLIENT / "asynchronous.py"
TARGET = CLIENT / "synchronous.py"
_REPLACED = {
    "AsyncClient": "Client",
    "AsyncBaseTransport": "BaseTransport",
    "aclose": "close",
    "aiter_bytes": "iter_bytes",
    "aread": "read",
    "async_io": "blocking_io",
}
_HEAD = '"""The blocking client. Made from `asynchronous.py` by `make client`: change that file."""\n'


def made() -> str:
    """Return what `synchronous.py` has to hold."""
    with tempfile.TemporaryDirectory() as folder:
        given = Path(folder) / "given" / SOURCE.name
        given.parent.mkdir()
        _, _, rest = SOURCE.read_text().partition("\n")  # the docstring is one line
        given.write_text(_HEAD + rest)
        rule = unasync.Rule(f"{folder}/given/", f"{folder}/made/", additional_replacements=_REPLACED)
        unasync.unasync_files([str(given)], [rule])
        text = (Path(folder) / "made" / SOURCE.name).read_text()
    # Imports in order again, and `yield from` where the loop only yields.
    text = _ruff(text, "check", "--fix", "--unsafe-fixes", "--select", "I,UP028", "--quiet")
    return _ruff(text, "format")


def _ruff(text: str, *command: str) -> str:
    arguments = [ruff_binary(), *command, "--stdin-filename", str(TARGET), "-"]
    return subprocess.run(arguments, input=text, capture_output=True, text=True, check=True, cwd=CLIENT).stdout


if __name__ == "__main__":
    TARGET.write_text(made())
    print(f"wrote {TARGET.name}", file=sys.stderr)
