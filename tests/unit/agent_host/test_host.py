import asyncio
from pathlib import Path

import httpx
import psutil
import pytest

from oratio.adapters.local.runtime_store import RuntimeStore, host_token
from oratio.adapters.turn_events import SESSION_HEADER
from oratio.domain.conversations.conversation import TurnResult
from oratio.errors import AgentFailed
from oratio.ports.agent_runtime import LIVE
from tests.contract.agent_runtime import REF, SESSION, events, result
from tests.fakes.agent_host import RunningHost, running_host
from tests.fakes.agents import MemoryKnowledge, ScriptedModel, agent_file, prompt_script, signed_package, text_events
from tests.unit.agent_host.conftest import Deploy

pytestmark = pytest.mark.xdist_group("agent-host")


def headers(host: RunningHost) -> dict[str, str]:
    return {"Authorization": f"Bearer {host_token(host.token_path)}", SESSION_HEADER: SESSION}


async def test_a_tampered_file_is_refused_when_it_is_to_run(host: RunningHost, deploy: Deploy) -> None:
    runtime_id = deploy("tampered")
    (host.root / runtime_id / "1" / "agent_file.py").write_bytes(agent_file("pass"))
    with pytest.raises(AgentFailed, match="not those its review signed"):
        await events(host.runtime, runtime_id, "hello")


async def test_calls_without_the_token_are_refused(host: RunningHost, deploy: Deploy) -> None:
    runtime_id = deploy("guarded")
    async with httpx.AsyncClient(base_url=host.url) as client:
        for wrong in ({}, {"Authorization": "Bearer wrong"}):
            refused = await client.post(f"/runtimes/{runtime_id}/invocations", json={"prompt": "x"}, headers=wrong)
            assert refused.status_code == 401
            assert (await client.delete(f"/runtimes/{runtime_id}", headers=wrong)).status_code == 401


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"prompt": 5}', b'{"prompt": "x", "deadlineMs": -1}', b"x" * 2**22]
)
async def test_a_body_that_is_no_call_is_a_bad_request(host: RunningHost, deploy: Deploy, body: bytes) -> None:
    async with httpx.AsyncClient(base_url=host.url, headers=headers(host)) as client:
        answer = await client.post(f"/runtimes/{deploy('plain')}/invocations", content=body)
    assert answer.status_code == 400


async def test_a_short_session_id_is_a_bad_request(host: RunningHost, deploy: Deploy) -> None:
    async with httpx.AsyncClient(base_url=host.url, headers={**headers(host), SESSION_HEADER: "short"}) as client:
        answer = await client.post(f"/runtimes/{deploy('plain')}/invocations", json={"prompt": "x"})
    assert answer.status_code == 400


async def test_the_runtime_may_be_named_by_an_arn(host: RunningHost, deploy: Deploy) -> None:
    arn = f"arn:aws:bedrock-agentcore:eu-west-1:1:runtime/{deploy('by-arn')}"
    async with httpx.AsyncClient(base_url=host.url, headers=headers(host)) as client:
        answer = await client.post(f"/runtimes/{arn.replace('/', '%2F')}/invocations", json={"prompt": "hello"})
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert '"type":"done"' in answer.text


async def test_health_tells_the_isolation(host: RunningHost) -> None:
    async with httpx.AsyncClient(base_url=host.url) as client:
        assert (await client.get("/healthz")).json()["isolation"] == host.host.isolation.tier


async def test_agents_never_run_as_the_hosts_user_when_that_is_root(host: RunningHost, deploy: Deploy) -> None:
    await result(host.runtime, deploy("somebody"), "hello")
    users = {child.uids().real for child in psutil.Process(host.warm_pid).children(recursive=True)}
    if psutil.Process().uids().real == 0:
        assert max(users) > 0
    assert len(users) > 0


async def test_ten_agents_start_at_once(host: RunningHost, deploy: Deploy) -> None:
    runtimes = [deploy(f"agent-{number}") for number in range(10)]
    turns = await asyncio.gather(*(result(host.runtime, runtime_id, "hello") for runtime_id in runtimes))
    assert {turn.answer for turn in turns} == {"you said hello"}


async def test_the_host_survives_the_death_of_its_warm_parent(host: RunningHost, deploy: Deploy) -> None:
    runtime_id = deploy("survivor")
    await result(host.runtime, runtime_id, "hello")
    parent = psutil.Process(host.host.isolation.parent.pid)
    family = [parent, *parent.children(recursive=True)]
    parent.kill()
    _, alive = psutil.wait_procs(family[1:], timeout=10)
    assert alive == []
    assert (await result(host.runtime, runtime_id, "hello")).answer == "you said hello"


class TestWithItsOwnClock:
    """Hosts with another model, deadline or clock than the shared one."""

    async def deployed(self, host: RunningHost) -> str:
        made = host.runtime.ensure_runtime(REF, signed_package(), engine_id="kb", tags={}, token="t")
        host.runtime.ensure_endpoint(made.runtime_id, LIVE, made.runtime_version)
        return made.runtime_id

    async def test_an_idle_process_is_stopped_and_comes_back(self, tmp_path: Path) -> None:
        now = [0.0]
        with running_host(
            tmp_path, MemoryKnowledge({"kb": []}), allow_unsandboxed=True, idle_s=900, monotonic=lambda: now[0]
        ) as host:
            runtime_id = await self.deployed(host)
            await result(host.runtime, runtime_id, "hello")
            now[0] = 899
            host.call(host.host.reap())
            assert host.host.processes == 1
            now[0] = 900
            host.call(host.host.reap())
            assert host.host.processes == 0
            assert (await result(host.runtime, runtime_id, "hello")).answered

    async def test_the_hosts_own_deadline_is_the_most_a_turn_gets(self, tmp_path: Path) -> None:
        with running_host(tmp_path, MemoryKnowledge({"kb": []}), allow_unsandboxed=True, turn_deadline_s=0.2) as host:
            made = host.runtime.ensure_runtime(
                REF, signed_package(agent_file("import time\ntime.sleep(60)")), engine_id="kb", tags={}, token="t"
            )
            host.runtime.ensure_endpoint(made.runtime_id, LIVE, made.runtime_version)
            with pytest.raises(AgentFailed, match="in time"):
                await events(host.runtime, made.runtime_id, "experiment x", deadline_ms=60_000)

    async def test_a_turn_finishes_on_the_version_it_began_with(self, tmp_path: Path) -> None:
        with running_host(tmp_path, MemoryKnowledge({"kb": []}), allow_unsandboxed=True) as host:
            slow = signed_package(agent_file("import time\ntime.sleep(0.5)"))
            first = host.runtime.ensure_runtime(REF, slow, engine_id="kb", tags={}, token="t1")
            host.runtime.ensure_endpoint(first.runtime_id, LIVE, first.runtime_version)
            await result(host.runtime, first.runtime_id, "hello")
            began = asyncio.create_task(events(host.runtime, first.runtime_id, "experiment x"))
            await asyncio.sleep(0.1)
            failing = signed_package(agent_file('return {"status": "error", "content": [{"text": "new"}]}'))
            second = host.runtime.ensure_runtime(REF, failing, engine_id="kb", tags={}, token="t2")
            host.runtime.ensure_endpoint(first.runtime_id, LIVE, second.runtime_version)
            assert (await result(host.runtime, first.runtime_id, "experiment x")).answer == "tool error"
            *_, last = await began
            assert isinstance(last, TurnResult)
            assert last.answer == "tool success"

    async def test_provenance_of_the_model_decides_what_is_cited(self, tmp_path: Path) -> None:
        def script(messages):  # type: ignore[no-untyped-def]  # as `prompt_script`, with provenance before the answer
            told = prompt_script(messages)
            if "toolResult" not in messages[-1]["content"][-1]:
                return told
            provenance = {"answered": True, "passageIds": ["p1"], "stepIds": ["s001"]}
            return [{"oratioProvenance": provenance}, *text_events("Two years.")]

        from tests.unit.agent_host.conftest import PASSAGES

        with running_host(
            tmp_path, MemoryKnowledge({"kb": PASSAGES}), lambda ref, plan: ScriptedModel(script), allow_unsandboxed=True
        ) as host:
            turn = await result(host.runtime, await self.deployed(host), "search warranty")
        assert [citation.path for citation in turn.citations] == ["manual.md"]
        assert [step.step_id for step in turn.sop_steps] == ["s001"]

    async def test_a_model_that_fails_fails_the_turn_and_not_the_agent(self, tmp_path: Path) -> None:
        def script(messages):  # type: ignore[no-untyped-def]
            if messages[-1]["content"][-1].get("text") == "fail":
                raise RuntimeError("a secret of the model")
            return prompt_script(messages)

        with running_host(
            tmp_path, MemoryKnowledge({"kb": []}), lambda ref, plan: ScriptedModel(script), allow_unsandboxed=True
        ) as host:
            runtime_id = await self.deployed(host)
            with pytest.raises(AgentFailed) as failure:
                await events(host.runtime, runtime_id, "fail")
            assert "secret" not in str(failure.value)
            assert (await result(host.runtime, runtime_id, "hello")).answered


def test_a_stores_version_is_whole_or_not_there(tmp_path: Path) -> None:
    store = RuntimeStore(tmp_path)
    assert not list(tmp_path.iterdir())
    store.delete("o_" + "0" * 32)
    store.delete("../../etc")
