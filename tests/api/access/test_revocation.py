"""A key that is revoked while its turn is being answered: the turn ends, and its caller is told why."""

import asyncio
import json

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from oratio.api.middleware import revocation
from oratio.errors import Unavailable
from tests.api.conftest import World, assert_problem, create
from tests.api.live import serving


@pytest.fixture
async def agent_id(world: World, client: httpx.AsyncClient) -> str:
    made = await create(client)
    world.go_live("alice", made)
    return made


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    assert revocation.CHECK_S < 10
    monkeypatch.setattr(revocation, "CHECK_S", 0.05)


async def revoked_while_asking(world: World, client: httpx.AsyncClient, agent_id: str, accept: str) -> httpx.Response:
    """What a caller gets whose key is revoked once the agent has begun to speak, and would never end."""
    made = (await client.post(f"/api/agents/{agent_id}/api-keys", json={"name": "Web"})).json()
    world.runtime.hold = asyncio.Event()
    with serving(world) as base:
        async with httpx.AsyncClient(base_url=base, timeout=60) as caller:
            headers = {"X-API-Key": made["key"], "Accept": accept}
            path = f"/api/agents/{agent_id}/invocations"
            asking = asyncio.create_task(caller.post(path, json={"prompt": "Hi"}, headers=headers))
            while not world.runtime.hold.is_set():
                await asyncio.sleep(0.01)
            assert (await client.delete(f"/api/agents/{agent_id}/api-keys/{made['keyId']}")).status_code == 204
            return await asking


async def test_a_stream_of_a_revoked_key_ends_with_the_problem(
    world: World, client: httpx.AsyncClient, agent_id: str
) -> None:
    answer = await revoked_while_asking(world, client, agent_id, "text/event-stream")

    assert answer.status_code == 200
    blocks = [block for block in answer.text.split("\n\n") if block]
    assert [block.split("\n")[0] for block in blocks] == ["event: delta", "event: delta", "event: error"]
    problem = json.loads(blocks[-1].split("data: ")[1])
    assert (problem["status"], problem["code"]) == (401, "not_authenticated")
    assert world.runtime.cancelled == 1


async def test_an_answer_to_a_revoked_key_is_a_refusal(world: World, client: httpx.AsyncClient, agent_id: str) -> None:
    answer = await revoked_while_asking(world, client, agent_id, "application/json")

    assert_problem(answer, 401, "not_authenticated")
    assert world.runtime.cancelled == 1


async def test_a_turn_goes_on_while_its_key_is_valid() -> None:
    loop, looked_twice = asyncio.get_running_loop(), asyncio.Event()
    looks: list[int] = []
    sent: list[Message] = []

    def valid() -> bool:
        looks.append(1)
        if len(looks) == 1:
            raise Unavailable("the records do not answer")
        if len(looks) > 2:
            loop.call_soon_threadsafe(looked_twice.set)
        return True

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await looked_twice.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    await revocation.while_valid(app, {"type": "http"}, receive, send, valid=valid)

    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
