"""A file that is announced before its bytes are sent."""

from typing import Annotated

from pydantic import Field

from oratio.domain.refs import Value


class ListedFile(Value):
    """One file of the list: its path relative to the folder, its bytes' number and SHA-256 in lower-case hex."""

    path: Annotated[str, Field(max_length=1_000)]
    size: Annotated[int, Field(ge=0, le=2**53, strict=True)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
