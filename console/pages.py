"""The pages by name and address; a deep link is one of these with its query."""

from typing import Final

HOME: Final = "agents"
NAMES: Final = (HOME, "create", "agent", "conversation", "conversations", "live", "analytics", "system")
PATHS: Final = tuple(f"/{name}" for name in NAMES if name != HOME)


def own_address(target: str) -> str:
    """A page of this console with its query, or `/` for anything else that asked to be gone to."""
    path = target.split("?", 1)[0]
    plain = target.isascii() and target.isprintable() and "\\" not in target and len(target) <= 2_000
    return target if plain and path in ("/", *PATHS) else "/"
