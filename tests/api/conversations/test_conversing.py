"""Turns over HTTP: as JSON, as events, with keys and with tokens; stored conversations."""

import asyncio
import json

import httpx
import pytest

from oratio.domain.conversations.conversation import Citation, Handoff, TurnResult
from oratio.domain.storage_layout import audio_key
from oratio.errors import AgentFailed, Unavailable
from tests.api.conftest import World, assert_problem, create

RESULT = TurnResult(
    answer="The basic plan costs 10.",
    answered=True,
    citations=(Citation(path="plans/prices.csv", excerpt="basic,10", score=0.9),),
    handoff=Handoff(reason="asked", summary="Wants a human"),
    model="scripted",
)


@pytest.fixture
async def agent_id(world: World, client: httpx.AsyncClient) -> str:
    made = await create(client)
    world.go_live("alice", made)
    world.runtime.result = RESULT
    return made


async def test_a_turn_answers_with_everything_the_contract_names(client: httpx.AsyncClient, agent_id: str) -> None:
    answer = await client.post(f"/api/agents/{agent_id}/invocations", json={"prompt": "What does basic cost?"})

    assert answer.status_code == 200
    body = answer.json()
    assert {
        "sessionId", "answer", "answered", "citations", "handoff", "sopSteps", "usage", "latencyMs",
    } <= set(body)  # fmt: skip
    assert body["answer"] == RESULT.answer
    assert body["citations"][0]["path"] == "plans/prices.csv"
    assert body["handoff"] == {"reason": "asked", "summary": "Wants a human"}
    assert body["version"] == 1


async def test_a_session_id_keeps_the_conversation(world: World, client: httpx.AsyncClient, agent_id: str) -> None:
    first = (await client.post(f"/api/agents/{agent_id}/invocations", json={"prompt": "One"})).json()
    again = {"prompt": "Two", "sessionId": first["sessionId"]}

    second = (await client.post(f"/api/agents/{agent_id}/invocations", json=again)).json()

    assert second["sessionId"] == first["sessionId"]
    assert [message.text for message in world.runtime.calls[1][2].history] == ["One", RESULT.answer]


async def test_a_turn_as_events_is_deltas_and_then_one_done(client: httpx.AsyncClient, agent_id: str) -> None:
    answer = await client.post(
        f"/api/agents/{agent_id}/invocations", json={"prompt": "Hello"}, headers={"Accept": "text/event-stream"}
    )

    assert answer.headers["content-type"].startswith("text/event-stream")
    events = parse(answer.text)
    assert [name for name, _ in events] == ["delta", "delta", "done"]
    assert events[0][1] == {"text": "Hold the "}
    assert events[-1][1]["answer"] == RESULT.answer
    assert events[-1][1]["sessionId"]


async def test_an_api_key_may_invoke_its_agent_and_nothing_else(
    world: World, client: httpx.AsyncClient, agent_id: str
) -> None:
    made = (await client.post(f"/api/agents/{agent_id}/api-keys", json={"name": "Web"})).json()
    async with world.client(None) as stranger:
        for headers in ({"Authorization": f"Bearer {made['key']}"}, {"X-API-Key": made["key"]}):
            good = await stranger.post(f"/api/agents/{agent_id}/invocations", json={"prompt": "Hi"}, headers=headers)
            assert good.status_code == 200
            assert_problem(await stranger.get("/api/agents", headers=headers), 403, "not_allowed")
            assert_problem(await stranger.get(f"/api/agents/{agent_id}", headers=headers), 403, "not_allowed")
            other = await stranger.post("/api/agents/other/invocations", json={"prompt": "Hi"}, headers=headers)
            assert_problem(other, 404, "not_found")


async def test_a_keys_scope_and_origin_are_held(world: World, client: httpx.AsyncClient, agent_id: str) -> None:
    voice = (await client.post(f"/api/agents/{agent_id}/api-keys", json={"name": "V", "scopes": ["voice"]})).json()
    page = {"name": "P", "origins": ["https://shop.example"]}
    site = (await client.post(f"/api/agents/{agent_id}/api-keys", json=page)).json()
    url = f"/api/agents/{agent_id}/invocations"
    async with world.client(None) as stranger:
        no = await stranger.post(url, json={"prompt": "Hi"}, headers={"X-API-Key": voice["key"]})
        assert_problem(no, 403, "not_allowed")
        no = await stranger.post(url, json={"prompt": "Hi"}, headers={"X-API-Key": site["key"]})
        assert_problem(no, 403, "not_allowed")
        headers = {"X-API-Key": site["key"], "Origin": "https://shop.example"}
        assert (await stranger.post(url, json={"prompt": "Hi"}, headers=headers)).status_code == 200


async def test_a_key_is_shown_once_and_ends_when_revoked(
    world: World, client: httpx.AsyncClient, agent_id: str
) -> None:
    made = (await client.post(f"/api/agents/{agent_id}/api-keys", json={"name": "Web"})).json()
    assert {"keyId", "key", "prefix", "scopes"} <= set(made)
    url = f"/api/agents/{agent_id}/invocations"
    async with world.client(None) as stranger:
        await stranger.post(url, json={"prompt": "Hi"}, headers={"X-API-Key": made["key"]})
        listed = (await client.get(f"/api/agents/{agent_id}/api-keys")).json()
        assert listed["keys"][0]["prefix"] == made["prefix"]
        assert listed["keys"][0]["lastUsedAt"] is not None
        assert made["key"] not in json.dumps(listed)
        assert (await client.delete(f"/api/agents/{agent_id}/api-keys/{made['keyId']}")).status_code == 204
        no = await stranger.post(url, json={"prompt": "Hi"}, headers={"X-API-Key": made["key"]})
        assert_problem(no, 401, "not_authenticated")
    assert_problem(await client.delete(f"/api/agents/{agent_id}/api-keys/none"), 404, "not_found")


@pytest.mark.parametrize(
    ("body", "loc"),
    [
        ({}, ("name",)),
        ({"name": ""}, ("name",)),
        ({"name": "x" * 101}, ("name",)),
        ({"name": "x", "scopes": []}, ("scopes",)),
        ({"name": "x", "scopes": ["admin"]}, ("scopes", "0")),
        ({"name": "x", "expiresAt": 1}, ("expiresAt",)),
        ({"name": "x", "expiresAt": "soon"}, ("expiresAt",)),
        ({"name": "x", "userId": "bob"}, ("userId",)),
    ],
)
async def test_a_bad_key_request_names_its_field(
    client: httpx.AsyncClient, agent_id: str, body: dict[str, object], loc: tuple[str, ...]
) -> None:
    assert_problem(await client.post(f"/api/agents/{agent_id}/api-keys", json=body), 422, "invalid_input", loc)
    assert (await client.get(f"/api/agents/{agent_id}/api-keys")).json() == {"keys": []}


@pytest.mark.parametrize(
    ("body", "loc"),
    [
        ({}, ("prompt",)),
        ({"prompt": ""}, ("prompt",)),
        ({"prompt": "  \n"}, ("prompt",)),
        ({"prompt": "x" * 20_001}, ("prompt",)),
        ({"prompt": 7}, ("prompt",)),
        ({"prompt": "hi", "sessionId": "short"}, ("sessionId",)),
        ({"prompt": "hi", "sessionId": "../../../etc/passwd"}, ("sessionId",)),
        ({"prompt": "hi", "sessionId": "x" * 129}, ("sessionId",)),
        ({"prompt": "hi", "history": []}, ("history",)),
    ],
)
async def test_a_bad_turn_names_its_field(
    world: World, client: httpx.AsyncClient, agent_id: str, body: dict[str, object], loc: tuple[str, ...]
) -> None:
    for accept in ("application/json", "text/event-stream"):
        answer = await client.post(f"/api/agents/{agent_id}/invocations", json=body, headers={"Accept": accept})
        assert_problem(answer, 422, "invalid_input", loc)
    assert world.runtime.calls == []
    assert (await client.get(f"/api/agents/{agent_id}/conversations")).json()["conversations"] == []


async def test_a_lone_surrogate_in_a_prompt_is_refused(client: httpx.AsyncClient, agent_id: str) -> None:
    answer = await client.post(
        f"/api/agents/{agent_id}/invocations",
        content=rb'{"prompt": "\ud800"}',
        headers={"Content-Type": "application/json"},
    )

    assert_problem(answer, 422, "invalid_input", ("prompt",))


@pytest.mark.parametrize("body", [b"{", b"", b"nope", b"\xff\xfe", b"[" * 5000])
async def test_a_body_that_is_not_json_is_refused(client: httpx.AsyncClient, agent_id: str, body: bytes) -> None:
    answer = await client.post(
        f"/api/agents/{agent_id}/invocations", content=body, headers={"Content-Type": "application/json"}
    )

    assert answer.status_code in (400, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def test_an_agent_that_is_not_active_is_a_conflict(client: httpx.AsyncClient) -> None:
    made = await create(client)

    for accept in ("application/json", "text/event-stream"):
        answer = await client.post(f"/api/agents/{made}/invocations", json={"prompt": "hi"}, headers={"Accept": accept})
        assert_problem(answer, 409, "conflict")
    assert_problem(await client.post(f"/api/agents/{made}/voice-tickets"), 409, "conflict")


async def test_an_agent_that_fails_is_a_502_and_a_host_that_is_away_a_503(
    world: World, client: httpx.AsyncClient, agent_id: str
) -> None:
    world.runtime.failure = AgentFailed("the agent passed its deadline")
    assert_problem(await client.post(f"/api/agents/{agent_id}/invocations", json={"prompt": "hi"}), 502, "agent_failed")
    world.runtime.failure = Unavailable("the agent host does not answer")
    answer = await client.post(f"/api/agents/{agent_id}/invocations", json={"prompt": "hi"})
    assert_problem(answer, 503, "unavailable")
    assert answer.headers["retry-after"]


async def test_a_failure_amid_a_stream_is_its_last_event(
    world: World, client: httpx.AsyncClient, agent_id: str
) -> None:
    world.runtime.failure_after_delta = AgentFailed("the agent stopped")

    answer = await client.post(
        f"/api/agents/{agent_id}/invocations", json={"prompt": "hi"}, headers={"Accept": "text/event-stream"}
    )

    events = parse(answer.text)
    assert [name for name, _ in events] == ["delta", "error"]
    assert events[-1][1]["code"] == "agent_failed"


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
async def test_a_client_that_goes_away_stops_its_turn(world: World, agent_id: str, accept: str) -> None:
    world.runtime.hold = held = asyncio.Event()
    leave = asyncio.Event()
    body = [{"type": "http.request", "body": b'{"prompt": "hi"}', "more_body": False}]

    async def receive() -> dict[str, object]:
        if body:
            return body.pop()
        await leave.wait()
        return {"type": "http.disconnect"}

    async def send(_message: object) -> None:
        return

    headers = {**world.bearer(), "accept": accept, "content-type": "application/json", "content-length": "16"}
    scope = {
        "type": "http", "method": "POST", "path": f"/api/agents/{agent_id}/invocations", "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()], "state": {},
    }  # fmt: skip
    call = asyncio.create_task(world.app(scope, receive, send))
    await asyncio.wait_for(held.wait(), 10)
    leave.set()
    await asyncio.wait_for(call, 10)

    assert world.runtime.cancelled == 1


async def test_conversations_are_listed_and_shown_with_their_turns(client: httpx.AsyncClient, agent_id: str) -> None:
    asked = (await client.post(f"/api/agents/{agent_id}/invocations", json={"prompt": "Hello"})).json()

    listed = (await client.get(f"/api/agents/{agent_id}/conversations")).json()
    shown = (await client.get(f"/api/conversations/{asked['sessionId']}")).json()

    assert [head["conversationId"] for head in listed["conversations"]] == [asked["sessionId"]]
    assert listed["conversations"][0]["outcome"] == "handed_off"
    assert shown["transcript"][0]["prompt"] == "Hello"
    assert shown["transcript"][0]["result"]["answer"] == RESULT.answer
    assert shown["transcript"][0]["latencyMs"] >= 0


async def test_another_tenants_conversation_is_404(world: World, client: httpx.AsyncClient, agent_id: str) -> None:
    asked = (await client.post(f"/api/agents/{agent_id}/invocations", json={"prompt": "Hello"})).json()
    async with world.client("bob") as bob:
        assert_problem(await bob.get(f"/api/conversations/{asked['sessionId']}"), 404, "not_found")
        assert_problem(await bob.get(f"/api/conversations/{asked['sessionId']}/audio"), 404, "not_found")


async def test_a_recording_comes_as_wav_and_is_404_when_there_is_none(
    world: World, client: httpx.AsyncClient, agent_id: str
) -> None:
    asked = (await client.post(f"/api/agents/{agent_id}/invocations", json={"prompt": "Hello"})).json()
    url = f"/api/conversations/{asked['sessionId']}/audio"
    assert_problem(await client.get(url), 404, "not_found")
    world.platform.recordings.put(audio_key("alice", agent_id, asked["sessionId"]), b"RIFF....WAVE", tags={})

    answer = await client.get(url)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "audio/wav"
    assert answer.content == b"RIFF....WAVE"


def parse(text: str) -> list[tuple[str, dict[str, object]]]:
    found = []
    for block in text.strip().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "event" in lines:
            found.append((lines["event"], json.loads(lines["data"])))
    return found
