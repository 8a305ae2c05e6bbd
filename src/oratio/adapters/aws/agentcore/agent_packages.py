"""Each agent version as one zip in the code bucket, of which only the changed bytes are sent.

The base lies in the bucket once. A version's object is put together there: the base's entries by a copy inside S3,
then one part with the agent's own files and the directory of all.
"""

import hashlib
import io
import zipfile
from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from botocore.exceptions import ClientError

from oratio.adapters.aws.agentcore.agent_base import entry
from oratio.adapters.aws.session import error_code, translated
from oratio.domain.refs import VersionRef
from oratio.domain.storage_layout import CODE_FILE, PLAN_FILE, PROMPT_FILE, agent_prefix
from oratio.domain.tags import object_tags
from oratio.errors import StepFailed
from oratio.ports.agent_runtime import AgentPackage

MAIN = "main.py"
# S3 copies parts of at least 5 MiB; a smaller base is sent whole.
MIN_PART_BYTES = 5 << 20
_BASES = ".oratio/agent-bases"


class AgentPackages:
    """Args:
    base: The zip of the dependencies on this machine; fetched from the bucket when another machine built it.
    """

    def __init__(self, s3: Any, bucket: str, owner: str, base: Path) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._owner = {"ExpectedBucketOwner": owner}
        self._base = base

    def upload(self, ref: VersionRef, package: AgentPackage) -> str:
        """The key of the version's zip; the same content is the same key and is sent once.

        Raises:
            StepFailed: The base has not been built.
        """
        own = {MAIN: _main(), CODE_FILE: package.code, PROMPT_FILE: package.prompt, PLAN_FILE: package.plan}
        contents = {**own, **_agentkit()}
        digest = hashlib.sha256(self._base.name.encode())
        for name, data in sorted(contents.items()):
            digest.update(f"\0{name}\0{hashlib.sha256(data).hexdigest()}".encode())
        key = f"{agent_prefix(ref.user_id, ref.agent_id)}packages/{digest.hexdigest()[:40]}.zip"
        if self._there(key):
            return key
        self.require_base()
        tagging = urlencode(object_tags(ref.user_id, ref.agent_id, "generated-code"))
        start, tail = self._appended(contents)
        with translated(f"the bucket {self._bucket}"):
            if start < MIN_PART_BYTES:
                with self._base.open("rb") as base:
                    body = base.read(start) + tail
                self._s3.put_object(Bucket=self._bucket, Key=key, Body=body, Tagging=tagging, **self._owner)
            else:
                self._assemble(key, start, tail, tagging)
        return key

    def _assemble(self, key: str, start: int, tail: bytes, tagging: str) -> None:
        at = {"Bucket": self._bucket, "Key": key, **self._owner}
        upload = self._s3.create_multipart_upload(**at, Tagging=tagging)["UploadId"]
        try:
            copied = self._s3.upload_part_copy(
                **at,
                UploadId=upload,
                PartNumber=1,
                CopySource={"Bucket": self._bucket, "Key": self._base_key},
                CopySourceRange=f"bytes=0-{start - 1}",
                ExpectedSourceBucketOwner=self._owner["ExpectedBucketOwner"],
            )["CopyPartResult"]
            sent = self._s3.upload_part(**at, UploadId=upload, PartNumber=2, Body=tail)
            parts = [{"PartNumber": 1, "ETag": copied["ETag"]}, {"PartNumber": 2, "ETag": sent["ETag"]}]
            self._s3.complete_multipart_upload(**at, UploadId=upload, MultipartUpload={"Parts": parts})
        except BaseException:
            self._s3.abort_multipart_upload(**at, UploadId=upload)
            raise

    def _appended(self, contents: Mapping[str, bytes]) -> tuple[int, bytes]:
        """Where the base's entries end, and all that follows there in the agent's zip."""
        start, entries = self._base_entries
        tail = _From(start)
        with zipfile.ZipFile(tail, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.filelist.extend(entries)
            for name, data in sorted(contents.items()):
                archive.writestr(entry(name), data)
        return start, tail.getvalue()

    @cached_property
    def _base_entries(self) -> tuple[int, list[zipfile.ZipInfo]]:
        """Where the base's entries end, and its directory of them."""
        with zipfile.ZipFile(self._base) as archive:
            return archive.start_dir, archive.infolist()

    @property
    def _base_key(self) -> str:
        return f"{_BASES}/{self._base.name}"

    def require_base(self) -> None:
        """The base on this machine and in the bucket, where parts are copied from it.

        Raises:
            StepFailed: It is at neither place.
        """
        if not self._base.exists():
            if not self._there(self._base_key):
                raise StepFailed(
                    f"the agents' dependencies for AgentCore ({self._base.name}) have not been built",
                    hint="run `oratio aws build-base` on a machine that reaches the package index, then retry",
                )
            self._fetch_base()
        elif not self._there(self._base_key):
            with translated(f"the bucket {self._bucket}"), self._base.open("rb") as file:
                self._s3.upload_fileobj(file, self._bucket, self._base_key, ExtraArgs=self._owner)

    def _fetch_base(self) -> None:
        self._base.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._base.with_suffix(".fetched")
        with translated(f"the bucket {self._bucket}"), fresh.open("wb") as file:
            self._s3.download_fileobj(self._bucket, self._base_key, file, ExtraArgs=self._owner)
        fresh.replace(self._base)

    def _there(self, key: str) -> bool:
        with translated(f"the bucket {self._bucket}"):
            try:
                self._s3.head_object(Bucket=self._bucket, Key=key, **self._owner)
            except ClientError as error:
                if error_code(error) in ("404", "NoSuchKey", "NotFound"):
                    return False
                raise
        return True


class _From(io.BytesIO):
    """The end of a longer file: places in it are counted from that file's begin."""

    def __init__(self, start: int) -> None:
        super().__init__()
        self._start = start

    def tell(self) -> int:
        return self._start + super().tell()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_SET:
            offset -= self._start
        return self._start + super().seek(offset, whence)


def _main() -> bytes:
    return files("oratio.adapters.aws.agentcore").joinpath("agent_main.py").read_bytes()


def _agentkit() -> dict[str, bytes]:
    """The part of Oratio an agent imports, under its own name."""
    kit = files("oratio.agentkit")
    found = {f"oratio/agentkit/{name}": data for name, data in _python(kit)}
    return {"oratio/__init__.py": b"", **found}


def _python(folder: Traversable, below: str = "") -> Iterator[tuple[str, bytes]]:
    """Yield the Python files of a package and of the packages in it, by their paths."""
    for item in folder.iterdir():
        if item.is_dir():
            yield from _python(item, f"{below}{item.name}/")
        elif item.name.endswith(".py"):
            yield f"{below}{item.name}", item.read_bytes()
