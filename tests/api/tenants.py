"""Every call of the API as the OpenAPI document tells it, and one synchronous caller for each tenant."""

import asyncio
import logging
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import httpx

from tests.api.conftest import FORM, World

METHODS = ("get", "post", "put", "delete")
_PARAMETER = re.compile(r"{(\w+)}")
# What a call needs beside its address; the form's text is the caller's own.
BODIES: Mapping[tuple[str, str], dict[str, Any]] = {
    ("post", "/api/agents"): {"data": FORM, "files": [("files", ("a.md", b"# A\n"))]},
    ("post", "/api/agents/{agentId}/versions"): {"data": {}, "files": [("files", ("b.md", b"# B\n"))]},
    ("post", "/api/agents/{agentId}/api-keys"): {"json": {"name": "a key"}},
    ("post", "/api/agents/{agentId}/invocations"): {"json": {"prompt": "Hello?"}},
    ("post", "/api/agents/{agentId}/voice-tickets"): {"json": {}},
    ("post", "/api/agents/{agentId}/versions/{number}/activate"): {"json": {}},
    ("post", "/api/agents/{agentId}/versions/{number}/replay"): {"json": {}},
    ("post", "/api/agents/{agentId}/searches"): {"json": {"query": "power button"}},
    ("post", "/api/sop/check"): {"json": {"sop": "1. Ask for the name."}},
    ("post", "/api/uploads"): {"json": {"files": [{"path": "a.md", "size": 1, "sha256": "a" * 64}]}},
    ("put", "/api/uploads/{uploadId}/files/{sha256}"): {"content": b"x"},
    ("post", "/api/webhooks"): {"json": {"url": "https://hooks.example/a", "events": ["agent.active"]}},
    ("get", "/api/agents/{agentId}/versions/{number}/diff"): {"params": {"against": 1}},
}


class Operation(NamedTuple):
    """One call of the API: its method and its address with `{names}` in it."""

    method: str
    path: str

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(_PARAMETER.findall(self.path))

    @property
    def body(self) -> dict[str, Any]:
        return BODIES.get((self.method, self.path), {})

    def address(self, values: Mapping[str, str]) -> str:
        return _PARAMETER.sub(lambda match: values[match[1]], self.path)


def operations(world: World) -> list[Operation]:
    """Every call that names something of a tenant's."""
    paths = world.app.routes.openapi()["paths"]
    found = [Operation(method, path) for path, calls in paths.items() for method in METHODS if method in calls]
    return [operation for operation in found if operation.names]


class Remembering(logging.Handler):
    """Keeps every line logged while it is installed."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


class Callers:
    """Speaks to one world as any tenant, from code that is not async."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._runner = asyncio.Runner()
        self._http = httpx.AsyncClient(transport=httpx.ASGITransport(world.app), base_url="http://oratio")
        self._tokens: dict[str, str] = {}
        self.requests = 0

    def close(self) -> None:
        self._runner.run(self._http.aclose())
        self._runner.close()

    def call(self, user_id: str, method: str, path: str, *, key: str | None = None, **parts: Any) -> httpx.Response:
        """One request with the tenant's token, or with an API key."""
        token = key or self._tokens.setdefault(user_id, self.world.token(user_id))
        headers = {"Authorization": f"Bearer {token}", **parts.pop("headers", {})}
        self.requests += 1
        return self._runner.run(self._http.request(method, path, headers=headers, **parts))


def shape(answer: httpx.Response, values: Mapping[str, str]) -> tuple[int, str, frozenset[str]]:
    """What a refusal looks like to who gets it, with the ids it was asked with taken out."""
    text = answer.text
    for name, value in values.items():
        text = text.replace(value, f"<{name}>")
    return answer.status_code, text, frozenset(answer.headers)
