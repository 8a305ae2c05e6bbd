"""Parsed documents by content hash, and the bounded child process that parses one."""

import os
import secrets
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from threading import BoundedSemaphore

from oratio.errors import NotFound, Unavailable
from oratio.ports.object_store import ObjectStore
from oratio.retrieval.children import child_environment
from oratio.retrieval.parsing.blocks import ParsedDocument, problem
from oratio.retrieval.parsing.documents import BROKEN, PARSER_VERSION, TOO_LARGE, TOO_SLOW

WALL_SECONDS = 90
CHILDREN_AT_ONCE = 2
_CHILDREN = BoundedSemaphore(CHILDREN_AT_ONCE)


class ParsedCache:
    """The `parsed` folder of one knowledge base. Texts in it belong to that tenant alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "parsed"

    def get(self, sha256: str, media_type: str) -> ParsedDocument | None:
        try:
            return ParsedDocument.from_json(self._file(sha256, media_type).read_bytes())
        except (OSError, ValueError):
            return None

    def parse(self, documents: ObjectStore, key: str, sha256: str, media_type: str) -> ParsedDocument:
        """The parsed document, from the cache or a child process; never fails for what it holds.

        Raises:
            NotFound: There is no such object.
        """
        if found := self.get(sha256, media_type):
            return found
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".work-", dir=self._folder) as work, _CHILDREN:
            source, output = Path(work, "document"), Path(work, "parsed.json")
            documents.fetch(key, source)
            document = _run(source, key.rpartition("/")[2], media_type, output)
            if document.problem != TOO_SLOW:  # a busy machine may be quicker next time
                draft = Path(work, secrets.token_hex(8))
                draft.write_text(document.to_json(), encoding="utf-8")
                os.replace(draft, self._file(sha256, media_type))
        return document

    def _file(self, sha256: str, media_type: str) -> Path:
        if not sha256.isalnum():
            raise NotFound("a document is named by the SHA-256 of its bytes")
        kind = "".join(char if char.isalnum() else "-" for char in media_type)[-60:]
        return self._folder / f"{sha256}.{kind}.p{PARSER_VERSION}.json"


def _run(source: Path, name: str, media_type: str, output: Path) -> ParsedDocument:
    """Parse one file in a child process bounded in memory, CPU and wall time."""
    command = [sys.executable, "-I", "-m", "oratio.retrieval.parsing.documents"]
    try:
        child = subprocess.run(
            [*command, str(os.getpid()), str(source), name, media_type, str(output)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=child_environment(),
            timeout=WALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return problem(TOO_SLOW)
    except OSError as error:
        raise Unavailable(f"no process could be started to read a document ({error.strerror})") from None
    try:
        return ParsedDocument.from_json(output.read_bytes())
    except (OSError, ValueError):
        if child.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
            return problem(TOO_SLOW)
        return problem(TOO_LARGE if child.returncode == 1 else BROKEN)
