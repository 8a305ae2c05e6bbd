"""Which call `oratio listen` means, and what it shows of one."""

import asyncio

import pytest

from oratio.cli.calls.listen import _show, pick
from oratio.errors import Conflict, NotFound
from oratio.protocol.http import CallView


def a_call(conversation_id: str) -> CallView:
    return CallView(
        conversation_id=conversation_id,
        agent_id="a1",
        agent_name="Helper",
        version=1,
        started_at=1,
        state="agent",
        handoff=None,
        operator=None,
        websocket_url="ws://127.0.0.1/v1/operator/c",
    )


def test_a_call_is_named_by_the_beginning_of_its_id() -> None:
    assert pick([a_call("abc"), a_call("xyz")], "a").conversation_id == "abc"


def test_a_call_that_is_over_is_not_found() -> None:
    with pytest.raises(NotFound, match="oratio calls"):
        pick([a_call("abc")], "b")


def test_several_calls_are_a_conflict() -> None:
    with pytest.raises(Conflict):
        pick([a_call("abc"), a_call("abd")], "ab")


def test_what_is_said_and_who_has_the_call_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    has_call = asyncio.Event()
    events: tuple[tuple[str, dict[str, str | None]], ...] = (
        ("transcript.done", {"role": "user", "text": "Hello\x1b[2J?"}),
        ("transcript.done", {"role": "assistant", "text": ""}),
        ("operator.mode", {"mode": "takeover", "operator": "ada"}),
        ("operator.mode", {"mode": "listening", "operator": None}),
        ("session.ended", {"reason": "client_ended"}),
    )
    for kind, data in events:
        _show(kind, data, has_call)
    lines = capsys.readouterr().out.splitlines()
    assert "\x1b" not in lines[0]
    assert lines[0].startswith("caller: Hello")
    assert lines[1:] == ["(you have the call)", "(the agent has the call)", "(the call is over: client_ended)"]
