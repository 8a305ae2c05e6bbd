"""The steps of docs/operations.md, done: secrets changed by removing their files, and a tenant deleted over the API."""

import sqlite3
import stat
from contextlib import closing

import httpx
import pytest

from oratio.domain import webhook
from oratio.errors import NotAuthenticated
from oratio.ports.secrets import SecretName
from tests.api.conftest import World, assert_problem, create

PROMPT = {"prompt": "What does the basic plan cost?"}
HOOK = {"url": "https://hooks.example/a", "events": ["agent.active"]}


def restarted_without(world: World, pattern: str) -> World:
    """Stop, remove the files, start."""
    found = list((world.data / "keys").glob(pattern))
    assert found
    for file in found:
        file.unlink()
    return World(world.platform.settings)


async def live_agent(world: World, client: httpx.AsyncClient) -> str:
    agent_id = await create(client)
    world.go_live("alice", agent_id)
    return agent_id


async def new_key(client: httpx.AsyncClient, agent_id: str) -> str:
    made = await client.post(f"/api/agents/{agent_id}/api-keys", json={"name": "Website"})
    return str(made.json()["key"])


async def asked_with(world: World, agent_id: str, key: str) -> httpx.Response:
    async with world.client(None) as caller:
        return await caller.post(f"/api/agents/{agent_id}/invocations", json=PROMPT, headers={"X-API-Key": key})


async def test_without_its_signing_keys_every_token_ends_and_nothing_else(
    world: World, client: httpx.AsyncClient
) -> None:
    agent_id = await live_agent(world, client)
    key, before = await new_key(client, agent_id), client.headers["authorization"]

    after = restarted_without(world, "jwt-*.pem")

    async with after.client() as renewed:
        assert_problem(await renewed.get("/api/agents", headers={"Authorization": before}), 401, "not_authenticated")
        assert (await renewed.get(f"/api/agents/{agent_id}")).status_code == 200
    assert (await asked_with(after, agent_id, key)).status_code == 200
    (file,) = (world.data / "keys").glob("jwt-*.pem")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_without_its_pepper_every_api_key_and_ticket_ends_and_new_ones_hold(
    world: World, client: httpx.AsyncClient
) -> None:
    agent_id = await live_agent(world, client)
    key = await new_key(client, agent_id)
    ticket = (await client.post(f"/api/agents/{agent_id}/voice-tickets")).json()["ticket"]
    assert (await asked_with(world, agent_id, key)).status_code == 200

    after = restarted_without(world, "api-keys.pepper")

    assert_problem(await asked_with(after, agent_id, key), 401, "not_authenticated")
    with pytest.raises(NotAuthenticated):
        after.services.access.redeem(ticket, agent_id)
    async with after.client() as operator:
        assert (await asked_with(after, agent_id, await new_key(operator, agent_id))).status_code == 200


async def test_without_its_pepper_no_webhook_signs_as_before(world: World, client: httpx.AsyncClient) -> None:
    made = (await client.post("/api/webhooks", json=HOOK)).json()
    pepper = world.platform.secrets.get(SecretName.WEBHOOKS_PEPPER)
    assert webhook.secret_of(pepper, made["webhookId"]) == made["secret"]

    after = restarted_without(world, "webhooks.pepper")

    assert (
        webhook.secret_of(after.platform.secrets.get(SecretName.WEBHOOKS_PEPPER), made["webhookId"]) != made["secret"]
    )
    async with after.client() as operator:
        assert (await operator.post("/api/webhooks", json=HOOK)).status_code == 201


async def test_without_their_key_upload_tickets_end_and_the_same_list_gets_a_new_one(
    world: World, client: httpx.AsyncClient
) -> None:
    listed = {
        "files": [
            {"path": "a.md", "size": 1, "sha256": "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"}
        ]
    }
    begun = (await client.post("/api/uploads", json=listed)).json()
    address = f"/api/uploads/{begun['uploadId']}/files/{listed['files'][0]['sha256']}"

    after = restarted_without(world, "uploads.key")

    async with after.client(None) as browser, after.client() as operator:
        refused = await browser.put(address, content=b"x", headers={"Authorization": f"Bearer {begun['ticket']}"})
        assert_problem(refused, 401, "not_authenticated")
        again = (await operator.post("/api/uploads", json=listed)).json()
        sent = await browser.put(address, content=b"x", headers={"Authorization": f"Bearer {again['ticket']}"})
        assert (again["uploadId"], sent.status_code) == (begun["uploadId"], 204)


def flows_end(world: World) -> None:
    """What the flows of deletion do, of all that were started."""
    for flow, agent_id, _ in world.pipeline.started:
        if flow == "delete":
            world.services.deletion.delete_objects("alice", agent_id)
            world.services.deletion.delete_records("alice", agent_id)


def tables_with(world: World, text: str) -> set[str]:
    """The tables of records in which a text stands anywhere."""
    with closing(sqlite3.connect(world.data / "oratio.db")) as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = {name: list(map(str, database.execute(f'SELECT * FROM "{name}"'))) for name in names}
    return {name for name, found in rows.items() if any(text in row for row in found)}


async def test_a_deleted_tenant_leaves_nothing_and_takes_nobody_along(world: World, client: httpx.AsyncClient) -> None:
    agents = [await live_agent(world, client) for _ in range(3)]
    for agent_id in agents:
        await new_key(client, agent_id)
        assert (await client.post(f"/api/agents/{agent_id}/invocations", json=PROMPT)).status_code == 200
    await client.post("/api/webhooks", json=HOOK)
    async with world.client("bob") as bob:
        theirs = await create(bob)
        await bob.post("/api/webhooks", json=HOOK)

        assert {"agents", "conversations"} <= tables_with(world, "alice")
        while listed := (await client.get("/api/agents", params={"limit": 2})).json()["agents"]:
            for agent in listed:
                assert (await client.delete(f"/api/agents/{agent['agentId']}")).status_code == 202
            flows_end(world)
        for hook in (await client.get("/api/webhooks")).json()["webhooks"]:
            assert (await client.delete(f"/api/webhooks/{hook['webhookId']}")).status_code == 204

        for agent_id in agents:
            assert_problem(await client.get(f"/api/agents/{agent_id}"), 404, "not_found")
        assert (await client.get("/api/conversations")).json()["conversations"] == []
        assert (await client.get("/api/webhooks")).json() == {"webhooks": []}
        assert tables_with(world, "alice") == set()
        assert not any("alice" in path.removeprefix(str(world.data)) for path in world.stored())
        assert (await bob.get(f"/api/agents/{theirs}")).status_code == 200
        assert len((await bob.get("/api/webhooks")).json()["webhooks"]) == 1
        assert any("bob" in path for path in world.stored())
