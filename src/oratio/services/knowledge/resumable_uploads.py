"""Resumable uploads, sent file by file: a list first, then the missing bytes.

An upload's id is a digest of its tenant and its list, so the same list again finds the files received before.
"""

import base64
import hashlib
import hmac
import json
import os
import shutil
import uuid
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, NamedTuple

from oratio.domain.knowledge import uploads as rules
from oratio.domain.knowledge.upload_entry import ListedFile
from oratio.errors import Conflict, FieldProblem, InvalidInput, NotAuthenticated, NotFound, TooLarge
from oratio.ports.clock import Clock
from oratio.services.knowledge.uploads import Limits, StagedFile, not_held

TICKET_PREFIX = "oratup_"
TICKET_MS = 12 * 3600 * 1000
MAX_OPEN = 20
MANIFEST = "manifest.json"
_MAX_TICKET_CHARS = 1_000


class ResumableUpload(NamedTuple):
    """Upload and the digests whose bytes have arrived."""

    upload_id: str
    files: tuple[ListedFile, ...]
    held: frozenset[str]

    @property
    def missing(self) -> list[ListedFile]:
        return [file for file in self.files if file.sha256 not in self.held]


class PartWriter:
    """Writer of one file's bytes; they count only once `finish` has checked them against the list."""

    def __init__(self, draft: Path, size: int, sha256: str, keep: Callable[[Path], object]) -> None:
        """Open the draft; `keep` moves the finished one to the upload's files."""
        self._draft = draft
        self._keep = keep
        self._left = size
        self._sha256 = sha256
        self._digest = hashlib.sha256()
        try:
            self._file: BinaryIO = self._draft.open("wb")
        except FileNotFoundError:
            raise NotFound("upload not found or expired", hint="start a new one") from None

    def write(self, data: bytes) -> None:
        """Write the next bytes.

        Raises:
            TooLarge: They are more than the list says.
            Unavailable: The disk is full.
        """
        self._left -= len(data)
        if self._left < 0:
            raise TooLarge("the file is longer than its size on the upload's list")
        self._digest.update(data)
        try:
            self._file.write(data)
        except OSError as error:
            raise not_held(error) from error

    def finish(self) -> None:
        """Check and keep the file.

        Raises:
            InvalidInput: The bytes do not match the list.
            Unavailable: The disk is full.
        """
        if self._left or self._digest.hexdigest() != self._sha256:
            msg = "do not match the digest on the upload's list; send the file again, or start a new upload"
            raise InvalidInput(f"the bytes {msg}", [FieldProblem(("sha256",), msg)])
        try:
            # Synced first: a file under its digest counts as whole, also after a crash.
            with self._file as file:
                file.flush()
                os.fsync(file.fileno())
            self._keep(self._draft)
        except FileNotFoundError:
            raise NotFound("upload not found or expired", hint="start a new one") from None
        except OSError as error:
            raise not_held(error) from error

    def close(self) -> None:
        """Close the draft, and delete it if it was not kept."""
        self._file.close()
        self._draft.unlink(missing_ok=True)


class ResumableUploads:
    """Uploads below one staging folder; `UploadService.sweep` removes those idle for a day."""

    def __init__(self, root: Path, limits: Limits, *, clock: Clock, key: Callable[[], bytes]) -> None:
        self._root = root
        self._limits = limits
        self._clock = clock
        self._key = key

    def begin(self, user_id: str, files: Sequence[ListedFile]) -> ResumableUpload:
        """Start an upload, or resume the one with the same list.

        Raises:
            InvalidInput: Lists every bad path, type, size and digest.
            TooLarge: The folder or a file is over its limit.
            Conflict: The tenant has `MAX_OPEN` uploads under way.
        """
        self._check(files)
        listed = sorted(files, key=lambda file: file.path)
        manifest = json.dumps([file.model_dump() for file in listed])
        upload_id = hashlib.sha256(f"{user_id}\0{manifest}".encode()).hexdigest()[:32]
        under_way = self._under_way(user_id)
        if upload_id not in under_way:
            if len(under_way) >= MAX_OPEN:
                raise Conflict(f"{MAX_OPEN} uploads are under way", hint="finish or delete some")
            self._open(user_id, upload_id, manifest)
        return self.get(user_id, upload_id)

    def _under_way(self, user_id: str) -> set[str]:
        """Return the ids of the tenant's uploads."""
        return {folder.name.partition("-")[2] for folder in self._root.glob(f"{owner(user_id)}-*")}

    def _open(self, user_id: str, upload_id: str, manifest: str) -> None:
        draft = self._root / f"draft-{uuid.uuid4().hex}"
        draft.mkdir(parents=True, mode=0o700)
        (draft / MANIFEST).write_text(manifest)
        try:
            draft.rename(self._folder(user_id, upload_id))
        except OSError:  # the same list, at the same moment
            shutil.rmtree(draft, ignore_errors=True)

    def _check(self, files: Sequence[ListedFile]) -> None:
        problems = rules.name_problems([file.path for file in files])
        if not files:
            problems.append(FieldProblem((rules.FIELD,), "is empty; list at least one file"))
        sizes: dict[str, int] = {}
        for file in files:
            if sizes.setdefault(file.sha256, file.size) != file.size:
                problems.append(
                    FieldProblem((rules.FIELD, file.path), "has another size than a file with the same digest")
                )
            _, reason = rules.sniff(file.path, b"")
            if reason:
                problems.append(FieldProblem((rules.FIELD, file.path), reason))
        if problems:
            raise InvalidInput(f"{'.'.join(problems[0].loc)} {problems[0].msg}", problems)
        if len(files) > self._limits.files:
            problems.append(FieldProblem((rules.FIELD,), f"are more than {self._limits.files}; list fewer"))
        for file in files:
            if file.size > self._limits.file_bytes:
                msg = f"{file.path!r} is larger than {self._limits.file_bytes} bytes; split it or leave it out"
                problems.append(FieldProblem((rules.FIELD, file.path), msg))
        if sum(file.size for file in files) > self._limits.total_bytes:
            problems.append(FieldProblem((rules.FIELD,), f"are more than {self._limits.total_bytes} bytes in all"))
        if problems:
            raise TooLarge("the folder is too large", problems)

    def get(self, user_id: str, upload_id: str) -> ResumableUpload:
        """Return an upload and the digests received.

        Raises:
            NotFound: No such upload of this tenant, or it was swept.
        """
        manifest, held = self._look(user_id, upload_id)
        files = tuple(map(ListedFile.model_validate, json.loads(manifest)))
        return ResumableUpload(upload_id, files, frozenset(held) - {MANIFEST})

    def _look(self, user_id: str, upload_id: str) -> tuple[str, set[str]]:
        """Return an upload's list, and the names of the files received."""
        folder = self._folder(user_id, upload_id)
        try:
            manifest = (folder / MANIFEST).read_text()
            return manifest, {path.name for path in folder.iterdir() if not path.name.startswith(".")}
        except FileNotFoundError:
            raise NotFound(f"no upload {upload_id}") from None

    def receive(self, user_id: str, upload_id: str, sha256: str) -> PartWriter:
        """Return a writer for one of the listed files; also for one received before.

        Raises:
            NotFound: No such upload of this tenant, or the digest is not on its list.
        """
        folder = self._folder(user_id, upload_id)
        try:
            size = _sizes(folder / MANIFEST)[sha256]
        except FileNotFoundError:
            raise NotFound(f"no upload {upload_id}") from None
        except KeyError:
            raise NotFound(f"upload {upload_id} lists no such file") from None
        draft = folder / f".{sha256[:16]}.{uuid.uuid4().hex}"
        return PartWriter(draft, size, sha256, lambda whole: whole.replace(folder / sha256))

    def staged(self, user_id: str, upload_id: str) -> list[StagedFile]:
        """Return the files of a complete upload; they are kept, so that a submit can be repeated.

        Raises:
            InvalidInput: No such upload of this tenant.
            Conflict: Files are missing.
        """
        try:
            upload = self.get(user_id, upload_id)
        except NotFound:
            problem = FieldProblem(("uploadId",), "names no upload of this tenant; start one with POST /api/uploads")
            raise InvalidInput(f"uploadId {problem.msg}", [problem]) from None
        if missing := upload.missing:
            raise Conflict(f"{len(missing)} of {len(upload.files)} files are missing", hint="send them first")
        folder = self._brought(user_id, upload)
        return [
            StagedFile(
                rules.normalise(file.path), file.size, file.sha256, _head(folder / file.sha256), folder / file.sha256
            )
            for file in upload.files
        ]

    def _brought(self, user_id: str, upload: ResumableUpload) -> Path:
        """Return the folder on this machine with a complete upload's files."""
        return self._folder(user_id, upload.upload_id)

    def release(self, files: Sequence[StagedFile]) -> None:
        """Delete the files that `staged` brought to this machine for one request."""

    def discard(self, user_id: str, upload_id: str) -> None:
        self.get(user_id, upload_id)
        shutil.rmtree(self._folder(user_id, upload_id), ignore_errors=True)

    def ticket(self, user_id: str, upload_id: str) -> tuple[str, int]:
        """Return a ticket to send the files of one upload, and its expiry (ms since 1970)."""
        expires_at = self._clock.now_ms() + TICKET_MS
        claims = json.dumps({"u": user_id, "i": upload_id, "e": expires_at}, separators=(",", ":"))
        body = base64.urlsafe_b64encode(claims.encode()).rstrip(b"=").decode()
        return f"{TICKET_PREFIX}{body}.{self._sign(body)}", expires_at

    def redeem(self, ticket: str, upload_id: str) -> str:
        """Return the tenant of a ticket for this upload.

        Raises:
            NotAuthenticated: Not a ticket, of another upload, or expired.
        """
        refused = NotAuthenticated("invalid upload ticket", hint="ask for a new one with the same list")
        body, _, given = ticket[:_MAX_TICKET_CHARS].removeprefix(TICKET_PREFIX).partition(".")
        if not hmac.compare_digest(given.encode("utf-8", "replace"), self._sign(body).encode()):
            raise refused
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        if claims["i"] != upload_id or claims["e"] <= self._clock.now_ms():
            raise refused
        return str(claims["u"])

    def _sign(self, body: str) -> str:
        return hmac.new(self._key(), f"upload:{body}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()

    def _folder(self, user_id: str, upload_id: str) -> Path:
        return self._root / f"{owner(user_id)}-{checked(upload_id)}"


@lru_cache(maxsize=64)
def _sizes(manifest: Path) -> Mapping[str, int]:
    """Return the sizes on an upload's list by digest; its id is a digest of the list, so the list never changes."""
    return {file["sha256"]: file["size"] for file in json.loads(manifest.read_text())}


def owner(user_id: str) -> str:
    return hashlib.sha256(user_id.encode()).hexdigest()[:32]


def checked(upload_id: str) -> str:
    """Return a well-formed upload id, for use in a name.

    Raises:
        NotFound: It is malformed.
    """
    if not upload_id.isalnum() or not upload_id.isascii() or len(upload_id) > 64:
        raise NotFound(f"no upload {upload_id}")
    return upload_id


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(rules.SNIFF_BYTES)
