"""Submits that die, repeat and race: one agent or none, and no object that nobody owns."""

import asyncio
import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from oratio.api import background_jobs
from oratio.bootstrap import build_services
from oratio.errors import Unavailable
from oratio.services.agents.agents import DIED_AFTER_MS, AgentService
from oratio.settings import Settings
from tests.api.conftest import World, assert_problem, submit
from tests.fakes.clock import FakeClock


class Killed(BaseException):
    """The process dies here: nothing of ours may catch it to tidy up."""


def _kill_before_the_record(monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*_: object) -> None:
        raise Killed

    monkeypatch.setattr(AgentService, "_record", die)


def _on_a_clock(world: World) -> FakeClock:
    clock = FakeClock()
    world.platform = dataclasses.replace(world.platform, clock=clock)
    world.services = build_services(world.platform)
    return clock


async def _submit_and_die(world: World, monkeypatch: pytest.MonkeyPatch, **headers: str) -> None:
    with monkeypatch.context() as patch:
        _kill_before_the_record(patch)
        async with world.client() as client:
            with pytest.raises(Killed):
                await submit(client, headers=headers)


async def test_what_a_submit_that_died_had_stored_is_swept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await _submit_and_die(world, monkeypatch)
    assert len(world.stored()) > 0
    died = world.platform.submissions.started_before(2**60)[0]
    clock = _on_a_clock(world)
    clock.advance((died.started_at + DIED_AFTER_MS - clock.now_ms()) / 1000)
    assert world.services.agents.sweep() == 0, "it may still be under way"
    clock.advance(1)

    assert world.services.agents.sweep() == 1
    world.assert_nothing_kept()
    assert world.services.agents.sweep() == 0


async def test_a_submit_that_came_to_a_record_is_never_swept(world: World, client: httpx.AsyncClient) -> None:
    assert (await submit(client)).status_code == 202
    stored = world.stored()
    assert world.platform.submissions.started_before(2**60) == []
    clock = _on_a_clock(world)
    clock.advance(10**9)
    assert world.services.agents.sweep() == 0
    assert world.stored() == stored


async def test_a_key_whose_first_submit_died_makes_its_agent_at_the_second(
    world: World, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _submit_and_die(world, monkeypatch, **{"Idempotency-Key": "k"})

    answer = await submit(client, headers={"Idempotency-Key": "k"})

    assert answer.status_code == 202
    assert world.platform.submissions.started_before(2**60) == []
    assert len((await client.get("/api/agents")).json()["agents"]) == 1


async def test_a_submit_that_cannot_store_leaves_nothing(
    world: World, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object, files: Sequence[tuple[str, Path]], **more: Any) -> None:
        if any(key.endswith(".csv") for key, _ in files):
            raise Unavailable("the disk is full")
        store(world.platform.documents, files, **more)

    store = type(world.platform.documents).put_files
    with monkeypatch.context() as patch:
        patch.setattr(type(world.platform.documents), "put_files", full)
        assert_problem(await submit(client), 503, "unavailable")

    world.assert_nothing_kept()
    assert world.platform.submissions.started_before(2**60) == []


@pytest.mark.slow
async def test_fifty_parallel_duplicates_and_a_restart_make_one_agent(
    configure: Callable[..., Settings],
) -> None:
    world = World(configure())
    headers = {"Idempotency-Key": "order-7"}
    async with world.client() as client:
        answers = await asyncio.gather(*(submit(client, headers=headers) for _ in range(50)))
    again = World(configure())
    async with again.client() as client:
        answers += [await submit(client, headers=headers) for _ in range(5)]
        other = await submit(client, headers=headers, agentName="Another")
        listed = (await client.get("/api/agents")).json()["agents"]

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 1
    assert_problem(other, 409, "conflict")
    assert len(listed) == 1
    assert len(set(world.pipeline.started)) == 1
    assert len([path for path in again.stored() if path.endswith((".md", ".csv"))]) == 2


async def test_duties_go_on_after_a_failure(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    swept = asyncio.Event()
    loop = asyncio.get_running_loop()

    def fail_once(_: AgentService) -> int:
        loop.call_soon_threadsafe(swept.set)
        raise Unavailable("for now")

    monkeypatch.setattr(AgentService, "sweep", fail_once)
    working = asyncio.create_task(background_jobs.run(world.services))
    await asyncio.wait_for(swept.wait(), 10)
    await asyncio.sleep(0)
    assert not working.done()
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
