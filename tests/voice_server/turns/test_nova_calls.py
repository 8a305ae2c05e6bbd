"""Whole calls with Nova Sonic: a client, the voice server, the real AWS client, and the fake behind it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from oratio.domain.conversations.conversation import Handoff, TurnResult
from tests.fakes.nova import NovaFake, NovaFault, NovaTurn
from tests.fakes.nova.callers import nova_dialogues
from tests.voice_server.fakes import Exchange
from tests.voice_server.spoken import ASKING, calling, serving
from voice_server.operators.sockets import UNWRITTEN

LONG = NovaTurn(
    "Tell me all.", ("one two three four five six seven eight nine ten.", "and much more than that is to say.")
)


@pytest.fixture
def nova(tmp_path: Path) -> Iterator[NovaFake]:
    with NovaFake(tmp_path) as fake:
        yield fake


@pytest.fixture
def renew_s() -> float:
    return 420


@pytest.fixture
async def exchange(
    nova: NovaFake, renew_s: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Exchange]:
    """A voice server whose speech model is Nova Sonic; afterwards no task and no connection is left."""
    speech = nova_dialogues(nova, monkeypatch, speech_renew_seconds=renew_s)
    before = asyncio.all_tasks()
    async with serving(speech, tmp_path / "data") as exchange:
        yield exchange
    await asyncio.sleep(0)
    left = {task.get_name() for task in asyncio.all_tasks() - before - {asyncio.current_task()}}
    assert not left


async def test_a_spoken_question_is_put_to_the_agent_and_answered_in_speech(exchange: Exchange, nova: NovaFake) -> None:
    nova.turns.append(ASKING)
    async with calling(exchange) as (line, mouth):
        await mouth.speak()
        first, second = await line.until("response.done"), await line.until("response.done")
        await line.send("session.end")
        await line.until("session.ended")
    assert (first["spokenText"], second["spokenText"]) == ("Let me look.", "Do this.")
    assert len(line.audio) == 48 * 100 * 5
    assert [call.prompt for _, _, call in exchange.runtime.calls] == ["The phone is off."]
    done = next(message for message in line.seen if message["type"] == "tool.done")
    assert (done["name"], done["status"]) == ("ask_agent", "success")
    assert nova.nova.system.startswith("# You are Ada's agent.")
    assert [tool["toolSpec"]["name"] for tool in nova.nova.prompt["toolConfiguration"]["tools"]] == ["ask_agent"]
    user = next(message["text"] for message in line.seen if message["type"] == "transcript.done")
    assert user == "My phone is off."


async def test_the_record_holds_what_was_said_and_what_the_agent_knew(exchange: Exchange, nova: NovaFake) -> None:
    nova.turns.append(ASKING)
    async with calling(exchange) as (line, mouth):
        await mouth.speak()
        await line.until("response.done")
        await line.until("response.done")
        await line.send("session.end")
        await line.until("session.ended")
    await exchange.app.switchboard.drain(0, asyncio.Event())
    conversation = exchange.platform.conversations.page("ada", "a1", limit=1).items[0]
    _, turns = exchange.services.conversations.get("ada", conversation.conversation_id)
    assert [(turn.prompt, turn.result.answer) for turn in turns] == [("My phone is off.", "Let me look. Do this.")]
    assert turns[0].result.model == "scripted"
    assert turns[0].latency_ms > 0
    assert conversation.outcome == "ended"


async def test_a_barge_in_stops_the_audio_and_cuts_the_text(exchange: Exchange, nova: NovaFake) -> None:
    nova.turns.extend([LONG, NovaTurn("Stop.", ("Yes?",))])
    async with calling(exchange) as (line, mouth):
        await mouth.speak()
        await line.until("audio.start")
        await mouth.speak()
        stopped = await line.until("interrupt")
        heard = await line.until("response.done")
        answer = await line.until("response.done")
    assert stopped["responseId"] == heard["responseId"]
    assert heard["status"] == "interrupted"
    assert LONG.says[0].startswith(heard["spokenText"].split(".")[0])
    assert (answer["status"], answer["spokenText"]) == ("completed", "Yes?")


async def test_a_hand_off_of_the_agent_is_told_to_client_and_model(exchange: Exchange, nova: NovaFake) -> None:
    nova.turns.append(ASKING)
    handoff = Handoff(reason="wants a person", summary="phone off")
    exchange.runtime.result = TurnResult(answer="A person comes.", answered=True, handoff=handoff)
    async with calling(exchange) as (line, mouth):
        await mouth.speak()
        assert (await line.until("handoff.started"))["reason"] == "wants a person"


async def test_typed_text_is_answered_in_speech(exchange: Exchange, nova: NovaFake) -> None:
    nova.turns.append(NovaTurn("", ("I can read.",)))
    async with calling(exchange) as (line, _):
        await line.send("input.text", text="Can you read?")
        assert (await line.until("response.done"))["spokenText"] == "I can read."
    assert nova.nova.told == ["Can you read?"]


async def test_a_lost_connection_is_restored_and_told(exchange: Exchange, nova: NovaFake) -> None:
    nova.faults.append(NovaFault(at="turns", after_turns=1, end="clean"))
    nova.turns.extend([NovaTurn("Hello.", ("Hi.",)), NovaTurn("Again.", ("Here I am.",))])
    async with calling(exchange) as (line, mouth):
        await mouth.speak()
        restored = await line.until("model.restored")
        await mouth.speak()
        while (done := await line.until("response.done"))["spokenText"] != "Here I am.":
            pass
    assert done["status"] == "completed"
    assert restored["gapMs"] >= 0
    assert nova.novas[1].history[0] == ("USER", "Hello.")


async def test_a_model_that_ends_every_connection_ends_the_call(exchange: Exchange, nova: NovaFake) -> None:
    nova.faults.extend(
        [NovaFault(at="turns", after_turns=1, end="clean"), *[NovaFault(refuse=(503, "ServiceUnavailable"))] * 9]
    )
    nova.turns.append(NovaTurn("Hello.", ("Hi.",)))
    async with calling(exchange) as (line, mouth):
        await mouth.speak()
        assert await line.closed() == 4500
    assert len(nova.novas) == 1


async def test_without_credentials_the_call_goes_on_in_writing(exchange: Exchange, nova: NovaFake) -> None:
    nova.faults.extend([NovaFault(refuse=(403, "ExpiredTokenException"))] * 2)
    async with exchange.line() as line:
        await line.start()
        error = await line.until("error")
        await line.send("input.text", text="My phone is off.")
        done = await line.until("response.done")
    assert error["code"] == "speech_unavailable"
    assert "credentials" in error["message"]
    assert done["spokenText"] == "Hold the power button."


async def test_the_record_says_that_an_operator_spoke_where_nothing_writes_it_down(exchange: Exchange) -> None:
    async with calling(exchange) as (line, _):
        conversation_id = (await exchange.listed()).conversation_id
        async with exchange.operator(conversation_id, audio={"output": None}) as operator:
            await operator.send("takeover")
            await line.until("handoff.connected")
            for _ in range(10):
                await operator.socket.send(b"\x00\x20" * 320)
                await asyncio.sleep(0.02)
            assert (await line.until("response.start"))["speaker"] == "operator"
            await operator.send("handback")
            await line.until("handoff.ended")
        await line.send("session.end")
        await line.until("session.ended")
    await exchange.app.switchboard.drain(0, asyncio.Event())
    _, turns = exchange.services.conversations.get("ada", conversation_id)
    assert [(turn.role, turn.result.answer) for turn in turns] == [("operator", UNWRITTEN)]


async def test_a_call_has_five_tasks_and_its_client_of_aws_two(exchange: Exchange, nova: NovaFake) -> None:
    async with calling(exchange):
        await nova_called(nova, 1)
        before = asyncio.all_tasks()
        async with calling(exchange):
            await nova_called(nova, 2)
            tasks = [str(getattr(task.get_coro(), "__qualname__", "")) for task in asyncio.all_tasks() - before]
    passing = ("Mouth._run", "Connection.keepalive", "AgentClient._warm_up")
    assert sorted(name for name in tasks if name not in passing) == [
        "AIOHttp2ClientStream._set_request_body_generator",
        "AIOHttpClientStreamUnified.get_next_response_chunk",
        "CallRunner._converse",
        "CallRunner._pump",
        "RealtimeConnection._read",
        "Server.conn_handler",
        "StrandsSession._conduct",
    ]


async def nova_called(nova: NovaFake, times: int) -> None:
    """Wait until so many calls have reached the model and are heard by it."""
    async with asyncio.timeout(10):
        while len(nova.novas) < times or not nova.novas[-1].heard:
            await asyncio.sleep(0.05)


@pytest.mark.soak
@pytest.mark.parametrize("renew_s", [2])
async def test_a_call_of_twenty_minutes_in_small_is_never_dropped(exchange: Exchange, nova: NovaFake) -> None:
    """Two seconds stand for the seven minutes of a connection; one of them is ended by the other side."""
    nova.faults.extend([NovaFault(), NovaFault(), NovaFault(at="turns", after_turns=1, end="clean")])
    said = []
    async with calling(exchange) as (line, mouth):
        for number in range(16):
            nova.turns.append(NovaTurn(f"Question {number}.", (f"This is answer {number}.",)))
            await mouth.speak()
            while (done := await line.until("response.done"))["spokenText"] != f"This is answer {number}.":
                pass
            said.append(done["status"])
            await asyncio.sleep(0.8)
        await line.send("session.end")
        ended = await line.until("session.ended")
    assert ended["reason"] == "client_ended"
    assert said == ["completed"] * 16
    assert len(nova.novas) >= 8
    restored = [message["gapMs"] for message in line.seen if message["type"] == "model.restored"]
    assert len(restored) >= 7
    await exchange.app.switchboard.drain(0, asyncio.Event())
    conversation = exchange.platform.conversations.page("ada", "a1", limit=1).items[0]
    _, turns = exchange.services.conversations.get("ada", conversation.conversation_id)
    assert [turn.result.answer for turn in turns] == [f"This is answer {number}." for number in range(16)]
