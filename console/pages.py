"""Pages by name and address; a deep link is one of these with its query."""

from typing import Final

HOME: Final = "agents"
NAMES: Final = (HOME, "create", "agent", "conversation", "conversations", "live", "analytics", "system")
PATHS: Final = tuple(f"/{name}" for name in NAMES if name != HOME)


def own_address(target: str) -> str:
    """Return the target if it is a page of this console with its query, else `/`."""
    path = target.split("?", 1)[0]
    plain = target.isascii() and target.isprintable() and "\\" not in target and len(target) <= 2_000
    return target if plain and path in ("/", *PATHS) else "/"
