"""Whole calls with OpenAI Realtime: a client, the voice server, Strands' own client, and the fake behind it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from strands.bidi.models.openai import realtime

from oratio import settings
from oratio.bootstrap import build_speech
from oratio.ports.dialogue import Dialogues
from tests.fakes.nova import NovaTurn
from tests.fakes.openai_realtime import RealtimeFake
from tests.voice_server.fakes import Exchange
from tests.voice_server.spoken import ASKING, calling, serving


@pytest.fixture
async def model(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RealtimeFake]:
    """OpenAI's address is a constant of Strands: it has no setting."""
    async with RealtimeFake().listening() as fake:
        monkeypatch.setattr(realtime, "OPENAI_REALTIME_URL", fake.url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
        yield fake


@pytest.fixture
async def exchange(model: RealtimeFake, tmp_path: Path) -> AsyncIterator[Exchange]:
    speech = build_speech(settings.load(speech="openai/gpt-realtime"))
    assert isinstance(speech, Dialogues)
    async with serving(speech, tmp_path / "data") as exchange:
        yield exchange


async def test_a_spoken_question_is_put_to_the_agent_and_answered_in_speech(
    exchange: Exchange, model: RealtimeFake
) -> None:
    model.turns.append(ASKING)
    async with calling(exchange) as (line, mouth):
        await mouth.speak()
        first, second = await line.until("response.done"), await line.until("response.done")
        await line.send("session.end")
        await line.until("session.ended")
    assert (first["spokenText"], second["spokenText"]) == ("Let me look.", "Do this.")
    assert len(line.audio) == 48 * 100 * 5
    assert [call.prompt for _, _, call in exchange.runtime.calls] == ["The phone is off."]
    assert model.credentials == ["Bearer sk-test"]
    assert model.sessions[0]["instructions"].startswith("# You are Ada's agent.")
    assert [tool["name"] for tool in model.sessions[0]["tools"]] == ["ask_agent"]
    user = next(message["text"] for message in line.seen if message["type"] == "transcript.done")
    assert user == "My phone is off."


async def test_typed_text_is_answered_in_speech(exchange: Exchange, model: RealtimeFake) -> None:
    model.turns.append(NovaTurn("", ("I can read.",)))
    async with calling(exchange) as (line, _):
        await line.send("input.text", text="Can you read?")
        assert (await line.until("response.done"))["spokenText"] == "I can read."
    assert model.items[0]["content"] == [{"type": "input_text", "text": "Can you read?"}]


async def test_a_barge_in_stops_the_audio_and_cuts_the_text(exchange: Exchange, model: RealtimeFake) -> None:
    model.turns.extend([NovaTurn("Tell me all.", ("one two three four five " * 4,)), NovaTurn("Stop.", ("Yes?",))])
    async with calling(exchange) as (line, mouth):
        await mouth.speak()
        await line.until("audio.start")
        await mouth.speak()
        stopped = await line.until("interrupt")
        heard = await line.until("response.done")
        answer = await line.until("response.done")
    assert stopped["responseId"] == heard["responseId"]
    assert heard["status"] == "interrupted"
    assert len(heard["spokenText"].split()) < 20
    assert (answer["status"], answer["spokenText"]) == ("completed", "Yes?")


async def test_a_lost_connection_is_restored_with_what_was_said(exchange: Exchange, model: RealtimeFake) -> None:
    model.turns.append(NovaTurn("Hello.", ("Hi.",)))
    async with calling(exchange) as (line, mouth):
        await mouth.speak()
        await line.until("response.done")
        model.cuts = 1
        model.turns.append(NovaTurn("Again.", ("Here I am.",)))
        await mouth.speak()
        await line.until("model.restored")
        while (await line.until("response.done"))["spokenText"] != "Here I am.":
            pass
    said = [part["text"] for item in model.items for part in item.get("content", ()) if "text" in part]
    assert said[:2] == ["Hello.", "Hi."]


async def test_without_a_key_the_setting_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(Exception, match="OPENAI_API_KEY"):
        build_speech(settings.load(speech="openai/gpt-realtime"))
