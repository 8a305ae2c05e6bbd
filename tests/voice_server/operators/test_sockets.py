"""Operators in calls over real sockets: two clients, real records, a scripted agent, a speech model a test plays."""

import asyncio
import dataclasses
import io
import json
import wave
from typing import Any

import numpy as np
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from oratio.domain.conversations.conversation import Handoff, TurnResult
from oratio.domain.storage_layout import audio_key
from oratio.domain.webhook import WebhookEvent
from oratio.ports.speech import Heard
from tests.voice_server.fakes import Exchange, PlayedSpeech
from voice_server.session.config import OperatorConfig

TEXT_ONLY: dict[str, Any] = {"audio": {"input": None, "output": None}}
EVENTS_ONLY: dict[str, Any] = {"audio": {"output": None}}
WANTED = TurnResult(answer="One moment.", answered=True, handoff=Handoff(reason="wants a refund", summary="order 12"))


async def refusal(url: str, **options: Any) -> int:
    with pytest.raises(InvalidStatus) as refused:
        await connect(url, **options)
    status: int = refused.value.response.status_code
    return status


class TestHandshake:
    async def test_a_call_is_listed_while_it_goes_on(self, exchange: Exchange) -> None:
        async with exchange.line() as line:
            ready = await line.start(**TEXT_ONLY)
            call = await exchange.listed(state="agent")
            assert (call.conversation_id, call.agent_id, call.attached) == (ready["sessionId"], "a1", True)
            await line.send("session.end")
            await line.closed()
        await exchange.app.switchboard.drain(0, asyncio.Event())
        assert exchange.platform.live_calls.of_user("ada") == []

    async def test_a_ticket_lets_an_operator_in_once(self, exchange: Exchange) -> None:
        async with exchange.line() as line:
            await line.start(**TEXT_ONLY)
            call = await exchange.listed()
            ticket, _ = exchange.services.live_calls.ticket("ada", call.conversation_id)
            protocols: Any = ["oratio.operator.v1", f"bearer.{ticket}"]
            async with connect(exchange.operator_url(call.conversation_id), subprotocols=protocols) as socket:
                assert socket.subprotocol == "oratio.operator.v1"
                await socket.send('{"type":"operator.start"}')
                assert json.loads(await socket.recv())["type"] == "operator.ready"
            assert await refusal(f"{exchange.operator_url(call.conversation_id)}?ticket={ticket}") == 401

    async def test_another_tenant_is_404_and_nobody_401(self, exchange: Exchange) -> None:
        async with exchange.line() as line:
            await line.start(**TEXT_ONLY)
            url = exchange.operator_url((await exchange.listed()).conversation_id)
            eve = {"Authorization": f"Bearer {exchange.token('eve')}"}
            assert await refusal(url, additional_headers=eve) == 404
            assert await refusal(url) == 401
            assert await refusal(url, additional_headers={"X-API-Key": exchange.key()[1]}) == 401

    async def test_a_call_that_is_over_is_404(self, exchange: Exchange) -> None:
        ada = {"Authorization": f"Bearer {exchange.token()}"}
        assert await refusal(exchange.operator_url("nothing"), additional_headers=ada) == 404

    @pytest.mark.parametrize("frame", ['{"type":"takeover"}', "no json", b"\x00\x00"])
    async def test_the_first_message_must_be_operator_start(self, exchange: Exchange, frame: str | bytes) -> None:
        async with exchange.line() as line:
            await line.start(**TEXT_ONLY)
            call = await exchange.listed()
            headers = {"Authorization": f"Bearer {exchange.token()}"}
            async with connect(exchange.operator_url(call.conversation_id), additional_headers=headers) as socket:
                await socket.send(frame)
                assert json.loads(await socket.recv())["code"] == "bad_message"
                with pytest.raises(Exception, match="4400"):
                    await socket.recv()
            await line.send("ping", t=1)
            await line.until("pong")


class TestInACall:
    async def test_an_operator_takes_over_types_and_hands_back(self, exchange: Exchange) -> None:
        exchange.runtime.result = WANTED
        async with exchange.line() as line:
            ready = await line.start(**TEXT_ONLY)
            await line.send("input.text", text="A refund please.")
            await line.until("handoff.started")
            await exchange.listed(state="handoff")
            async with exchange.operator(ready["sessionId"], **EVENTS_ONLY) as operator:
                told = operator.seen[0]
                assert told["handoff"]["reason"] == "wants a refund"
                assert told["transcript"][0] == {"role": "user", "text": "A refund please."}
                await operator.send("takeover")
                await line.until("handoff.connected")
                assert (await exchange.listed(state="operator")).operator == "ada"
                await operator.send("say", text="Ada here. It is paid back today.")
                spoken = await line.until("response.done")
                while spoken["spokenText"] != "Ada here. It is paid back today.":
                    spoken = await line.until("response.done")
                await line.send("input.text", text="Thank you!")
                heard = await operator.until("transcript.done")
                while heard["text"] != "Thank you!":
                    heard = await operator.until("transcript.done")
                await operator.send("handback", note="The refund is agreed.")
                assert (await line.until("handoff.ended"))["by"] == "operator"
            exchange.runtime.result = TurnResult(answer="Yes.", answered=True)
            await line.send("input.text", text="Is it agreed?")
            await line.until("response.done")
            await line.send("session.end")
            await line.closed()
        await exchange.app.switchboard.drain(0, asyncio.Event())
        assert len(exchange.runtime.calls) == 2
        told_agent = exchange.runtime.calls[1][2]
        assert told_agent.replay
        assert told_agent.guidance == ("The refund is agreed.",)
        assert "Ada here. It is paid back today." in " ".join(message.text for message in told_agent.history)
        assert any(message.text == "Thank you!" for message in told_agent.history)
        conversation, turns = exchange.services.conversations.get("ada", ready["sessionId"])
        assert (conversation.operator, conversation.outcome) == ("ada", "handed_off")
        assert [(turn.role, turn.prompt, turn.result.answer) for turn in turns[1:3]] == [
            ("operator", "", "Ada here. It is paid back today."),
            ("operator", "Thank you!", ""),
        ]
        assert turns[3].guidance == ("The refund is agreed.",)

    async def test_a_whisper_reaches_the_agent_and_not_the_caller(self, exchange: Exchange) -> None:
        async with exchange.line() as line:
            ready = await line.start(**TEXT_ONLY)
            await exchange.listed()
            async with exchange.operator(ready["sessionId"], **EVENTS_ONLY) as operator:
                await operator.send("whisper", text="Offer the blue one.")
                await operator.send("ping", t=1)
                await operator.until("pong")
                await line.send("input.text", text="Which one?")
                await line.until("response.done")
        assert exchange.runtime.calls[0][2].guidance == ("Offer the blue one.",)
        assert "blue" not in json.dumps(line.seen)

    async def test_an_operators_voice_is_heard_recorded_and_written_down(
        self, exchange: Exchange, speech: PlayedSpeech
    ) -> None:
        async with exchange.line() as line:
            ready = await line.start()
            await speech.opened()
            await exchange.listed()
            async with exchange.operator(ready["sessionId"], **EVENTS_ONLY) as operator:
                await operator.send("takeover")
                await line.until("handoff.connected")
                for _ in range(10):
                    await operator.socket.send(b"\x00\x20" * 320)
                    await asyncio.sleep(0.02)
                start = await line.until("response.start")
                assert start["speaker"] == "operator"
                done = await line.until("audio.done")
                assert done["ms"] == 200
                assert len(line.audio) == pytest.approx(9_600, abs=200)
                ears = speech.sessions[1]
                assert len(ears.heard) >= 6_400
                ears.put(Heard("It is paid today.", 200))
                said = await operator.until("transcript.done")
                assert (said["role"], said["text"]) == ("operator", "It is paid today.")
            await line.send("session.end")
            await line.closed()
        await exchange.app.switchboard.drain(0, asyncio.Event())
        _, turns = exchange.services.conversations.get("ada", ready["sessionId"])
        assert [(turn.role, turn.result.answer) for turn in turns] == [("operator", "It is paid today.")]
        with wave.open(
            io.BytesIO(exchange.platform.recordings.get(audio_key("ada", "a1", ready["sessionId"])))
        ) as file:
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
        assert samples[:, 1].max() > 4_000
        assert samples[:, 0].max() == 0

    async def test_an_operator_hears_caller_and_agent(self, exchange: Exchange, speech: PlayedSpeech) -> None:
        async with exchange.line() as line:
            ready = await line.start()
            await exchange.listed()
            async with exchange.operator(ready["sessionId"], audio={"output": {"rate": 16_000}}) as operator:
                for _ in range(25):
                    await line.socket.send(b"\x10\x00" * 320)
                    await asyncio.sleep(0.02)
                await line.send("input.text", text="Speak.")
                await operator.until("response.done")
                await operator.send("ping")
                await operator.until("pong")
        samples = np.frombuffer(bytes(operator.audio), "<i2")
        assert samples.max() == pytest.approx(1_000, rel=0.1)
        assert (abs(samples - 16) <= 2).sum() > 6_000

    async def test_nobody_comes_and_the_message_is_kept_and_told(self, exchange: Exchange) -> None:
        exchange.services.webhooks.create("ada", "https://example.com/hook", list(WebhookEvent))
        exchange.app.config = dataclasses.replace(exchange.app.config, operator=OperatorConfig(handoff_ms=50))
        exchange.runtime.result = WANTED
        async with exchange.line() as line:
            ready = await line.start(**TEXT_ONLY)
            await line.send("input.text", text="A refund please.")
            assert (await line.until("handoff.failed"))["reason"] == "no_operator"
            await line.until("response.done")
            await line.send("input.text", text="Call me back on Monday.")
            assert (await line.until("handoff.message"))["text"] == "Call me back on Monday."
            await line.until("response.done")
            await line.send("session.end")
            await line.closed()
        await exchange.app.switchboard.drain(0, asyncio.Event())
        conversation, turns = exchange.services.conversations.get("ada", ready["sessionId"])
        assert conversation.handoff_failure is not None
        assert conversation.handoff_failure.message == "Call me back on Monday."
        assert conversation.outcome == "ended"
        assert turns[-1].prompt == "Call me back on Monday."
        told = []
        while due := exchange.platform.outbox.claim(limit=10, lease_ms=1_000):
            told += [(delivery.event, delivery.data) for delivery in due]
            for delivery in due:
                exchange.platform.outbox.settle(delivery)
        events = dict(told)
        assert events["handoff.requested"]["summary"] == "order 12"
        missed = events["handoff.failed"]
        assert (missed["reason"], missed["message"]) == ("no_operator", "Call me back on Monday.")
        assert missed["summary"] == "order 12"

    async def test_the_end_of_the_call_ends_the_operators_line(self, exchange: Exchange) -> None:
        async with exchange.line() as line:
            ready = await line.start(**TEXT_ONLY)
            await exchange.listed()
            async with exchange.operator(ready["sessionId"], **EVENTS_ONLY) as operator:
                await line.send("session.end")
                assert await operator.closed() == 1000
        assert operator.seen[-1] == {"type": "session.ended", "reason": "client_ended"}

    async def test_an_operator_who_never_reads_costs_the_caller_nothing(self, exchange: Exchange) -> None:
        async with exchange.line() as line:
            ready = await line.start(**TEXT_ONLY)
            await exchange.listed()
            async with exchange.operator(ready["sessionId"], **EVENTS_ONLY) as operator:
                operator.socket.transport.pause_reading()
                exchange.runtime.deltas = ("word " * 4_000, "word " * 4_000)
                for _ in range(30):
                    await line.send("input.text", text="Go on.")
                    await line.until("response.done")
                operator.socket.transport.abort()
