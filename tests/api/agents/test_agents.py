"""Create, list, look at, retry, delete."""

import httpx

from oratio.domain.agents.agent import AgentFailure, AgentStatus
from tests.api.conftest import FILES, FORM, World, assert_problem, create, submit

FAILURE = AgentFailure(step="author_agent", code="internal", message="stopped")


async def test_a_folder_becomes_an_agent_that_is_creating(world: World, client: httpx.AsyncClient) -> None:
    answer = await submit(client, folderFileDescriptions='{"plans": {"": "Prices", "prices.csv": "All plans"}}')

    assert answer.status_code == 202
    body = answer.json()
    assert set(body) == {"agentId", "status", "message"}
    assert body["status"] == "creating"
    assert world.pipeline.started == [("create", body["agentId"], 1)]
    keys = [stored.key for stored in world.platform.documents.list(f"alice/{body['agentId']}/")]
    assert keys == [f"alice/{body['agentId']}/manual.md", f"alice/{body['agentId']}/plans/prices.csv"]
    assert not any((world.data / "staging").rglob("*"))


async def test_an_agent_shows_the_seeds_fields_and_ours(client: httpx.AsyncClient) -> None:
    agent_id = await create(client)

    body = (await client.get(f"/api/agents/{agent_id}")).json()

    seed = {
        "agentId", "agentName", "status", "agentType", "sop", "knowledgeBaseDescription", "humanHandoffDescription",
        "generatedPromptS3Path", "agentCodeS3Path", "knowledgeBase", "createdAt", "updatedAt", "websocketUrl",
        "apiEndpoint",
    }  # fmt: skip
    assert seed | {"folderFileDescriptions", "currentVersion", "progress", "error"} <= set(body)
    assert body["sop"] == FORM["sop"]
    assert isinstance(body["createdAt"], int)
    assert body["knowledgeBase"]["status"] == "notready"
    assert body["knowledgeBase"]["problems"] == []
    assert [entry["status"] for entry in body["progress"]] == ["pending"] * 7
    assert set(body["progress"][0]) == {"step", "status", "startedAt", "endedAt", "detail"}


async def test_agents_are_listed_newest_first_in_pages(client: httpx.AsyncClient) -> None:
    made = [await create(client, agentName=f"Agent {number}") for number in range(5)]

    first = (await client.get("/api/agents", params={"limit": 3})).json()
    second = (await client.get("/api/agents", params={"limit": 3, "cursor": first["nextCursor"]})).json()

    listed = [agent["agentId"] for agent in first["agents"] + second["agents"]]
    assert sorted(listed) == sorted(made)
    assert [agent["createdAt"] for agent in first["agents"]] == sorted(
        (agent["createdAt"] for agent in first["agents"]), reverse=True
    )
    assert second["nextCursor"] is None
    assert set(first["agents"][0]) == {
        "agentId", "agentName", "status", "agentType", "createdAt", "websocketUrl", "apiEndpoint",
        "currentVersion",
    }  # fmt: skip


async def test_another_tenants_agent_is_the_same_404_as_one_that_is_not_there(world: World) -> None:
    async with world.client("alice") as alice, world.client("bob") as bob:
        agent_id = await create(alice)
        missing = "00000000-0000-4000-8000-000000000000"
        calls = [
            ("GET", ""), ("DELETE", ""), ("GET", "/events"), ("POST", "/retry"), ("GET", "/versions"),
            ("GET", "/versions/1"), ("POST", "/versions/1/activate"), ("GET", "/api-keys"), ("GET", "/conversations"),
            ("POST", "/voice-tickets"),
        ]  # fmt: skip
        for method, path in calls:
            theirs = await bob.request(method, f"/api/agents/{agent_id}{path}")
            nobodys = await bob.request(method, f"/api/agents/{missing}{path}")
            assert_problem(theirs, 404, "not_found")
            assert theirs.json() == {**nobodys.json(), "detail": nobodys.json()["detail"].replace(missing, agent_id)}
        asked = await bob.post(f"/api/agents/{agent_id}/invocations", json={"prompt": "hello"})
        assert_problem(asked, 404, "not_found")
        assert (await bob.get("/api/agents")).json() == {"agents": [], "nextCursor": None}
    assert world.agent("alice", agent_id).status == "creating"


async def test_the_same_idempotency_key_and_body_give_the_same_agent(world: World, client: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "order-1"}

    first = await create(client, headers=key)
    second = await create(client, headers=key)

    assert first == second
    assert len(world.platform.agents.page("alice", limit=10).items) == 1
    assert len(world.pipeline.started) == 1


async def test_the_same_idempotency_key_with_another_body_is_a_conflict(client: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "order-1"}
    await create(client, headers=key)

    assert_problem(await submit(client, headers=key, agentName="Other"), 409, "conflict")
    assert_problem(await submit(client, headers=key, files=FILES[:1]), 409, "conflict")


async def test_a_refused_request_does_not_use_its_idempotency_key_up(client: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "order-1"}
    assert (await submit(client, headers=key, sop=None)).status_code == 422

    await create(client, headers=key)


async def test_a_malformed_idempotency_key_is_refused(world: World, client: httpx.AsyncClient) -> None:
    answer = await submit(client, headers={"Idempotency-Key": "x" * 201})

    assert_problem(answer, 422, "invalid_input", ("Idempotency-Key",))
    world.assert_nothing_kept()


async def test_retry_resumes_only_a_failed_agent(world: World, client: httpx.AsyncClient) -> None:
    agent_id = await create(client)
    assert_problem(await client.post(f"/api/agents/{agent_id}/retry"), 409, "conflict")
    agent = world.agent("alice", agent_id)
    world.platform.agents.save(agent.model_copy(update={"status": AgentStatus.FAILED, "error": FAILURE}))

    answer = await client.post(f"/api/agents/{agent_id}/retry")

    assert answer.status_code == 202
    assert answer.json()["status"] == "creating"
    assert world.pipeline.started[-1] == ("create", agent_id, 2)


async def test_delete_starts_the_teardown_and_ends_in_404(world: World, client: httpx.AsyncClient) -> None:
    agent_id = await create(client)

    answer = await client.delete(f"/api/agents/{agent_id}")

    assert answer.status_code == 202
    assert answer.json()["status"] == "deleting"
    assert world.pipeline.started[-1][0] == "delete"
    assert (await client.delete(f"/api/agents/{agent_id}")).status_code == 202
    world.services.deletion.delete_objects("alice", agent_id)
    world.services.deletion.delete_records("alice", agent_id)
    assert_problem(await client.get(f"/api/agents/{agent_id}"), 404, "not_found")
    assert_problem(await client.delete(f"/api/agents/{agent_id}"), 404, "not_found")
    assert world.stored() == []


async def test_an_agent_is_accepted_while_the_pipeline_is_down(world: World, client: httpx.AsyncClient) -> None:
    world.pipeline.down = True

    agent_id = await create(client)

    assert [agent.agent_id for agent in world.services.agents.unfinished()] == [agent_id]
