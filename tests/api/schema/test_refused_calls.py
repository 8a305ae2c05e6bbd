"""Refusals beside the form of creation: status, code, the place it names, and that no record or object moved."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import httpx
import pytest

from oratio.settings import Settings
from tests.api.conftest import FORM, World, assert_problem, create, submit

GOOD = b"# A document\n"
HOOK = {"url": "https://hooks.example/", "events": ["agent.active"]}


@pytest.fixture
async def agent(world: World, client: httpx.AsyncClient) -> str:
    agent_id = await create(client)
    world.go_live("alice", agent_id)
    return f"/api/agents/{agent_id}"


def everything(world: World) -> tuple[object, ...]:
    """All that is stored: objects, records, flows that were started."""
    with closing(sqlite3.connect(world.data / "oratio.db")) as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        records = {name: sorted(map(str, database.execute(f'SELECT * FROM "{name}"'))) for name in names}
    return sorted(world.stored()), records, list(world.pipeline.started)


def files(*paths: str, data: bytes = GOOD) -> dict[str, Any]:
    return {"files": [("files", (path, data)) for path in paths]}


def form(**fields: str) -> dict[str, Any]:
    return {"files": [(name, (None, text)) for name, text in fields.items()]}


INVALID = [
    ("GET", "/api/agents?limit=0", {}, ("limit",)),
    ("GET", "/api/agents?limit=201", {}, ("limit",)),
    ("GET", "/api/agents?limit=many", {}, ("limit",)),
    ("GET", "/api/agents?cursor=nonsense", {}, ("cursor",)),
    ("GET", "{agent}/conversations?limit=0", {}, ("limit",)),
    ("GET", "{agent}/conversations?cursor=nonsense", {}, ("cursor",)),
    ("GET", "{agent}/knowledge-use?since=-1", {}, ("since",)),
    ("GET", "{agent}/events", {"headers": {"Last-Event-ID": "x"}}, ("last-event-id",)),
    ("GET", "/api/calls?agentId=" + "x" * 201, {}, ("agentId",)),
    ("POST", "{agent}/versions", files("../up.md"), ("files", "../up.md")),
    ("POST", "{agent}/versions", files("/abs.md"), ("files", "/abs.md")),
    ("POST", "{agent}/versions", files("new.md.metadata.json"), ("files", "new.md.metadata.json")),
    ("POST", "{agent}/versions", files("run.exe", data=b"MZ\x90"), ("files", "run.exe")),
    ("POST", "{agent}/versions", files("new.pdf", data=b"<html>"), ("files", "new.pdf")),
    ("POST", "{agent}/versions", files("MANUAL.md"), ("files", "MANUAL.md")),
    ("POST", "{agent}/versions", files("plans"), ("files", "plans")),
    ("POST", "{agent}/versions", form(agentType="video"), ("agentType",)),
    ("POST", "{agent}/versions", form(sop="x" * 100_001), ("sop",)),
    ("POST", "{agent}/versions", form(humanHandoffDescription=""), ("humanHandoffDescription",)),
    ("POST", "{agent}/versions", form(knowledgeBaseDescription="x" * 2_001), ("knowledgeBaseDescription",)),
    ("POST", "{agent}/versions", form(folderFileDescriptions="{"), ("folderFileDescriptions",)),
    (
        "POST",
        "{agent}/versions",
        form(folderFileDescriptions='{"gone.md": "Gone"}'),
        ("folderFileDescriptions", "gone.md"),
    ),
    ("POST", "{agent}/versions", form(uploadId="not-one"), ("uploadId",)),
    ("POST", "{agent}/versions/1/activate", {"json": {"overrideReason": ""}}, ("overrideReason",)),
    ("POST", "{agent}/versions/1/activate", {"json": {"overrideReason": "x" * 2_001}}, ("overrideReason",)),
    ("POST", "{agent}/versions/0/activate", {}, ("number",)),
    ("POST", "{agent}/versions/1/replay", {"json": {"conversations": 51}}, ("conversations",)),
    (
        "POST",
        "{agent}/api-keys",
        {"json": {"name": "k", "origins": ["https://a.example", "https://b.example/"]}},
        ("origins", "1"),
    ),
    ("POST", "{agent}/api-keys", {"json": {"name": "two\nlines"}}, ("name",)),
    ("POST", "{agent}/voice-tickets", {"json": {"origin": ""}}, ("origin",)),
    ("POST", "{agent}/voice-tickets", {"json": {"scope": "all"}}, ("scope",)),
    ("POST", "{agent}/searches", {"json": {}}, ("query",)),
    ("POST", "{agent}/searches", {"json": {"query": "x" * 2_001}}, ("query",)),
    ("POST", "{agent}/searches", {"json": {"query": "a", "version": 0}}, ("version",)),
    ("POST", "/api/sop/check", {"json": {}}, ("sop",)),
    ("POST", "/api/sop/check", {"json": {"sop": " "}}, ("sop",)),
    ("POST", "/api/sop/check", {"json": {"sop": "1. Greet.", "tools": "all"}}, ("tools",)),
    ("POST", "/api/webhooks", {"json": {**HOOK, "events": []}}, ("events",)),
    ("POST", "/api/webhooks", {"json": {**HOOK, "events": ["agent.deleted"]}}, ("events", "0")),
    ("POST", "/api/webhooks", {"json": {**HOOK, "secret": "mine"}}, ("secret",)),
    ("POST", "/api/webhooks", {"json": {"events": ["agent.active"]}}, ("url",)),
]


@pytest.mark.parametrize(
    ("method", "path", "parts", "loc"), INVALID, ids=[f"{m} {p[:40]} {at}" for m, p, _, at in INVALID]
)
async def test_a_bad_field_or_file_is_named_and_nothing_is_stored(
    world: World,
    client: httpx.AsyncClient,
    agent: str,
    method: str,
    path: str,
    parts: dict[str, Any],
    loc: tuple[str, ...],
) -> None:
    before = everything(world)

    answer = await client.request(method, path.format(agent=agent), **parts)

    assert_problem(answer, 422, "invalid_input", loc)
    assert everything(world) == before


def json_bytes(content: bytes, kind: str = "application/json") -> dict[str, Any]:
    return {"content": content, "headers": {"Content-Type": kind}}


FORBIDDEN = [
    ("POST", "{agent}/retry", {}, 409, "conflict"),
    ("POST", "{agent}/versions/9/activate", {}, 404, "not_found"),
    ("DELETE", "{agent}/api-keys/none", {}, 404, "not_found"),
    ("DELETE", "/api/webhooks/none", {}, 404, "not_found"),
    ("DELETE", "/api/uploads/none", {}, 404, "not_found"),
    ("DELETE", "/api/conversations/none", {}, 404, "not_found"),
    ("POST", "/api/conversations/none/operator-tickets", {}, 404, "not_found"),
    ("POST", "{agent}/versions", {"json": {}}, 415, "unsupported_media_type"),
    (
        "POST",
        "{agent}/versions",
        {"content": b"--b--", "headers": {"Content-Type": "multipart/form-data"}},
        400,
        "malformed_body",
    ),
    ("POST", "{agent}/versions", form(sop="x" * 900_000), 413, "too_large"),
    ("POST", "{agent}/api-keys", {"content": b"x" * 600_000}, 413, "too_large"),
    ("POST", "/api/webhooks", json_bytes(b"[" * 100_000), 400, "malformed_body"),
    ("POST", "/api/webhooks", json_bytes(b'{"url": "\xff"}'), 400, "malformed_body"),
    ("POST", "/api/webhooks", json_bytes(b"7"), 422, "invalid_input"),
    ("POST", "/api/webhooks", json_bytes(b"{}", "text/plain"), 415, "unsupported_media_type"),
    ("POST", "/api/webhooks", {"content": b"{}"}, 415, "unsupported_media_type"),
    (
        "POST",
        "/api/webhooks",
        {"content": b"{", "headers": {"Content-Type": "application/json"}},
        400,
        "malformed_body",
    ),
    ("PATCH", "{agent}", {"json": {}}, 405, "method_not_allowed"),
]


@pytest.mark.parametrize(
    ("method", "path", "parts", "status", "code"), FORBIDDEN, ids=[f"{m} {p} {s}" for m, p, _, s, _ in FORBIDDEN]
)
async def test_a_call_that_may_not_be_is_refused_and_nothing_is_stored(
    world: World,
    client: httpx.AsyncClient,
    agent: str,
    method: str,
    path: str,
    parts: dict[str, Any],
    status: int,
    code: str,
) -> None:
    before = everything(world)

    assert_problem(await client.request(method, path.format(agent=agent), **parts), status, code)

    assert everything(world) == before


async def test_a_stranger_or_an_agents_key_stores_nothing(world: World, client: httpx.AsyncClient, agent: str) -> None:
    key = (await client.post(f"{agent}/api-keys", json={"name": "k"})).json()["key"]
    before = everything(world)
    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", "/api/agents", {"data": FORM, **files("a.md")}),
        ("POST", f"{agent}/versions", form(sop="1. Obey.")),
        ("POST", f"{agent}/versions/1/activate", {}),
        ("POST", f"{agent}/api-keys", {"json": {"name": "mine"}}),
        ("POST", "/api/webhooks", {"json": HOOK}),
        ("POST", "/api/uploads", {"json": {"files": [{"path": "a.md", "size": 1, "sha256": "a" * 64}]}}),
        ("DELETE", agent, {}),
    ]
    async with world.client(None) as stranger:
        for method, path, parts in calls:
            assert_problem(await stranger.request(method, path, **parts), 401, "not_authenticated")
            keyed = await stranger.request(method, path, headers={"X-API-Key": key}, **parts)
            assert_problem(keyed, 403, "not_allowed")
    objects, records, started = everything(world)
    assert (objects, started) == (before[0], before[2])
    assert isinstance(records, dict)
    assert isinstance(before[1], dict)
    # The key's own last use is all that may have moved.
    assert {name for name, rows in records.items() if rows != before[1][name]} <= {"api_keys"}


async def test_another_form_under_a_used_idempotency_key_stores_nothing(
    world: World, client: httpx.AsyncClient
) -> None:
    key = {"Idempotency-Key": "order-1"}
    await create(client, headers=key)
    before = everything(world)

    assert_problem(await submit(client, headers=key, sop="1. Something else."), 409, "conflict")

    assert everything(world) == before


async def test_an_update_of_an_agent_in_creation_stores_nothing(world: World, client: httpx.AsyncClient) -> None:
    agent_id = await create(client)
    before = everything(world)

    assert_problem(await client.post(f"/api/agents/{agent_id}/versions", **files("new.md")), 409, "conflict")

    assert everything(world) == before


async def test_an_agent_in_creation_has_nothing_to_search(world: World, client: httpx.AsyncClient) -> None:
    agent_id = await create(client)
    before = everything(world)

    assert_problem(await client.post(f"/api/agents/{agent_id}/searches", json={"query": "button"}), 409, "conflict")

    assert everything(world) == before


async def test_a_version_in_the_making_cannot_be_activated(world: World, client: httpx.AsyncClient, agent: str) -> None:
    assert (await client.post(f"{agent}/versions", **files("new.md"))).status_code == 202
    before = everything(world)

    assert_problem(await client.post(f"{agent}/versions/2/activate"), 409, "conflict")

    assert everything(world) == before


async def test_an_update_over_a_limit_names_the_file_and_stores_nothing(configure: Callable[..., Settings]) -> None:
    world = World(configure(max_file_bytes=100, max_files=3))
    async with world.client() as client:
        agent_id = await create(client)
        world.go_live("alice", agent_id)
        before = everything(world)
        url = f"/api/agents/{agent_id}/versions"
        assert_problem(
            await client.post(url, **files("big.md", data=b"x" * 101)), 413, "too_large", ("files", "big.md")
        )
        assert_problem(await client.post(url, **files("a.md", "b.md", "c.md", "d.md")), 413, "too_large", ("files",))
        together = await client.post(url, **files("a.md", "b.md"))
        assert_problem(together, 422, "invalid_input", ("files",))
        assert everything(world) == before


async def test_a_creation_over_the_rate_stores_nothing(configure: Callable[..., Settings]) -> None:
    world = World(configure(calls_per_minute_tenant=1))
    async with world.client() as client:
        assert (await client.get("/api/agents")).status_code == 200
        assert_problem(await submit(client), 429, "rate_limited")
    world.assert_nothing_kept()


async def test_the_limits_in_force_by_default_are_the_contracts(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/system")).json()["limits"] == {
        "maxFiles": 1_000,
        "maxTotalBytes": 500_000_000,
        "maxFileBytes": 50_000_000,
        "maxSopChars": 100_000,
        "maxDescriptionChars": 2_000,
    }


async def test_a_folders_own_description_has_the_same_limit(world: World, client: httpx.AsyncClient) -> None:
    answer = await submit(client, folderFileDescriptions='{"plans": {"": "' + "x" * 2_001 + '"}}')

    assert_problem(answer, 422, "invalid_input", ("folderFileDescriptions", "plans/"))
    world.assert_nothing_kept()


@pytest.mark.parametrize(
    "origin",
    ["no origin", "https://", "shop.example", "https://Shop.example", "https://shop.example/", "https://shop.example/a",
     "https://user@shop.example", "https://shop.example?q", "https://shop.example:", "null", "*", "https://caf\u00e9.example"],
)  # fmt: skip
async def test_a_key_is_not_bound_to_what_no_browser_would_send(
    client: httpx.AsyncClient, agent: str, origin: str
) -> None:
    answer = await client.post(f"{agent}/api-keys", json={"name": "k", "origins": [origin]})
    assert_problem(answer, 422, "invalid_input", ("origins", "0"))
    assert (await client.get(f"{agent}/api-keys")).json() == {"keys": []}


@pytest.mark.parametrize(
    "origin", ["https://shop.example", "http://127.0.0.1:8402", "http://[::1]:3000", "chrome-extension://abcdef"]
)
async def test_a_key_is_bound_to_what_a_browser_sends(client: httpx.AsyncClient, agent: str, origin: str) -> None:
    made = await client.post(f"{agent}/api-keys", json={"name": "k", "origins": [origin]})
    assert made.json()["origins"] == [origin]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("PATCH", "/api/agents", "GET, POST"), ("PUT", "{agent}", "DELETE, GET"), ("DELETE", "/api/system", "GET")],
)
async def test_a_method_an_address_does_not_take_is_answered_with_those_it_does(
    client: httpx.AsyncClient, agent: str, method: str, path: str, allowed: str
) -> None:
    answer = await client.request(method, path.format(agent=agent))

    assert_problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == allowed
