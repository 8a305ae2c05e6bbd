"""Four processes on the stores of `aws` share nothing else: tickets are used once, a revoked key is refused by all."""

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from oratio.settings import Settings, child_environment, load
from tests.api.aws.conftest import SERVICES, TENANT_ROLE, CloudAccount
from tests.api.conftest import World, create
from tests.fakes.moto import aws_on

_MODULE = "tests.fakes.access_process"


class Process:
    """One of them; calls are answered in order."""

    def __init__(self, settings: Settings) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-m", _MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=child_environment(settings, "api"),
        )
        self._said()

    def call(self, call: str, given: str, agent: str, user: str = "alice") -> str:
        assert self._child.stdin is not None
        self._child.stdin.write(json.dumps({"call": call, "given": given, "agent": agent, "user": user}) + "\n")
        self._child.stdin.flush()
        return self._said()

    def _said(self) -> str:
        assert self._child.stdout is not None
        line = self._child.stdout.readline().strip()
        assert line, f"{_MODULE} ended with {self._child.wait()}"
        return line

    def end(self) -> None:
        self._child.communicate(timeout=20)


@pytest.fixture(scope="module")
def processes(account: CloudAccount, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Process]]:
    """They know of a test what lies in the account."""
    outside = {"jwt_issuer": "https://id.example", "jwt_audience": "oratio", "jwt_jwks_url": "https://id.example/jwks"}
    given = {"platform": "aws", "aws_region": "us-east-1", "tenant_role_arn": TENANT_ROLE, **outside}
    settings = [load(**{**given, "data": tmp_path_factory.mktemp("process")}) for _ in range(4)]
    with aws_on(account.address, *SERVICES), ThreadPoolExecutor(4) as pool:
        started = list(pool.map(Process, settings))
    yield started
    for process in started:
        process.end()


async def active(world: World) -> str:
    async with world.client() as client:
        agent_id = await create(client)
    world.go_live("alice", agent_id)
    return agent_id


async def test_a_ticket_lets_one_caller_into_one_process(world: World, processes: list[Process]) -> None:
    agent_id = await active(world)
    for _ in range(5):
        ticket, _ = world.services.access.ticket("alice", agent_id)

        def redeem(process: Process, ticket: str = ticket) -> str:
            return process.call("redeem", ticket, agent_id)

        with ThreadPoolExecutor(4) as pool:
            seen = list(pool.map(redeem, processes))
        assert sorted(seen) == ["alice", *["not_authenticated"] * 3]


async def test_a_key_revoked_in_one_process_is_refused_in_all(world: World, processes: list[Process]) -> None:
    agent_id = await active(world)
    record, key = world.services.access.create("alice", agent_id, "site")
    ticket, _ = world.services.access.ticket("alice", agent_id, key=record)
    assert [process.call("authenticate", key, agent_id) for process in processes] == [record.key_id] * 4
    assert processes[0].call("revoke", record.key_id, agent_id, "eve") == "not_found"
    assert processes[3].call("revoke", record.key_id, agent_id) == "revoked"
    assert [process.call("authenticate", key, agent_id) for process in processes] == ["not_authenticated"] * 4
    assert [process.call("redeem", ticket, agent_id) for process in processes] == ["not_authenticated"] * 4
