"""Where the ruff that comes with this installation is."""

from functools import cache

from ruff import find_ruff_bin  # type: ignore[import-untyped]


@cache
def ruff_binary() -> str:
    """Path of the ruff program; the same for formatting and for review."""
    return str(find_ruff_bin())
