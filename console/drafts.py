"""Drafts on disk of forms that are not sent yet: the typed texts and the chosen files, until an agent is created.

<data>/console/drafts/<hash of the tenant>/<draft id>/draft.json
                                                      files/<path as chosen>
                                                      incoming/<files on their way>
"""

import hashlib
import os
import secrets
import shutil
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from oratio.domain.knowledge.uploads import normalise, path_problem
from oratio.domain.refs import Value
from oratio.errors import FieldProblem, InvalidInput, NotFound

_DRAFT = "draft.json"
_ID_CHARS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
_KEEP_S = 30 * 86_400


class Draft(Value):
    """Form in progress.

    Attributes:
        agent_id: The agent the form makes a new version of; None for a new agent.
        descriptions: Flat, by path; folders end in `/`. Paths without a file are kept, for the file may come back.
        delete_files: Files of the version before that the new one leaves out.
        updated_at: Seconds since 1970.
    """

    draft_id: str
    agent_id: str | None = None
    agent_name: str = ""
    agent_type: str = "text"
    sop: str = ""
    knowledge_base_description: str = ""
    human_handoff_description: str = ""
    descriptions: dict[str, str] = {}
    delete_files: tuple[str, ...] = ()
    step: int = 0
    updated_at: float = 0.0


class Drafts:
    """Drafts below one folder. Thread-safe; a draft of another tenant is not found."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.RLock()

    def start(self, tenant: str, **fields: Any) -> Draft:
        draft = Draft(draft_id=secrets.token_hex(8), updated_at=time.time(), **fields)
        folder = self._folder(tenant, draft.draft_id)
        folder.mkdir(parents=True, mode=0o700)
        self._write(folder, draft)
        return draft

    def get(self, tenant: str, draft_id: str) -> Draft:
        """Return one draft.

        Raises:
            NotFound: There is none of that id for this tenant.
        """
        try:
            return Draft.model_validate_json((self._folder(tenant, draft_id) / _DRAFT).read_bytes())
        except (OSError, ValidationError):
            raise NotFound("draft not found", hint="start a new one") from None

    def newest(self, tenant: str, agent_id: str | None = None) -> Draft | None:
        """Return the newest draft, of a new agent or of one agent's next version; delete expired ones."""
        found = []
        for folder in self._tenant(tenant).glob("*"):
            try:
                draft = self.get(tenant, folder.name)
            except NotFound:
                continue
            if time.time() - draft.updated_at > _KEEP_S:
                self.discard(tenant, draft.draft_id)
            elif draft.agent_id == agent_id:
                found.append(draft)
        return max(found, key=lambda draft: draft.updated_at, default=None)

    def update(self, tenant: str, draft_id: str, **fields: Any) -> Draft:
        """Set some fields and keep the others, so that two tabs do not overwrite each other."""
        with self._lock:
            draft = self.get(tenant, draft_id)
            changed = Draft(**{**draft.model_dump(by_alias=False), **fields, "updated_at": time.time()})
            self._write(self._folder(tenant, draft_id), changed)
        return changed

    def describe(self, tenant: str, draft_id: str, texts: dict[str, str]) -> Draft:
        """Set some descriptions; an empty one is removed."""
        with self._lock:
            merged = {**self.get(tenant, draft_id).descriptions, **texts}
            kept = {path: text for path, text in merged.items() if text.strip()}
            return self.update(tenant, draft_id, descriptions=kept)

    def discard(self, tenant: str, draft_id: str) -> None:
        shutil.rmtree(self._folder(tenant, draft_id), ignore_errors=True)

    def files(self, tenant: str, draft_id: str) -> dict[str, Path]:
        """Return the chosen files by path, sorted."""
        root = self._folder(tenant, draft_id) / "files"
        found = {}
        for folder, _, names in os.walk(root):
            for name in names:
                file = Path(folder, name)
                found[file.relative_to(root).as_posix()] = file
        return dict(sorted(found.items()))

    def place(self, tenant: str, draft_id: str, path: str) -> Path:
        """Return the place of a chosen file.

        Raises:
            InvalidInput: The path breaks a rule for uploads.
        """
        path = normalise(path)
        if reason := path_problem(path):
            raise InvalidInput(f"{path!r} {reason}", [FieldProblem(("files", path), f"{path!r} {reason}")])
        return self._folder(tenant, draft_id) / "files" / path

    @contextmanager
    def incoming(self, tenant: str, draft_id: str) -> Iterator[Path]:
        """Yield a new empty file next to the draft; delete it at the end unless it was moved to its place."""
        self.get(tenant, draft_id)
        folder = self._folder(tenant, draft_id) / "incoming"
        folder.mkdir(exist_ok=True)
        file = folder / secrets.token_hex(8)
        try:
            yield file
        finally:
            file.unlink(missing_ok=True)

    def keep(self, file: Path, place: Path) -> None:
        """Move a whole file to its place.

        Raises:
            InvalidInput: There is a file where the path has a folder, or the other way round.
        """
        with self._lock:
            try:
                place.parent.mkdir(parents=True, exist_ok=True)
                file.replace(place)
            except (FileExistsError, NotADirectoryError, IsADirectoryError):
                msg = f"{place.name!r} is both a file and a folder; rename one"
                raise InvalidInput(msg, [FieldProblem(("files", place.name), msg)]) from None

    def remove(self, tenant: str, draft_id: str, paths: Iterable[str]) -> None:
        """Remove files (or folders, ending in `/`) from the draft; keep their descriptions in case they come back."""
        root = self._folder(tenant, draft_id) / "files"
        with self._lock:
            for path in paths:
                place = self.place(tenant, draft_id, path.rstrip("/"))
                if place.is_dir():
                    shutil.rmtree(place, ignore_errors=True)
                else:
                    place.unlink(missing_ok=True)
                for folder in place.parents:
                    if folder == root or not folder.is_dir() or any(folder.iterdir()):
                        break
                    folder.rmdir()

    def _tenant(self, tenant: str) -> Path:
        return self._root / hashlib.sha256(tenant.encode()).hexdigest()[:32]

    def _folder(self, tenant: str, draft_id: str) -> Path:
        if not 1 <= len(draft_id) <= 32 or not _ID_CHARS.issuperset(draft_id):
            raise NotFound("draft not found", hint="start a new one")
        return self._tenant(tenant) / draft_id

    def _write(self, folder: Path, draft: Draft) -> None:
        fresh = folder / f"{_DRAFT}.{secrets.token_hex(4)}"
        fresh.write_text(draft.model_dump_json())
        fresh.replace(folder / _DRAFT)
