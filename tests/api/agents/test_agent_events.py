"""An agent's events over HTTP."""

import asyncio

import httpx

from oratio.api import agent_events
from oratio.domain.agents.agent import Agent, AgentFailure, AgentStatus, Step, StepStatus, with_status, with_step
from tests.api.conftest import World, assert_problem, create
from tests.api.conversations.test_conversing import parse


def _step(world: World, agent_id: str, step: Step, status: StepStatus) -> Agent:
    agent = world.agent("alice", agent_id)
    return world.platform.agents.save(with_step(agent, step, status, agent.updated_at, "detail"))


def _fail(world: World, agent_id: str) -> None:
    agent = _step(world, agent_id, Step.INGEST_FOLDER, StepStatus.FAILED)
    error = AgentFailure(step="ingest_folder", code="internal", message="stopped")
    failed = with_status(agent, AgentStatus.FAILED, agent.updated_at)
    world.platform.agents.save(failed.model_copy(update={"error": error}))


async def test_events_come_from_the_first_and_end_when_the_agent_is_active(
    world: World, client: httpx.AsyncClient
) -> None:
    agent_id = await create(client)
    _step(world, agent_id, Step.INGEST_FOLDER, StepStatus.RUNNING)
    world.go_live("alice", agent_id)

    answer = await client.get(f"/api/agents/{agent_id}/events")

    events = parse(answer.text)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert (events[0][0], events[0][1]["status"]) == ("status", "creating")
    assert (events[1][0], events[1][1]["step"], events[1][1]["status"]) == ("step", "ingest_folder", "running")
    assert (events[-1][0], events[-1][1]["status"]) == ("status", "active")
    assert [event["seq"] for _, event in events] == list(range(1, len(events) + 1))
    assert f"id: {len(events)}\n" in answer.text


async def test_last_event_id_resumes(world: World, client: httpx.AsyncClient) -> None:
    agent_id = await create(client)
    world.go_live("alice", agent_id)
    everything = parse((await client.get(f"/api/agents/{agent_id}/events")).text)

    rest = await client.get(f"/api/agents/{agent_id}/events", headers={"Last-Event-ID": "3"})
    none = await client.get(f"/api/agents/{agent_id}/events", headers={"Last-Event-ID": str(len(everything))})

    assert parse(rest.text) == everything[3:]
    assert parse(none.text) == []


async def test_a_retry_is_followed_past_the_failure_before_it(world: World, client: httpx.AsyncClient) -> None:
    agent_id = await create(client)
    _fail(world, agent_id)
    assert parse((await client.get(f"/api/agents/{agent_id}/events")).text)[-1][1]["status"] == "failed"
    await client.post(f"/api/agents/{agent_id}/retry")
    world.go_live("alice", agent_id)

    statuses = [
        event["status"]
        for name, event in parse((await client.get(f"/api/agents/{agent_id}/events")).text)
        if name == "status"
    ]

    assert statuses == ["creating", "failed", "creating", "active"]


async def test_events_are_told_as_they_happen(world: World, client: httpx.AsyncClient) -> None:
    agent_id = await create(client)
    watching_task = asyncio.create_task(client.get(f"/api/agents/{agent_id}/events"))
    await asyncio.sleep(0)
    _step(world, agent_id, Step.INGEST_FOLDER, StepStatus.RUNNING)
    world.go_live("alice", agent_id)

    answer = await asyncio.wait_for(watching_task, 10)

    assert parse(answer.text)[-1][1]["status"] == "active"


async def test_a_deleted_agent_ends_its_stream(world: World, client: httpx.AsyncClient) -> None:
    agent_id = await create(client)
    watching_task = asyncio.create_task(client.get(f"/api/agents/{agent_id}/events"))
    await asyncio.sleep(0)
    await client.delete(f"/api/agents/{agent_id}")
    world.services.deletion.delete_records("alice", agent_id)

    assert (await asyncio.wait_for(watching_task, 10)).status_code in (200, 404)
    assert_problem(await client.get(f"/api/agents/{agent_id}/events"), 404, "not_found")


async def test_streams_end_when_the_process_stops(world: World, client: httpx.AsyncClient) -> None:
    agent_id = await create(client)
    world.stopping = True

    assert (await asyncio.wait_for(client.get(f"/api/agents/{agent_id}/events"), 10)).status_code == 200


async def test_watchers_are_bounded_per_tenant(world: World, client: httpx.AsyncClient) -> None:
    agent_id = await create(client)
    context = world.app.routes.state.context
    streams = []
    for _ in range(agent_events.MAX_PER_TENANT):
        stream = await context.watchers.watch("alice", agent_id, 0)
        await anext(stream)
        streams.append(stream)

    answer = await client.get(f"/api/agents/{agent_id}/events")

    assert_problem(answer, 429, "rate_limited")
    assert answer.headers["retry-after"]
    for stream in streams:
        await stream.aclose()
    world.go_live("alice", agent_id)
    assert (await client.get(f"/api/agents/{agent_id}/events")).status_code == 200


async def test_a_malformed_last_event_id_is_refused(client: httpx.AsyncClient) -> None:
    agent_id = await create(client)
    answer = await client.get(f"/api/agents/{agent_id}/events", headers={"Last-Event-ID": "x"})
    assert_problem(answer, 422, "invalid_input")


def test_an_update_in_progress_is_not_settled_but_a_failed_one_is() -> None:
    steps = {Step.INGEST_FOLDER: StepStatus.SUCCEEDED}
    assert agent_events.settled(_active(steps, rest=StepStatus.SUCCEEDED))
    assert not agent_events.settled(_active(steps, rest=StepStatus.PENDING))
    assert agent_events.settled(_active({Step.INGEST_FOLDER: StepStatus.FAILED}, rest=StepStatus.PENDING))


def _active(steps: dict[Step, StepStatus], rest: StepStatus) -> Agent:
    agent = Agent(
        user_id="u", agent_id="a", agent_name="n", agent_type="text", sop="s", knowledge_base_description="k",
        human_handoff_description="h", folder_file_descriptions={}, knowledge_base_id="kb", status="active",
        created_at=1, updated_at=1, progress=[{"step": step} for step in Step],
    )  # fmt: skip
    for step in Step:
        agent = with_step(agent, step, steps.get(step, rest), 1)
    return agent
