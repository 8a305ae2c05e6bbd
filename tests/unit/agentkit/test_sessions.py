import json
import socket
from typing import Any

import pytest

from oratio.agentkit.app import read_request
from oratio.agentkit.definition import AgentDefinition, BadDefinition
from oratio.agentkit.platform.framing import BadFrame, encode, receive_frame
from oratio.agentkit.sessions import Sessions, TurnRequest, replayed
from tests.fakes.agents import AGENT_FILE, agent_file, plan
from tests.unit.agentkit.test_context import PASSAGE, ScriptedConnections

PLAN = plan().model_dump_json().encode()


def definition(code: bytes | None = None) -> AgentDefinition:
    return AgentDefinition.read(code=code or agent_file(), prompt=b"You are Ada.", plan=PLAN, model="m")


def sessions(code: bytes | None = None, *, limit: int = 64) -> Sessions:
    made = definition(code)
    return Sessions(made, made.load(), ScriptedConnections([PASSAGE]), limit=limit)


async def turn(held: Sessions, prompt: str, session_id: str = "s", deadline_s: float = 10) -> list[dict[str, Any]]:
    request = TurnRequest(session_id=session_id, prompt=prompt, history=(), deadline_s=deadline_s)
    return [event async for event in held.turn(request)]


async def test_a_turn_streams_and_ends_in_its_result() -> None:
    *deltas, last = await turn(sessions(), "good morning")
    assert "".join(delta["text"] for delta in deltas) == last["result"]["answer"] == "you said good morning"
    assert last["result"]["usage"] == {"inputTokens": 10, "outputTokens": 4}


async def test_usage_is_that_of_the_turn_and_not_of_the_conversation() -> None:
    held = sessions()
    for _ in range(2):
        *_, last = await turn(held, "good morning")
        assert last["result"]["usage"]["inputTokens"] == 10


async def test_the_longest_unused_conversation_is_forgotten_first() -> None:
    held = sessions(limit=2)
    for session_id in ("a", "b", "a", "c"):
        await turn(held, "hello", session_id)
    assert (await turn(held, "count", "a"))[-1]["result"]["answer"] == "5 messages"
    assert (await turn(held, "count", "b"))[-1]["result"]["answer"] == "1 messages"


async def test_a_failed_turn_tells_the_errors_type_and_not_its_words() -> None:
    code = AGENT_FILE.replace("    tools = [", "    raise RuntimeError('secret words')\n    tools = [").encode()
    (event,) = await turn(sessions(code), "hello")
    assert event["type"] == "error"
    assert event["code"] == "agent_failed"
    assert "secret" not in json.dumps(event)
    assert "RuntimeError" in event["message"]


async def test_a_turn_past_its_deadline_is_an_error_and_its_memory_is_dropped() -> None:
    held = sessions(agent_file("import time\ntime.sleep(0.5)"))
    assert (await turn(held, "experiment x", deadline_s=0.1))[-1]["code"] == "deadline"
    assert (await turn(held, "count"))[-1]["result"]["answer"] == "1 messages"


async def test_what_build_agent_returns_must_be_an_agent() -> None:
    (event,) = await turn(sessions(b"def build_agent(ctx):\n    return 5\n"), "hello")
    assert event["type"] == "error"


@pytest.mark.parametrize(
    "code", [b"x = 1\n", b"import no_such_module\n", b"def build_agent(:\n", b"\xff\xfe", b"build_agent = 5\n"]
)
def test_code_that_defines_no_agent_is_a_bad_definition(code: bytes) -> None:
    with pytest.raises(BadDefinition):
        definition(code).load()


def test_history_alternates_from_the_user_to_the_assistant() -> None:
    history = [("assistant", "hi"), ("user", "a"), ("user", "b"), ("assistant", " "), ("assistant", "c"), ("user", "d")]
    assert replayed(history) == [
        {"role": "user", "content": [{"text": "a"}, {"text": "b"}]},
        {"role": "assistant", "content": [{"text": "c"}]},
    ]


@pytest.mark.parametrize(
    "payload",
    [
        None,
        {},
        {"prompt": ""},
        {"prompt": "x" * 20_001},
        {"prompt": "x", "history": "y"},
        {"prompt": "x", "history": [{"role": "system", "text": "y"}]},
        {"prompt": "x", "deadlineMs": 0},
        {"prompt": "x", "deadlineMs": "soon"},
    ],
)
def test_a_payload_of_another_form_is_refused(payload: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_request(payload, "s" * 33)


def test_a_call_without_a_session_is_refused() -> None:
    with pytest.raises(ValueError, match="session"):
        read_request({"prompt": "x"}, None)


def test_a_frame_over_the_limit_is_neither_sent_nor_read() -> None:
    with pytest.raises(BadFrame):
        encode({"x": "y" * 100}, limit=50)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(encode({"x": "y" * 100}))
        with pytest.raises(BadFrame):
            receive_frame(theirs, limit=50)
