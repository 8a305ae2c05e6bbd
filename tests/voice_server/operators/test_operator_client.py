"""The operator's Python client against a real voice server."""

import asyncio

import pytest

from oratio.client.operator import OperatorLine, Told
from oratio.errors import NotAuthenticated, NotFound, Unavailable
from tests.voice_server.fakes import Exchange, Line

TEXT_ONLY = {"input": None, "output": None}


async def told(line: OperatorLine, kind: str) -> Told:
    async for event in line:
        if isinstance(event, Told) and event.type == kind:
            return event
    raise AssertionError(f"the line ended without {kind}")


async def begun(exchange: Exchange, line: Line) -> str:
    ready = await line.start(audio=TEXT_ONLY)
    await exchange.listed()
    conversation_id: str = ready["sessionId"]
    return conversation_id


async def test_an_operator_takes_over_speaks_and_hands_back(exchange: Exchange) -> None:
    async with exchange.line() as caller:
        conversation_id = await begun(exchange, caller)
        async with OperatorLine(exchange.operator_url(conversation_id), exchange.token()) as operator:
            assert operator.ready["conversationId"] == conversation_id
            await operator.whisper("Be brief.")
            await operator.take_over()
            assert (await told(operator, "operator.mode")).data["mode"] == "takeover"
            await operator.say("Hello.")
            assert (await told(operator, "transcript.done")).data["text"] == "Hello."
            await operator.hand_back("Said hello.")
            assert (await told(operator, "operator.mode")).data["mode"] == "listening"
            await operator.end_call()
            assert (await told(operator, "session.ended")).data["reason"] == "operator_ended"
            assert [event async for event in operator] == []


async def test_what_is_said_is_heard(exchange: Exchange) -> None:
    async with exchange.line() as caller:
        await caller.start()
        conversation_id = (await exchange.listed()).conversation_id
        async with OperatorLine(
            exchange.operator_url(conversation_id), exchange.token(), output_rate=16_000
        ) as operator:
            await caller.send("input.text", text="Speak.")
            async with asyncio.timeout(10):
                heard = next(iter([event async for event in _audio(operator)]))
            assert heard
            await operator.take_over()
            await operator.send_audio(bytes(640))
            assert (await told(operator, "response.start")).data["speaker"] == "operator"


async def _audio(line: OperatorLine):  # type: ignore[no-untyped-def]
    async for event in line:
        if isinstance(event, bytes):
            yield event
            return


async def test_refusals_are_errors(exchange: Exchange) -> None:
    with pytest.raises(NotFound):
        await OperatorLine(exchange.operator_url("nothing"), exchange.token()).__aenter__()
    with pytest.raises(NotAuthenticated):
        await OperatorLine(exchange.operator_url("nothing"), "no.ticket").__aenter__()
    with pytest.raises(Unavailable):
        await OperatorLine("ws://127.0.0.1:9/v1/operator/x", "t").__aenter__()
