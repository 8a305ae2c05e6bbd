"""The contract suite of `ports.live_calls`; an adapter's test module subclasses it with its fixtures."""

from typing import Any

import pytest

from oratio.domain.conversations.live_call import LiveCall, LiveHandoff
from oratio.errors import NotFound
from oratio.ports.live_calls import LiveCallRepository
from tests.fakes.clock import FakeClock


def a_live_call(clock: FakeClock, conversation_id: str = "c1", user_id: str = "ada", **changes: Any) -> LiveCall:
    values: dict[str, Any] = {
        "user_id": user_id,
        "conversation_id": conversation_id,
        "agent_id": "a1",
        "agent_name": "Helper",
        "version": 1,
        "holder": "key1",
        "started_at": 1,
        "owner": "p1",
        "address": "ws://127.0.0.1:1",
        "expires_at": clock.now_ms() + 1_000,
    }
    return LiveCall(**(values | changes))


class LiveCallRepositoryContract:
    def test_a_call_put_comes_back_whole(self, live_calls: LiveCallRepository, clock: FakeClock) -> None:
        handoff = LiveHandoff(reason="asked", summary="order 12", at=5)
        call = a_live_call(clock, state="operator", handoff=handoff, operator="ada")
        live_calls.put([call])
        assert live_calls.get("ada", "c1") == call

    def test_put_replaces(self, live_calls: LiveCallRepository, clock: FakeClock) -> None:
        live_calls.put([a_live_call(clock)])
        live_calls.put([a_live_call(clock, state="handoff")])
        assert [call.state for call in live_calls.of_user("ada")] == ["handoff"]

    def test_put_of_nothing_is_not_an_error(self, live_calls: LiveCallRepository) -> None:
        live_calls.put([])

    def test_a_call_nobody_keeps_alive_is_gone(self, live_calls: LiveCallRepository, clock: FakeClock) -> None:
        live_calls.put([a_live_call(clock)])
        clock.advance(1)
        with pytest.raises(NotFound):
            live_calls.get("ada", "c1")
        assert live_calls.of_user("ada") == []
        assert live_calls.held("ada", "key1", besides="") == 0

    def test_calls_come_newest_first_and_by_agent(self, live_calls: LiveCallRepository, clock: FakeClock) -> None:
        live_calls.put([a_live_call(clock, f"c{number}", started_at=number) for number in (1, 3, 2)])
        live_calls.put([a_live_call(clock, "other", agent_id="a2")])
        assert [call.conversation_id for call in live_calls.of_user("ada", agent_id="a1")] == ["c3", "c2", "c1"]
        assert len(live_calls.of_user("ada")) == 4

    def test_another_tenant_sees_nothing(self, live_calls: LiveCallRepository, clock: FakeClock) -> None:
        live_calls.put([a_live_call(clock)])
        assert live_calls.of_user("eve") == []
        assert live_calls.held("eve", "key1", besides="") == 0
        with pytest.raises(NotFound):
            live_calls.get("eve", "c1")
        live_calls.remove("eve", "c1")
        assert live_calls.get("ada", "c1")

    def test_held_counts_the_holders_calls_at_other_owners(
        self, live_calls: LiveCallRepository, clock: FakeClock
    ) -> None:
        live_calls.put([a_live_call(clock, "c1", owner="p1"), a_live_call(clock, "c2", owner="p2")])
        live_calls.put([a_live_call(clock, "c3", owner="p2", holder="key2")])
        live_calls.put([a_live_call(clock, "c4", owner="p2", attached=False)])
        assert live_calls.held("ada", "key1", besides="p1") == 1
        assert live_calls.held("ada", "key1", besides="p3") == 2

    def test_remove_of_nothing_is_not_an_error(self, live_calls: LiveCallRepository, clock: FakeClock) -> None:
        live_calls.put([a_live_call(clock)])
        live_calls.remove("ada", "c1")
        live_calls.remove("ada", "c1")
        assert live_calls.of_user("ada") == []
