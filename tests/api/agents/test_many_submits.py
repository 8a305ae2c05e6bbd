"""Submits while the engine is slow: each is answered, and what it could not start the reconciler will."""

import asyncio
import threading

import httpx
import pytest

from oratio.domain.refs import VersionRef
from oratio.services.agents import agents
from tests.api.conftest import World, submit
from tests.api.fakes import RememberingPipeline
from tests.fakes.cloud import FakeKnowledgeBases, WorkDesk


class SlowPipeline(RememberingPipeline):
    """Its first start does not return before it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.release = threading.Event(), threading.Event()

    def start_create(self, ref: VersionRef, attempt: int) -> str:
        if not self.begun.is_set():
            self.begun.set()
            assert self.release.wait(30)
        return super().start_create(ref, attempt)


async def test_a_submit_does_not_wait_for_the_flows_of_others_to_start(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setattr(agents, "START_WAIT_S", 0.01)
    slow = SlowPipeline()
    world.use_pipeline(slow, FakeKnowledgeBases(WorkDesk(tmp_path_factory.mktemp("desk"))))
    first: list[httpx.Response] = []

    async def submit_first() -> None:
        async with world.client() as client:
            first.append(await submit(client))

    waiting = asyncio.create_task(submit_first())
    while not slow.begun.is_set():
        await asyncio.sleep(0.01)
    async with world.client() as client:
        second = await submit(client)
    assert (second.status_code, first) == (202, [])
    slow.release.set()
    await waiting

    assert first[0].status_code == 202
    waits = world.agent("alice", second.json()["agentId"])
    assert waits.flow_run_id is None
    assert waits in world.services.agents.unfinished()
    assert world.services.agents.start(waits).flow_run_id is not None
