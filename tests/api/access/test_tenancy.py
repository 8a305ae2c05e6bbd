"""Two tenants over all calls of the API, in any order: neither ever learns that the other's things exist."""

import logging
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from oratio.adapters.local.conversations import SqliteConversations
from oratio.domain.agents.agent import AgentStatus
from tests.api.conftest import FORM, World
from tests.api.tenants import BODIES, Callers, Operation, Remembering, operations, shape

SIDES = st.sampled_from((0, 1))
PICKS = st.integers(0, 10**6)
_TRESPASSES = 5  # calls tried at once
MADE_UP = {
    "agentId": str(uuid.UUID(int=1)),
    "keyId": "0" * 12,
    "conversationId": str(uuid.UUID(int=2)),
    "number": "1",
    "webhookId": "f" * 24,
    "uploadId": "e" * 32,
    "sha256": "a" * 64,
}


@dataclass
class Tenant:
    """What one tenant should see."""

    user_id: str
    secret: str
    agents: dict[str, AgentStatus] = field(default_factory=dict)
    updating: set[str] = field(default_factory=set)
    keys: dict[str, tuple[str, str]] = field(default_factory=dict)
    conversations: dict[str, str] = field(default_factory=dict)
    webhooks: list[str] = field(default_factory=list)
    uploads: list[str] = field(default_factory=list)

    def live(self) -> list[str]:
        return [agent_id for agent_id, status in self.agents.items() if status is AgentStatus.ACTIVE]

    def at_work(self, agent_id: str) -> bool:
        """Whether a version is being made, so that a stream of its events does not end by itself."""
        return self.agents[agent_id] is AgentStatus.CREATING or agent_id in self.updating


class TwoTenants(RuleBasedStateMachine):
    """Subclassed by each run with its world."""

    callers: Callers
    everything: list[Operation]
    log: Remembering
    tried: set[Operation]

    @initialize()
    def begin(self) -> None:
        names = [f"tenant-{uuid.uuid4().hex[:12]}" for _ in range(2)]
        self.tenants = [Tenant(name, f"secret-of-{name}") for name in names]
        for side in (0, 1):
            self.create(side, None)
            self.go_live(side, 0)
            self.make_key(side, 0)
            self.ask(side, 0, False)
            self.make_webhook(side)
            self.begin_upload(side)

    def _call(self, side: int, method: str, path: str, **parts: Any) -> Any:
        """A call as one tenant; nothing in its answer may be the other's."""
        me, other = self.tenants[side], self.tenants[1 - side]
        answer = self.callers.call(me.user_id, method, path, **parts)
        assert answer.status_code < 500, answer.text
        seen = answer.text + repr(answer.headers)
        for foreign in (other.secret, other.user_id, *other.agents, *other.keys):
            assert foreign not in seen or foreign in path, f"{method} {path} told of {foreign}"
        return answer

    @rule(side=SIDES, key=st.sampled_from((None, "one", "two")))
    def create(self, side: int, key: str | None) -> None:
        me = self.tenants[side]
        answer = self._call(
            side,
            "post",
            "/api/agents",
            data={**FORM, "sop": f"1. Say {me.secret}.", "agentName": me.secret},
            files=[("files", (f"{me.secret}.md", f"# {me.secret}\n".encode()))],
            headers={"Idempotency-Key": key} if key else {},
        )
        assert answer.status_code == 202, answer.text
        me.agents.setdefault(answer.json()["agentId"], AgentStatus.CREATING)

    @rule(side=SIDES, pick=PICKS)
    def go_live(self, side: int, pick: int) -> None:
        me = self.tenants[side]
        if waiting := [agent for agent, status in me.agents.items() if status is AgentStatus.CREATING]:
            agent_id = waiting[pick % len(waiting)]
            self.callers.world.go_live(me.user_id, agent_id)
            me.agents[agent_id] = AgentStatus.ACTIVE

    @rule(side=SIDES, pick=PICKS)
    def make_key(self, side: int, pick: int) -> None:
        me = self.tenants[side]
        if agents := list(me.agents):
            agent_id = agents[pick % len(agents)]
            made = self._call(side, "post", f"/api/agents/{agent_id}/api-keys", json={"name": me.secret}).json()
            me.keys[made["keyId"]] = (agent_id, made["key"])

    @rule(side=SIDES)
    def make_webhook(self, side: int) -> None:
        body = BODIES["post", "/api/webhooks"]
        me = self.tenants[side]
        answer = self._call(side, "post", "/api/webhooks", **body)
        assert answer.status_code in (201, 409), answer.text
        if answer.status_code == 201:
            me.webhooks.append(answer.json()["webhookId"])

    @rule(side=SIDES)
    def begin_upload(self, side: int) -> None:
        answer = self._call(side, "post", "/api/uploads", **BODIES["post", "/api/uploads"])
        assert answer.status_code in (201, 409), answer.text
        if answer.status_code == 201:
            self.tenants[side].uploads.append(answer.json()["uploadId"])

    @rule(side=SIDES, pick=PICKS, borrowed=st.booleans())
    def ask(self, side: int, pick: int, borrowed: bool) -> None:
        """One turn; now and then with a session id that the other tenant uses."""
        me, other = self.tenants[side], self.tenants[1 - side]
        if not (live := me.live()):
            return
        agent_id = live[pick % len(live)]
        body = {"prompt": f"Is {me.secret} there?"}
        if borrowed and (sessions := [name for name in other.conversations if name not in me.conversations]):
            body["sessionId"] = sessions[pick % len(sessions)]
        answer = self._call(side, "post", f"/api/agents/{agent_id}/invocations", json=body)
        assert answer.status_code == 200, answer.text
        me.conversations[answer.json()["sessionId"]] = agent_id
        runtime_id, _, invocation = self.callers.world.runtime.calls[-1]
        assert runtime_id == f"runtime-{agent_id}"
        assert other.secret not in invocation.model_dump_json()

    @rule(side=SIDES, pick=PICKS)
    def update(self, side: int, pick: int) -> None:
        me = self.tenants[side]
        if live := me.live():
            agent_id = live[pick % len(live)]
            files = [("files", ("more.md", me.secret.encode()))]
            answer = self._call(side, "post", f"/api/agents/{agent_id}/versions", data={"sop": me.secret}, files=files)
            assert answer.status_code in (202, 409), answer.text
            me.updating.add(agent_id)

    @rule(side=SIDES, pick=PICKS)
    def delete(self, side: int, pick: int) -> None:
        me = self.tenants[side]
        if agents := list(me.agents):
            agent_id = agents[pick % len(agents)]
            assert self._call(side, "delete", f"/api/agents/{agent_id}").status_code == 202
            deletion = self.callers.world.services.deletion
            deletion.delete_objects(me.user_id, agent_id)
            deletion.delete_records(me.user_id, agent_id)
            del me.agents[agent_id]
            me.keys = {key: held for key, held in me.keys.items() if held[0] != agent_id}
            me.conversations = {name: agent for name, agent in me.conversations.items() if agent != agent_id}

    @rule(side=SIDES, pick=PICKS)
    def read_own(self, side: int, pick: int) -> None:
        """Every call that only looks, at one's own things."""
        me = self.tenants[side]
        own = self._names(me, pick)
        looks = [each for each in self.everything if each.method == "get" and set(each.names) <= set(own)]
        if "agentId" in own and me.at_work(own["agentId"]):
            looks = [each for each in looks if not each.path.endswith("/events")]
        if looks:
            self._call(side, "get", looks[pick % len(looks)].address(own))

    def _names(self, tenant: Tenant, pick: int) -> dict[str, str]:
        """Ids of one tenant that belong together."""
        names = {"number": "1", "sha256": "a" * 64}
        if webhooks := tenant.webhooks:
            names["webhookId"] = webhooks[pick % len(webhooks)]
        if uploads := tenant.uploads:
            names["uploadId"] = uploads[pick % len(uploads)]
        if agents := list(tenant.agents):
            names["agentId"] = agents[pick % len(agents)]
        if keys := list(tenant.keys):
            names["keyId"] = keys[pick % len(keys)]
            names["agentId"] = tenant.keys[names["keyId"]][0]
        if conversations := list(tenant.conversations):
            names["conversationId"] = conversations[pick % len(conversations)]
        return names

    @precondition(lambda self: any(tenant.agents for tenant in self.tenants))
    @rule(side=SIDES, pick=PICKS, which=PICKS)
    def trespass(self, side: int, pick: int, which: int) -> None:
        """Some calls with the other's ids are answered as with ids that nobody has, and change nothing."""
        me, other = self.tenants[side], self.tenants[1 - side]
        if not other.agents:
            me, other = other, me
            side = 1 - side
        foreign = self._names(other, pick)
        possible = [
            each
            for each in self.everything
            if set(each.names) <= set(foreign)
            and not ("conversationId" in each.names and foreign["conversationId"] in me.conversations)
        ]
        for place in range(which, which + _TRESPASSES):
            operation = possible[place % len(possible)]
            self.tried.add(operation)
            told = self._call(side, operation.method, operation.address(foreign), **operation.body)
            nobody = self._call(side, operation.method, operation.address(MADE_UP), **operation.body)
            assert told.status_code == 404, f"{operation}: {told.status_code} {told.text}"
            assert shape(told, _ids(foreign)) == shape(nobody, _ids(MADE_UP)), operation

    @rule(side=SIDES, pick=PICKS)
    def use_a_key_elsewhere(self, side: int, pick: int) -> None:
        """A key opens its own agent alone, and no operator's call."""
        me, other = self.tenants[side], self.tenants[1 - side]
        if not me.keys or not other.agents:
            return
        _, key = me.keys[sorted(me.keys)[pick % len(me.keys)]]
        for agent_id in other.agents:
            told = self._call(side, "post", f"/api/agents/{agent_id}/invocations", json={"prompt": "Hello?"}, key=key)
            assert told.status_code == 404
        assert self._call(side, "get", "/api/agents", key=key).status_code == 403

    @invariant()
    def each_sees_exactly_its_own(self) -> None:
        for side, tenant in enumerate(getattr(self, "tenants", ())):
            listed = self._call(side, "get", "/api/agents?limit=200").json()["agents"]
            assert {agent["agentId"] for agent in listed} == set(tenant.agents)

    @invariant()
    def logs_hold_no_words_of_a_tenant(self) -> None:
        assert not [line for line in self.log.lines if "secret-of-" in line]
        self.log.lines.clear()


@pytest.fixture
def log() -> Iterator[Remembering]:
    handler, root = Remembering(), logging.getLogger()
    level = root.level
    root.setLevel(logging.INFO)
    root.addHandler(handler)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)


def _run(world: World, log: Remembering, *, examples: int, steps: int) -> tuple[int, set[Operation]]:
    callers = Callers(world)
    tried: set[Operation] = set()
    parts: Mapping[str, Any] = {
        "callers": callers,
        "everything": operations(world),
        "log": log,
        "tried": tried,
    }
    machine = type("Machine", (TwoTenants,), dict(parts))
    bounds = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=examples < 100,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    try:
        run_state_machine_as_test(machine, settings=bounds)
    finally:
        callers.close()
    return callers.requests, tried


def _told(requests: int, tried: set[Operation]) -> str:
    return f"two tenants: {requests} requests, trespass tried on {len(tried)} calls, nothing of the other's was told"


@pytest.mark.slow
def test_two_tenants_never_meet_over_all_calls(world: World, log: Remembering, tell: Callable[[str], None]) -> None:
    requests, tried = _run(world, log, examples=8, steps=20)
    tell(_told(requests, tried))

    assert requests > 300
    assert len(tried) > 8


@pytest.mark.soak
def test_two_tenants_never_meet_in_long_histories(world: World, log: Remembering, tell: Callable[[str], None]) -> None:
    requests, tried = _run(world, log, examples=150, steps=60)
    tell(_told(requests, tried))

    assert requests > 10_000
    assert tried == set(operations(world))


def test_each_call_with_foreign_ids_is_answered_as_with_ids_nobody_has(world: World) -> None:
    _trespass_everywhere(world)


def test_a_planted_leak_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = SqliteConversations.get
    monkeypatch.setattr(SqliteConversations, "get", lambda self, _user_id, name: honest(self, "alice", name))

    with pytest.raises(AssertionError, match="conversations"):
        _trespass_everywhere(world)


def _trespass_everywhere(world: World) -> None:
    callers = Callers(world)
    made = callers.call("alice", "post", "/api/agents", **BODIES["post", "/api/agents"]).json()
    foreign = {"agentId": made["agentId"], "number": "1"}
    world.go_live("alice", made["agentId"])
    base = f"/api/agents/{made['agentId']}"
    foreign["keyId"] = callers.call("alice", "post", f"{base}/api-keys", json={"name": "k"}).json()["keyId"]
    body = BODIES["post", "/api/webhooks"]
    foreign["webhookId"] = callers.call("alice", "post", "/api/webhooks", **body).json()["webhookId"]
    body = BODIES["post", "/api/uploads"]
    foreign["uploadId"] = callers.call("alice", "post", "/api/uploads", **body).json()["uploadId"]
    foreign["sha256"] = "a" * 64
    asked = callers.call("alice", "post", f"{base}/invocations", json={"prompt": "Hello?"}).json()
    foreign["conversationId"] = asked["sessionId"]

    for operation in operations(world):
        body = operation.body
        told = callers.call("bob", operation.method, operation.address(foreign), **body)
        nobody = callers.call("bob", operation.method, operation.address(MADE_UP), **body)
        assert told.status_code == 404, f"{operation}: {told.status_code} {told.text}"
        assert shape(told, _ids(foreign)) == shape(nobody, _ids(MADE_UP)), operation
    assert callers.call("alice", "get", base).json()["status"] == "active"
    callers.close()


def _ids(names: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in names.items() if name not in ("number", "sha256")}


def test_every_call_that_takes_a_body_is_known_to_the_model(world: World) -> None:
    paths = world.app.routes.openapi()["paths"]
    bodies = {
        (method, path) for path, calls in paths.items() for method, call in calls.items() if "requestBody" in call
    }
    assert bodies <= set(BODIES)
