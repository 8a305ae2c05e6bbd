"""Over a limit: 429 with Retry-After, for exactly who is over it, and good again in time."""

import asyncio
from collections.abc import Callable

import httpx

from oratio.api.app import create_app
from oratio.settings import Settings
from tests.api.conftest import World, assert_problem, create


class Hand:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def _limited(config: Settings) -> tuple[World, Hand]:
    world, hand = World(config), Hand()
    world.app = create_app(world.platform, world.services, now=hand)
    return world, hand


async def _key(world: World, client: httpx.AsyncClient, agent_id: str) -> dict[str, str]:
    made = await client.post(f"/api/agents/{agent_id}/api-keys", json={"name": "k"})
    return {"Authorization": f"Bearer {made.json()['key']}"}


async def test_a_tenant_over_its_calls_waits_and_others_do_not(configure: Callable[..., Settings]) -> None:
    world, hand = _limited(configure(calls_per_minute_tenant=3))
    async with world.client("alice") as alice, world.client("bob") as bob:
        for _ in range(3):
            assert (await alice.get("/api/agents")).status_code == 200
        refused = await alice.get("/api/agents")
        assert_problem(refused, 429, "rate_limited")
        assert refused.headers["retry-after"] == "20"
        assert (await bob.get("/api/agents")).status_code == 200
        hand.seconds += 20
        assert (await alice.get("/api/agents")).status_code == 200


async def test_a_key_over_its_calls_waits_and_other_keys_do_not(configure: Callable[..., Settings]) -> None:
    world, hand = _limited(configure(calls_per_minute_key=2))
    async with world.client("alice") as alice, world.client(None) as caller:
        agent_id = await create(alice)
        world.go_live("alice", agent_id)
        one, two = await _key(world, alice, agent_id), await _key(world, alice, agent_id)
        url, body = f"/api/agents/{agent_id}/invocations", {"prompt": "Hello?"}
        for _ in range(2):
            assert (await caller.post(url, json=body, headers=one)).status_code == 200
        refused = await caller.post(url, json=body, headers=one)
        assert_problem(refused, 429, "rate_limited")
        assert refused.headers["retry-after"] == "30"
        assert (await caller.post(url, json=body, headers=two)).status_code == 200
        hand.seconds += 30
        assert (await caller.post(url, json=body, headers=one)).status_code == 200


async def test_turns_at_a_time_are_bounded_and_their_places_come_back(configure: Callable[..., Settings]) -> None:
    world = World(configure(turns_per_key=1))
    async with world.client("alice") as alice, world.client(None) as caller:
        agent_id = await create(alice)
        world.go_live("alice", agent_id)
        key = await _key(world, alice, agent_id)
        url, body = f"/api/agents/{agent_id}/invocations", {"prompt": "Hello?"}
        world.runtime.hold = asyncio.Event()
        held = asyncio.create_task(caller.post(url, json=body, headers=key))
        await asyncio.wait_for(world.runtime.hold.wait(), 10)
        refused = await caller.post(url, json=body, headers=key)
        assert_problem(refused, 429, "rate_limited")
        assert refused.headers["retry-after"] == "1"
        world.runtime.hold = None
        assert (await alice.post(url, json=body)).status_code == 200, "the operator's own turns have their own limit"
        held.cancel()
        await asyncio.gather(held, return_exceptions=True)
        assert (await caller.post(url, json=body, headers=key)).status_code == 200


async def test_a_failed_turn_gives_its_place_back(configure: Callable[..., Settings]) -> None:
    world = World(configure(turns_per_tenant=1))
    async with world.client("alice") as alice:
        agent_id = await create(alice)
        for _ in range(3):
            answer = await alice.post(f"/api/agents/{agent_id}/invocations", json={"prompt": "Hello?"})
            assert_problem(answer, 409, "conflict")


async def test_bad_credentials_of_one_address_are_slowed_and_good_ones_are_not(
    configure: Callable[..., Settings],
) -> None:
    world, hand = _limited(configure(failed_auth_per_minute=5))
    async with world.client(None) as stranger, world.client("alice") as alice:
        bad = {"Authorization": "Bearer not-a-token"}
        for _ in range(5):
            assert_problem(await stranger.get("/api/agents", headers=bad), 401, "not_authenticated")
        refused = await stranger.get("/api/agents", headers=bad)
        assert_problem(refused, 429, "rate_limited")
        assert refused.headers["retry-after"] == "12"
        assert (await alice.get("/api/agents")).status_code == 200
        assert_problem(await stranger.get("/api/agents"), 401, "not_authenticated")
        hand.seconds += 12
        assert_problem(await stranger.get("/api/agents", headers=bad), 401, "not_authenticated")
