"""Every call stands in docs/api.md with curl and in the document with its refusals; both clients are alike."""

import re
from pathlib import Path

from oratio.client import AsyncClient, Client
from tests.api.conftest import World

DOCS = Path(__file__).parents[3] / "docs" / "api.md"
# Nobody is asked who they are here.
_OPEN = frozenset({"/healthz", "/readyz", "/metrics", "/.well-known/jwks.json"})


def calls(world: World) -> list[tuple[str, str]]:
    paths = world.app.routes.openapi()["paths"]
    return [(method.upper(), path) for path, methods in paths.items() for method in methods]


def pattern(path: str) -> str:
    """A regular expression for an address as the docs or the client spell it."""
    parts = re.split(r"\{\w+\}", path)
    return r"[^/\s\"]+".join(map(re.escape, parts)) + r"(?=[\s\"'?)]|$)"


def test_every_address_is_shown_with_curl(world: World) -> None:
    shown = [line for line in DOCS.read_text().splitlines() if line.lstrip().startswith("curl ")]
    missing = []
    for method, path in calls(world):
        named = [line for line in shown if re.search(rf"\$API{pattern(path)}", line)]
        said = [line for line in named if (f"-X {method} " in line) or (method in ("GET", "POST") and "-X" not in line)]
        if not said:
            missing.append(f"{method} {path}")
    assert missing == []


def test_the_clients_have_the_same_methods() -> None:
    def methods(kind: type) -> set[str]:
        return {name for name in vars(kind) if not name.startswith("_")}

    assert methods(Client) == methods(AsyncClient)


def test_every_call_is_documented_with_its_refusals_as_problems(world: World) -> None:
    for path, methods in world.app.routes.openapi()["paths"].items():
        for method, call in methods.items():
            refusals = {code: answer for code, answer in call["responses"].items() if code >= "400"}
            if path in _OPEN:
                continue
            assert {"401", "404", "422", "429", "500", "503"} <= set(refusals) or path == "/api/system", (method, path)
            for answer in refusals.values():
                assert list(answer["content"]) == ["application/problem+json"], (method, path)
