"""Who gets in: tokens, keys, tickets; and what every answer carries."""

import base64
import json
import logging

import httpx
import jwt
import pytest

from oratio.adapters.local.identity import ISSUER
from oratio.errors import NotAllowed, NotAuthenticated, NotFound
from tests.api.conftest import World, assert_problem, create

_PUBLIC = ("/healthz", "/metrics", "/.well-known/jwks.json", "/openapi.json", "/api/system")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": "Basic YTpi"},
        {"Authorization": "Bearer not-a-token"},
        {"Authorization": "Bearer a.b.c"},
        {"Authorization": "Bearer " + "x" * 9000},
        {"Authorization": "Bearer orat_live_wrong"},
        {"X-API-Key": "orat_live_wrong"},
        {"X-API-Key": "secret"},
    ],
)
async def test_without_a_good_token_nothing_is_told(world: World, headers: dict[str, str]) -> None:
    async with world.client(None) as stranger:
        for method, path in (("GET", "/api/agents"), ("POST", "/api/agents"), ("GET", "/api/nothing"), ("GET", "/")):
            answer = await stranger.request(method, path, headers=headers)
            assert_problem(answer, 401, "not_authenticated")
            assert answer.headers["www-authenticate"] == "Bearer"


async def test_forged_tokens_are_refused(world: World) -> None:
    good = world.token()
    header, claims, signature = good.split(".")
    now = world.platform.clock.now_ms() // 1000
    body = {"iss": ISSUER, "sub": "alice", "aud": "oratio", "iat": now, "exp": now + 60}
    kid = jwt.get_unverified_header(good)["kid"]
    assert world.platform.token_issuer is not None
    public = json.dumps(dict(world.platform.token_issuer.jwks()))
    forged = [
        jwt.encode(body, "", algorithm="none", headers={"kid": kid}),
        jwt.encode(body, base64.b64encode(public.encode()).decode(), algorithm="HS256", headers={"kid": kid}),
        f"{header}.{claims}.{signature[:-4]}AAAA",
        f"{header}.{_encode({**body, 'sub': 'bob'})}.{signature}",
        f"{_encode({'alg': 'RS256', 'kid': 'other'})}.{claims}.{signature}",
        f"{_encode({'alg': 'RS256'})}.{claims}.{signature}",
    ]
    async with world.client(None) as stranger:
        for token in forged:
            answer = await stranger.get("/api/agents", headers={"Authorization": f"Bearer {token}"})
            assert_problem(answer, 401, "not_authenticated")


async def test_public_calls_need_no_token(world: World) -> None:
    async with world.client(None) as stranger:
        for path in _PUBLIC:
            assert (await stranger.get(path)).status_code == 200, path
        ready = await stranger.get("/readyz")
        assert ready.status_code == 503
        assert ready.json()["checks"]["records"]["ok"] is True
        assert ready.json()["checks"]["objects"]["ok"] is True
        assert ready.json()["checks"]["prefect"]["ok"] is False


async def test_the_system_says_plainly_what_answers(world: World) -> None:
    async with world.client(None) as stranger:
        told = (await stranger.get("/api/system")).json()
    assert told["model"] == "builtin"
    assert "without a language model" in told["answersBy"]
    assert set(told["urls"]) == {"api", "console", "prefect", "voice"}


async def test_unknown_addresses_and_methods_are_problems(client: httpx.AsyncClient) -> None:
    assert_problem(await client.get("/api/nothing"), 404, "not_found")
    assert_problem(await client.put("/api/agents"), 405, "method_not_allowed")
    assert_problem(await client.options("/api/agents"), 405, "method_not_allowed")


async def test_every_answer_carries_the_security_headers_and_no_cors(world: World, client: httpx.AsyncClient) -> None:
    for path in ("/healthz", "/api/agents", "/api/nothing"):
        headers = (await client.get(path, headers={"Origin": "https://evil.example"})).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert "content-security-policy" in headers
        assert headers["x-request-id"]
        assert not any(name.startswith("access-control") for name in headers)
        assert "server" not in headers


async def test_an_unforeseen_error_says_nothing_of_itself_and_is_logged_with_its_request(
    world: World, client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode(*_args: object, **_more: object) -> None:
        raise RuntimeError("secret internals")

    monkeypatch.setattr(world.services.agents, "page", explode)

    answer = await client.get("/api/agents")

    assert_problem(answer, 500, "internal")
    assert "secret" not in answer.text
    assert answer.headers["x-request-id"] in answer.json()["detail"]
    assert answer.headers["x-request-id"] in caplog.text


async def test_the_access_log_holds_no_body_query_or_token(
    world: World, client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    agent_id = await create(client, sop="CANARY-SOP 1. Greet.")
    await client.get("/api/agents", params={"cursor": "CANARY-QUERY"})
    world.go_live("alice", agent_id)
    await client.post(f"/api/agents/{agent_id}/invocations", json={"prompt": "CANARY-PROMPT"})

    ours = [record.getMessage() for record in caplog.records if record.name.startswith("oratio")]

    assert any("POST /api/agents 202" in line for line in ours)
    assert not any("CANARY" in line or "Bearer" in line or "eyJ" in line for line in ours)


async def test_a_small_call_takes_no_large_body(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/agents/x/api-keys", content=b"x" * 600_000)
    assert_problem(answer, 413, "too_large")


async def test_openapi_tells_every_call_with_its_problems(world: World) -> None:
    async with world.client(None) as stranger:
        document = (await stranger.get("/openapi.json")).json()
    contract = {
        ("/api/agents", "post"), ("/api/agents", "get"), ("/api/agents/{agentId}", "get"),
        ("/api/agents/{agentId}", "delete"), ("/api/agents/{agentId}/events", "get"),
        ("/api/agents/{agentId}/retry", "post"), ("/api/agents/{agentId}/versions", "post"),
        ("/api/agents/{agentId}/versions", "get"), ("/api/agents/{agentId}/versions/{number}", "get"),
        ("/api/agents/{agentId}/versions/{number}/activate", "post"), ("/api/agents/{agentId}/api-keys", "post"),
        ("/api/agents/{agentId}/api-keys", "get"), ("/api/agents/{agentId}/api-keys/{keyId}", "delete"),
        ("/api/agents/{agentId}/invocations", "post"), ("/api/agents/{agentId}/voice-tickets", "post"),
        ("/api/agents/{agentId}/conversations", "get"), ("/api/conversations/{conversationId}", "get"),
        ("/api/conversations/{conversationId}/audio", "get"), ("/healthz", "get"), ("/readyz", "get"),
        ("/metrics", "get"),
    }  # fmt: skip
    assert contract <= {(path, method) for path, calls in document["paths"].items() for method in calls}
    for path, method in contract:
        call = document["paths"][path][method]
        if path.startswith("/api/"):
            assert "application/problem+json" in call["responses"]["401"]["content"]
            assert call["security"]
    form = document["paths"]["/api/agents"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert set(form["required"]) == {*form["properties"]} - {"folderFileDescriptions", "files", "uploadId"}
    _assert_references_hold(document, document)


def _assert_references_hold(node: object, document: dict[str, object]) -> None:
    if isinstance(node, list):
        for item in node:
            _assert_references_hold(item, document)
    elif isinstance(node, dict):
        if isinstance(reference := node.get("$ref"), str):
            target: object = document
            for part in reference.removeprefix("#/").split("/"):
                assert isinstance(target, dict)
                assert part in target, reference
                target = target[part]
        for value in node.values():
            _assert_references_hold(value, document)


async def test_a_ticket_is_good_once_for_its_agent_and_origin(world: World, client: httpx.AsyncClient) -> None:
    agent_id = await create(client)
    world.go_live("alice", agent_id)
    other = await create(client, agentName="Other")
    world.go_live("alice", other)

    async def ticket(origin: str | None = None) -> str:
        answer = await client.post(f"/api/agents/{agent_id}/voice-tickets", json={"origin": origin} if origin else {})
        assert answer.status_code == 201
        body = answer.json()
        assert body["websocketUrl"].endswith(f"/v1/agents/{agent_id}/voice")
        assert 0 < body["expiresAt"] - world.platform.clock.now_ms() <= 60_000
        return str(body["ticket"])

    access = world.services.access
    first = await ticket()
    assert access.redeem(first, agent_id).user_id == "alice"
    with pytest.raises(NotAuthenticated):
        access.redeem(first, agent_id)
    with pytest.raises(NotFound):
        access.redeem(await ticket(), other)
    with pytest.raises(NotAllowed):
        access.redeem(await ticket("https://shop.example"), agent_id, origin="https://evil.example")
    with pytest.raises(NotAuthenticated):
        access.redeem((await ticket())[:-2] + "AA", agent_id)
    assert access.redeem(await ticket("https://shop.example"), agent_id, origin="https://shop.example").key is None


async def test_a_ticket_ends_with_the_key_it_was_made_with(world: World, client: httpx.AsyncClient) -> None:
    agent_id = await create(client)
    world.go_live("alice", agent_id)
    made = (await client.post(f"/api/agents/{agent_id}/api-keys", json={"name": "Web"})).json()
    async with world.client(None) as browser:
        answer = await browser.post(f"/api/agents/{agent_id}/voice-tickets", headers={"X-API-Key": made["key"]})
    await client.delete(f"/api/agents/{agent_id}/api-keys/{made['keyId']}")

    with pytest.raises(NotAuthenticated):
        world.services.access.redeem(answer.json()["ticket"], agent_id)


def _encode(value: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
