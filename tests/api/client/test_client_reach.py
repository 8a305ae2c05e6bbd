"""Every call of the API has a method in the client, which reads the document's own example of its answer."""

import inspect
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx

from oratio.client import Brief, Client
from tests.api.conftest import World

# For load balancers, scrapers and other services; no client's business.
_NOT_FOR_CLIENTS = {"GET /healthz", "GET /readyz", "GET /metrics", "GET /.well-known/jwks.json"}
_NO_CALLS = {"close"}


class EchoServer(httpx.BaseTransport):
    """Answers every call with the example the document gives, and remembers which calls they were."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._routes = [
            (re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), method.upper(), path, call)
            for path, calls in document["paths"].items()
            for method, call in calls.items()
        ]
        self.calls = {f"{method} {path}" for _, method, path, _ in self._routes}
        self.reached: set[str] = set()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        for pattern, method, path, call in self._routes:
            if method == request.method and pattern.fullmatch(request.url.path):
                self.reached.add(f"{method} {path}")
                return _answer(request, call)
        return httpx.Response(404, json={"detail": f"no such call: {request.method} {request.url.path}"})


def _answer(request: httpx.Request, call: Mapping[str, Any]) -> httpx.Response:
    status, answer = next((code, answer) for code, answer in call["responses"].items() if code < "300")
    content = answer.get("content", {})
    wanted = request.headers["accept"]
    kind = wanted if wanted in content else next(iter(content), "")
    example = content.get(kind, {}).get("example", "")
    if request.url.path == "/api/uploads":
        example = {**example, "missing": json.loads(request.read())["files"]}
    return httpx.Response(
        int(status), text=example if isinstance(example, str) else json.dumps(example), headers={"Content-Type": kind}
    )


def _arguments(method: object, target: Path) -> dict[str, Any]:
    known: dict[str, Any] = {
        "brief": Brief(agent_name="Help desk"),
        "files": [("a.md", b"# A\n")],
        "events": ["agent.active"],
        "target": target,
        **dict.fromkeys(("number", "against", "since"), 1),
    }
    needed = [name for name, one in inspect.signature(method).parameters.items() if one.default is one.empty]  # type: ignore[arg-type]
    return {name: known.get(name, f"some-{name}") for name in needed}


def test_the_client_reaches_every_call_and_reads_its_example(world: World, tmp_path: Path) -> None:
    echo = EchoServer(world.app.routes.openapi())
    with Client("http://oratio", "token", transport=echo) as client:
        for name, method in inspect.getmembers(client, inspect.ismethod):
            if not name.startswith("_") and name not in _NO_CALLS:
                told = method(**_arguments(method, tmp_path / "call.wav"))
                if isinstance(told, Iterator):
                    assert next(told), name

    assert echo.calls - echo.reached == _NOT_FOR_CLIENTS
