"""Resumable uploads for several API processes: received files are in the documents' bucket, not on one machine."""

import json
import shutil
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from oratio.domain.storage_layout import upload_prefix, uploads_prefix
from oratio.domain.tags import object_tags
from oratio.errors import NotFound
from oratio.ports.clock import Clock
from oratio.ports.object_store import ObjectStore
from oratio.services.knowledge.resumable_uploads import MANIFEST, PartWriter, ResumableUpload, ResumableUploads, checked
from oratio.services.knowledge.uploads import Limits, StagedFile

_BROUGHT_AT_ONCE = 16
_BROUGHT = "brought-"


class SharedResumableUploads(ResumableUploads):
    """Resumable uploads in a bucket; the folder has only the files of one request.

    An upload that is not submitted expires by the bucket's own rule for the tag
    `resourceType=upload`.
    """

    def __init__(
        self, root: Path, limits: Limits, *, clock: Clock, key: Callable[[], bytes], store: ObjectStore
    ) -> None:
        super().__init__(root, limits, clock=clock, key=key)
        self._store = store
        self._sizes = lru_cache(maxsize=64)(self._read_sizes)

    def _under_way(self, user_id: str) -> set[str]:
        prefix = uploads_prefix(user_id)
        return {stored.key.removeprefix(prefix).partition("/")[0] for stored in self._store.list(prefix)}

    def _open(self, user_id: str, upload_id: str, manifest: str) -> None:
        self._store.put(self._place(user_id, upload_id, MANIFEST), manifest.encode(), tags=_tags(user_id, upload_id))

    def _look(self, user_id: str, upload_id: str) -> tuple[str, set[str]]:
        prefix = upload_prefix(user_id, checked(upload_id))
        try:
            manifest = self._store.get(prefix + MANIFEST).decode()
        except NotFound:
            raise NotFound(f"no upload {upload_id}") from None
        return manifest, {stored.key.removeprefix(prefix) for stored in self._store.list(prefix)}

    def receive(self, user_id: str, upload_id: str, sha256: str) -> PartWriter:
        if not self._store.exists(self._place(user_id, upload_id, MANIFEST)):
            raise NotFound(f"no upload {upload_id}")
        size = self._sizes(user_id, upload_id).get(sha256)
        if size is None:
            raise NotFound(f"upload {upload_id} lists no such file")
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        key, tags = self._place(user_id, upload_id, sha256), _tags(user_id, upload_id)
        draft = self._root / f"part-{uuid.uuid4().hex}"
        return PartWriter(draft, size, sha256, lambda whole: self._store.put_file(key, whole, tags=tags))

    def _read_sizes(self, user_id: str, upload_id: str) -> dict[str, int]:
        """Return the sizes on an upload's list by digest; its id is a digest of the list, so the list never changes."""
        manifest = self._store.get(self._place(user_id, upload_id, MANIFEST))
        return {file["sha256"]: file["size"] for file in json.loads(manifest)}

    def _brought(self, user_id: str, upload: ResumableUpload) -> Path:
        folder = self._root / f"{_BROUGHT}{uuid.uuid4().hex}"
        folder.mkdir(parents=True, mode=0o700)

        def bring(sha256: str) -> None:
            self._store.fetch(self._place(user_id, upload.upload_id, sha256), folder / sha256)

        try:
            with ThreadPoolExecutor(_BROUGHT_AT_ONCE, thread_name_prefix="bring") as pool:
                list(pool.map(bring, {file.sha256 for file in upload.files}))
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return folder

    def release(self, files: Sequence[StagedFile]) -> None:
        for folder in {file.location.parent for file in files}:
            if folder.parent == self._root and folder.name.startswith(_BROUGHT):
                shutil.rmtree(folder, ignore_errors=True)

    def discard(self, user_id: str, upload_id: str) -> None:
        self.get(user_id, upload_id)
        # The list is deleted first: an upload without one does not exist, also if this is interrupted.
        with suppress(NotFound):
            self._store.delete(self._place(user_id, upload_id, MANIFEST))
        self._store.delete_prefix(upload_prefix(user_id, checked(upload_id)))

    @staticmethod
    def _place(user_id: str, upload_id: str, name: str) -> str:
        return upload_prefix(user_id, checked(upload_id)) + name


def _tags(user_id: str, upload_id: str) -> dict[str, str]:
    return object_tags(user_id, upload_id, "upload")
