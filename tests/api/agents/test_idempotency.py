"""Every creating call under an `Idempotency-Key`: made once, answered alike, also after a restart."""

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

import httpx
import pytest

from oratio.domain.agents.agent import Agent
from oratio.services.agents.agents import AgentService
from oratio.settings import Settings
from tests.api.conftest import World, assert_problem, create
from tests.api.schema.test_refusals import FORM_TYPE, form_body

KEY = {"Idempotency-Key": "order-7"}


class Creation(NamedTuple):
    """A call that makes something, the same call with another body, and the listing of what it makes."""

    path: str
    body: dict[str, Any]
    other: dict[str, Any]
    listed: str
    already: int = 0


def form(**fields: str) -> dict[str, Any]:
    return {"content": form_body([], fields), "headers": FORM_TYPE}


CREATIONS = {
    "version": Creation("{agent}/versions", form(sop="1. Say hello."), form(sop="1. Say no."), "versions", already=1),
    "key": Creation("{agent}/api-keys", {"json": {"name": "Site"}}, {"json": {"name": "Other"}}, "keys"),
    "webhook": Creation(
        "/api/webhooks",
        {"json": {"url": "https://hooks.example/a", "events": ["agent.active"]}},
        {"json": {"url": "https://hooks.example/b", "events": ["agent.active"]}},
        "webhooks",
    ),
}


async def send(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> httpx.Response:
    return await client.post(path, **{**body, "headers": {**body.get("headers", {}), **KEY}})


@pytest.mark.parametrize("name", CREATIONS)
async def test_parallel_duplicates_and_a_restart_make_one_and_answer_alike(
    configure: Callable[..., Settings], name: str
) -> None:
    creation = CREATIONS[name]
    world = World(configure())
    async with world.client() as client:
        agent_id = await create(client)
        world.go_live("alice", agent_id)
        path = creation.path.format(agent=f"/api/agents/{agent_id}")
        answers = await asyncio.gather(*(send(client, path, creation.body) for _ in range(20)))
    again = World(configure())
    async with again.client() as client, again.client("bob") as bob:
        answers += [await send(client, path, creation.body)]
        other = await send(client, path, creation.other)
        listed = (await client.get(path)).json()[creation.listed]
        theirs = await send(bob, path, creation.body)

    assert {answer.status_code for answer in answers} <= {201, 202}
    assert len({answer.text for answer in answers}) == 1
    assert_problem(other, 409, "conflict")
    assert len(listed) == creation.already + 1
    assert theirs.text != answers[0].text  # a tenant's key is its own


@pytest.mark.parametrize("name", CREATIONS)
async def test_a_malformed_idempotency_key_is_refused_and_nothing_made(
    world: World, client: httpx.AsyncClient, name: str
) -> None:
    creation = CREATIONS[name]
    agent_id = await create(client)
    world.go_live("alice", agent_id)
    path = creation.path.format(agent=f"/api/agents/{agent_id}")
    headers = {**creation.body.get("headers", {}), "Idempotency-Key": "x" * 201}

    answer = await client.post(path, **{**creation.body, "headers": headers})

    assert_problem(answer, 422, "invalid_input", ("Idempotency-Key",))
    assert len((await client.get(path)).json()[creation.listed]) == creation.already


async def test_a_refused_update_does_not_use_its_key_up(world: World, client: httpx.AsyncClient) -> None:
    agent_id = await create(client)
    path = f"/api/agents/{agent_id}/versions"
    assert_problem(await send(client, path, form(sop="1. Say hello.")), 409, "conflict")
    world.go_live("alice", agent_id)
    assert_problem(await send(client, path, form(sop="")), 422, "invalid_input", ("sop",))

    assert (await send(client, path, form(sop="1. Wave."))).json() == {"agentId": agent_id, "version": 2}


async def test_a_version_whose_submit_died_half_way_is_begun_by_the_next_one(
    world: World, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent_id = await create(client)
    world.go_live("alice", agent_id)
    path = f"/api/agents/{agent_id}/versions"

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(world.services.agents, "_begin", die)
        with pytest.raises(KeyboardInterrupt):
            await send(client, path, form(sop="1. Wave."))
    assert ("update", agent_id, 1) not in world.pipeline.started

    assert (await send(client, path, form(sop="1. Wave."))).json()["version"] == 2
    assert ("update", agent_id, 1) in world.pipeline.started
    assert len((await client.get(path)).json()["versions"]) == 2


async def test_a_key_made_again_under_its_idempotency_key_still_lets_in(
    world: World, client: httpx.AsyncClient
) -> None:
    agent_id = await create(client)
    world.go_live("alice", agent_id)
    path = f"/api/agents/{agent_id}/api-keys"
    await send(client, path, {"json": {"name": "Site"}})
    key = (await send(client, path, {"json": {"name": "Site"}})).json()["key"]

    async with world.client(None) as caller:
        asked = await caller.post(
            f"/api/agents/{agent_id}/invocations", json={"prompt": "Hi"}, headers={"X-API-Key": key}
        )
    assert asked.status_code == 200


async def test_of_two_updates_at_once_one_is_begun_and_the_other_refused(
    world: World, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent_id = await create(client)
    world.go_live("alice", agent_id)
    path = f"/api/agents/{agent_id}/versions"
    begin, first = AgentService._begin, True

    def beaten(self: AgentService, agent: Agent, number: int) -> None:
        """Another update is begun between this one's record and its beginning."""
        nonlocal first
        if first:
            first = False
            self.update("alice", agent_id, {"sop": "1. Wave."}, [])
        begin(self, agent, number)

    monkeypatch.setattr(AgentService, "_begin", beaten)
    refused = await client.post(path, **form(sop="1. Say hello."))

    assert_problem(refused, 409, "conflict")
    told = [(version["version"], version["status"]) for version in (await client.get(path)).json()["versions"]]
    assert told == [(3, "building"), (2, "failed"), (1, "live")]
    assert (await client.get(f"/api/agents/{agent_id}")).json()["currentVersion"] == 1
