"""Calls over a real socket, against real records and a scripted agent."""

import asyncio
import contextlib
import io
import json
import time
import wave
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from oratio.domain.agents.agent import AgentStatus
from oratio.domain.api_keys import Scope
from oratio.domain.conversations.conversation import Handoff, ToolCall, TurnResult
from oratio.domain.storage_layout import audio_key
from oratio.errors import AgentFailed, NotFound
from oratio.ports.speech import CallerSpeechStarted, CallerSpeechStopped, Heard
from tests.voice_server.fakes import Exchange, PlayedSpeech, spoken_pcm

TEXT_ONLY = {"audio": {"input": None, "output": None}}


async def refusal(exchange: Exchange, agent_id: str = "a1", **options: Any) -> InvalidStatus:
    with pytest.raises(InvalidStatus) as refused:
        await connect(exchange.url(agent_id), **options)
    return refused.value


class TestHandshake:
    async def test_health_and_metrics_answer_without_a_key(self, exchange: Exchange) -> None:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{exchange.port}") as client:
            assert (await client.get("/healthz")).json() == {"status": "ok"}
            assert "oratio_voice_calls" in (await client.get("/metrics")).text

    async def test_no_key_is_401(self, exchange: Exchange) -> None:
        refused = await refusal(exchange)
        assert refused.response.status_code == 401
        assert json.loads(refused.response.body or b"")["code"] == "not_authenticated"

    async def test_a_key_without_the_voice_scope_is_403(self, exchange: Exchange) -> None:
        _, key = exchange.key(scopes=[Scope.INVOKE])
        assert (await refusal(exchange, additional_headers={"X-API-Key": key})).response.status_code == 403

    async def test_a_key_of_another_origin_is_403(self, exchange: Exchange) -> None:
        _, key = exchange.key(origins=["https://shop.example"])
        refused = await refusal(exchange, additional_headers={"X-API-Key": key}, origin="https://other.example")
        assert refused.response.status_code == 403

    async def test_another_agent_is_404(self, exchange: Exchange) -> None:
        _, key = exchange.key()
        refused = await refusal(exchange, "a2", additional_headers={"X-API-Key": key})
        assert refused.response.status_code == 404

    async def test_another_path_is_404(self, exchange: Exchange) -> None:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{exchange.port}") as client:
            assert (await client.get("/v1/nothing")).status_code == 404

    async def test_an_agent_that_is_not_active_is_409(self, exchange: Exchange) -> None:
        exchange.add_agent("a2", AgentStatus.CREATING)
        _, key = exchange.key("a2")
        refused = await refusal(exchange, "a2", additional_headers={"X-API-Key": key})
        assert refused.response.status_code == 409

    async def test_a_full_server_is_503_and_says_when_to_try_again(self, exchange: Exchange) -> None:
        exchange.app.switchboard._max_calls = 1
        async with exchange.line():
            _, key = exchange.key()
            refused = await refusal(exchange, additional_headers={"X-API-Key": key})
        assert refused.response.status_code == 503
        assert int(refused.response.headers["Retry-After"]) >= 1

    async def test_a_key_with_all_its_calls_is_429(self, exchange: Exchange) -> None:
        exchange.app.switchboard._calls_per_key = 1
        _, key = exchange.key()
        async with exchange.line(key):
            refused = await refusal(exchange, additional_headers={"X-API-Key": key})
        assert refused.response.status_code == 429
        assert "Retry-After" in refused.response.headers

    async def test_a_place_is_free_again_after_a_refused_upgrade(self, exchange: Exchange) -> None:
        exchange.app.switchboard._calls_per_key = 1
        _, key = exchange.key()
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{exchange.port}") as client:
            headers = {"X-API-Key": key, "Upgrade": "websocket", "Connection": "Upgrade"}
            assert (await client.get("/v1/agents/a1/voice", headers=headers)).status_code == 400
        async with exchange.line(key) as line:
            await line.start(**TEXT_ONLY)

    async def test_a_subprotocol_may_carry_the_key_and_is_not_echoed(self, exchange: Exchange) -> None:
        _, key = exchange.key()
        offered: Any = ["oratio.v1", f"bearer.{key}"]
        async with connect(exchange.url(), subprotocols=offered) as socket:
            assert socket.subprotocol == "oratio.v1"

    async def test_a_ticket_lets_in_once(self, exchange: Exchange) -> None:
        ticket, _ = exchange.services.access.ticket("ada", "a1")
        async with connect(f"{exchange.url()}?ticket={ticket}") as socket:
            await socket.send('{"type":"session.start"}')
            assert json.loads(await socket.recv())["type"] == "session.ready"
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"{exchange.url()}?ticket={ticket}")
        assert refused.value.response.status_code == 401

    async def test_a_draining_server_is_503(self, exchange: Exchange) -> None:
        await exchange.app.switchboard.drain(0, asyncio.Event())
        _, key = exchange.key()
        assert (await refusal(exchange, additional_headers={"X-API-Key": key})).response.status_code == 503


class TestTextTurns:
    async def test_a_typed_question_is_answered_in_words(self, exchange: Exchange) -> None:
        async with exchange.line() as line:
            ready = await line.start(**TEXT_ONLY)
            await line.send("input.text", text="My phone is off.")
            done = await line.until("response.done")
            assert done["status"] == "completed"
            assert done["spokenText"] == "Hold the power button."
            assert line.kinds() == [
                "session.ready",
                "transcript.done",
                "response.start",
                "transcript.delta",
                "transcript.delta",
                "transcript.done",
                "response.done",
            ]
            await line.until("usage")
            await line.send("session.end")
            assert await line.closed() == 1000
        conversation, turns = exchange.services.conversations.get("ada", ready["sessionId"])
        assert conversation.channel == "voice"
        assert [turn.prompt for turn in turns] == ["My phone is off."]

    async def test_questions_sent_at_once_are_answered_in_order(self, exchange: Exchange) -> None:
        async with exchange.line() as line:
            await line.start(**TEXT_ONLY)
            await line.send("input.text", text="One")
            await line.send("input.text", text="Two")
            await line.until("response.done")
            await line.until("response.done")
        assert [call[2].prompt for call in exchange.runtime.calls] == ["One", "Two"]

    async def test_tools_and_a_handoff_are_told(self, exchange: Exchange) -> None:
        exchange.runtime.result = TurnResult(
            answer="I will connect you.",
            answered=True,
            tool_calls=(ToolCall(name="request_handoff", status="success", ms=3),),
            handoff=Handoff(reason="wants a refund", summary="order 12"),
        )
        async with exchange.line() as line:
            await line.start(**TEXT_ONLY)
            await line.send("handoff.request")
            started = await line.until("handoff.started")
            assert started == {"type": "handoff.started", "reason": "wants a refund", "summary": "order 12"}
            tools = [message for message in line.seen if message["type"].startswith("tool.")]
            assert [tool["status"] for tool in tools] == ["running", "success"]

    async def test_an_agent_that_fails_is_told_and_the_call_goes_on(self, exchange: Exchange) -> None:
        exchange.runtime.failure = AgentFailed("the agent failed")
        async with exchange.line() as line:
            await line.start(**TEXT_ONLY)
            await line.send("input.text", text="One")
            assert (await line.until("response.done"))["status"] == "failed"
            error = next(message for message in line.seen if message["type"] == "error")
            assert (error["code"], error["fatal"]) == ("agent_failed", False)
            exchange.runtime.failure = None
            await line.send("input.text", text="Two")
            assert (await line.until("response.done"))["status"] == "completed"

    async def test_an_agent_that_fails_three_times_ends_the_call(self, exchange: Exchange) -> None:
        exchange.runtime.failure = AgentFailed("the agent failed")
        async with exchange.line() as line:
            await line.start(**TEXT_ONLY)
            for _ in range(3):
                await line.send("input.text", text="One")
            assert await line.closed() == 4500

    async def test_a_cancelled_response_stops_the_agent(self, exchange: Exchange) -> None:
        exchange.runtime.hold = asyncio.Event()
        async with exchange.line() as line:
            await line.start(**TEXT_ONLY)
            await line.send("input.text", text="One")
            await exchange.runtime.hold.wait()
            await line.send("response.cancel")
            assert (await line.until("response.done"))["status"] == "interrupted"
            exchange.runtime.hold = None
            await line.send("input.text", text="Two")
            assert (await line.until("response.done"))["status"] == "completed"
        assert exchange.runtime.cancelled == 1


class TestWarmUp:
    async def test_the_agent_is_made_ready_before_the_first_question_and_nothing_is_kept(
        self, exchange: Exchange
    ) -> None:
        async with exchange.line() as line:
            ready = await line.start(**TEXT_ONLY)
            async with asyncio.timeout(5):
                while not exchange.runtime.warmed:
                    await asyncio.sleep(0.01)
            await line.send("session.end")
            await line.closed()
        assert exchange.runtime.calls == []
        with pytest.raises(NotFound):
            exchange.services.conversations.get("ada", ready["sessionId"])

    async def test_the_first_question_is_asked_in_the_session_that_was_warmed(self, exchange: Exchange) -> None:
        async with exchange.line() as line:
            await line.start(**TEXT_ONLY)
            await line.send("input.text", text="Hi")
            await line.until("response.done")
        assert [call[2].session_id for call in exchange.runtime.calls] == exchange.runtime.warmed


class TestBadInput:
    @pytest.mark.parametrize(
        ("frame", "code"),
        [
            ("not json", 4400),
            ("[]", 4400),
            ('{"type":"nothing"}', 4400),
            ('{"type":"input.text"}', 4400),
            ('{"type":"session.start"}', 4400),
            ('{"type":"playback","responseId":"r","playedMs":-1}', 4400),
            ("[" * 60_000, 4400),
            (b"\x00" * 65_537, 4413),
            ("x" * 65_537, 4413),
        ],
    )
    async def test_a_bad_frame_closes_with_its_code(self, exchange: Exchange, frame: str | bytes, code: int) -> None:
        async with exchange.line() as line:
            await line.start(**TEXT_ONLY)
            await line.socket.send(frame)
            assert await line.closed() == code

    @pytest.mark.parametrize("frame", ["{}", '{"type":"ping"}', b"\x00\x00"])
    async def test_the_first_message_must_be_session_start(self, exchange: Exchange, frame: str | bytes) -> None:
        async with exchange.line() as line:
            await line.socket.send(frame)
            assert await line.closed() == 4400

    async def test_a_wrong_rate_is_a_bad_message(self, exchange: Exchange) -> None:
        async with exchange.line() as line:
            await line.send("session.start", audio={"input": {"rate": 44_100}})
            assert await line.closed() == 4400

    async def test_audio_far_above_real_time_is_a_limit(self, exchange: Exchange) -> None:
        async with exchange.line() as line:
            await line.start()
            with contextlib.suppress(Exception):
                for _ in range(40):
                    await line.socket.send(bytes(32_000))
            assert await line.closed() == 4429

    async def test_an_empty_text_is_told_and_the_call_goes_on(self, exchange: Exchange) -> None:
        async with exchange.line() as line:
            await line.start(**TEXT_ONLY)
            await line.send("input.text", text=" ")
            assert (await line.until("error"))["fatal"] is False
            await line.send("ping", t=7)
            assert (await line.until("pong"))["t"] == 7


class TestLifetime:
    async def test_a_revoked_key_ends_its_calls_within_ten_seconds(self, exchange: Exchange) -> None:
        record, key = exchange.key()
        async with exchange.line(key) as line:
            await line.start(**TEXT_ONLY)
            exchange.services.access.revoke("ada", "a1", record.key_id)
            begun = time.monotonic()
            assert await line.closed() == 4401
            assert time.monotonic() - begun < 10
        assert line.seen[-1] == {"type": "session.ended", "reason": "not_authenticated"}

    async def test_a_caller_who_ends_and_is_gone_at_once_leaves_nothing_behind(self, exchange: Exchange) -> None:
        exchange.runtime.deltas = ("word " * 200, "word " * 200)
        async with exchange.line() as line:
            await line.start()
            await line.send("input.text", text="Speak.")
            await line.until("audio.start")
            await line.send("session.end")
            line.socket.transport.abort()
        async with asyncio.timeout(5):
            await exchange.app.switchboard.drain(0, asyncio.Event())
        assert len(exchange.app.switchboard) == 0

    async def test_draining_ends_calls_politely(self, exchange: Exchange) -> None:
        async with exchange.line() as line:
            await line.start(**TEXT_ONLY)
            drained = asyncio.create_task(exchange.app.switchboard.drain(0.05, asyncio.Event()))
            assert await line.closed() == 1001
            assert line.seen[-1] == {"type": "session.ended", "reason": "draining"}
            await drained

    async def test_a_dropped_caller_comes_back_and_gets_what_it_missed(self, exchange: Exchange) -> None:
        exchange.runtime.hold = asyncio.Event()
        _, key = exchange.key()
        async with exchange.line(key) as line:
            ready = await line.start(**TEXT_ONLY)
            await line.send("input.text", text="One")
            await line.until("transcript.delta")
            line.socket.transport.abort()
        resume = {"sessionId": ready["sessionId"], "token": ready["resumeToken"]}
        async with exchange.line(key) as line:
            again = await line.start(resume=resume)
            assert again["sessionId"] == ready["sessionId"]
            assert again["resumed"] is True
            await line.send("response.cancel")
            assert (await line.until("response.done"))["status"] == "interrupted"

    async def test_a_resume_takes_over_from_a_socket_that_still_stands(self, exchange: Exchange) -> None:
        _, key = exchange.key()
        async with exchange.line(key) as first, exchange.line(key) as second:
            ready = await first.start(**TEXT_ONLY)
            await second.start(resume={"sessionId": ready["sessionId"], "token": ready["resumeToken"]})
            assert await first.closed() == 4409
            await second.send("ping", t=1)
            await second.until("pong")

    async def test_a_resume_with_a_wrong_token_is_refused(self, exchange: Exchange) -> None:
        _, key = exchange.key()
        async with exchange.line(key) as first, exchange.line(key) as second:
            ready = await first.start(**TEXT_ONLY)
            await second.send("session.start", resume={"sessionId": ready["sessionId"], "token": "wrong"})
            assert await second.closed() == 4400
            assert second.seen[0]["code"] == "resume_failed"


class TestSpeech:
    async def test_a_spoken_question_is_answered_aloud(self, exchange: Exchange, speech: PlayedSpeech) -> None:
        async with exchange.line() as line:
            await line.start()
            await line.socket.send(bytes(640))
            session = await speech.opened()
            await session.hearing.wait()
            session.put(CallerSpeechStarted(0), CallerSpeechStopped(10), Heard("My phone is off.", 10))
            done = await line.until("response.done")
            assert done["spokenText"] == "Hold the power button."
            assert bytes(line.audio) == spoken_pcm("Hold the power button.")
            kinds = line.kinds()
            assert kinds.index("audio.start") < kinds.index("audio.done") < kinds.index("response.done")
            assert next(m for m in line.seen if m["type"] == "audio.done")["ms"] == 400
        assert speech.sessions[0].said == ["Hold the power button."]

    async def test_a_caller_who_breaks_in_is_heard_and_the_record_says_so(
        self, exchange: Exchange, speech: PlayedSpeech
    ) -> None:
        exchange.runtime.result = TurnResult(answer="word " * 40, answered=True)
        exchange.runtime.deltas = ("word " * 20, "word " * 20)
        async with exchange.line() as line:
            ready = await line.start()
            session = await speech.opened()
            session.put(Heard("My phone is off.", 0))
            await line.until("audio.start")
            session.put(CallerSpeechStarted(0))
            interrupt = await line.until("interrupt")
            await line.send("playback", responseId=interrupt["responseId"], playedMs=200)
            await line.send("ping")
            await line.until("pong")
            session.put(Heard("Wait.", 0))
            first = await line.until("response.done")
            assert (first["status"], first["spokenText"]) == ("interrupted", "word word")
            assert (await line.until("response.start"))["responseId"] != first["responseId"]
            await line.send("session.end")
            await line.closed()
        async with asyncio.timeout(5):
            await exchange.app.switchboard.drain(0, asyncio.Event())
        _, turns = exchange.services.conversations.get("ada", ready["sessionId"])
        assert (turns[0].interrupted, turns[0].result.answer) == (True, "word word")
        assert turns[0].dead_air_ms is not None

    async def test_a_call_is_recorded_in_two_channels(self, exchange: Exchange, speech: PlayedSpeech) -> None:
        async with exchange.line() as line:
            ready = await line.start()
            await line.socket.send(b"\x10\x00" * 16_000)
            (await speech.opened()).put(Heard("My phone is off.", 1_000))
            await line.until("response.done")
            await line.send("session.end")
            await line.closed()
        await exchange.app.switchboard.drain(0, asyncio.Event())
        data = exchange.platform.recordings.get(audio_key("ada", "a1", ready["sessionId"]))
        with wave.open(io.BytesIO(data)) as file:
            assert (file.getnchannels(), file.getframerate()) == (2, 16_000)
            assert file.getnframes() >= 16_000
            samples = file.readframes(file.getnframes())
        assert b"\x10\x00" in samples[0:4]
        assert b"\xe8\x03" in samples
        conversation, _ = exchange.services.conversations.get("ada", ready["sessionId"])
        assert conversation.outcome == "ended"

    async def test_audio_comes_in_the_rate_asked_for(self, exchange: Exchange) -> None:
        async with exchange.line() as line:
            ready = await line.start(audio={"output": {"encoding": "mulaw", "rate": 8000}})
            assert ready["audio"]["output"] == {"encoding": "mulaw", "rate": 8000}
            await line.send("input.text", text="One")
            start = await line.until("audio.start")
            assert start["rate"] == 8000
            await line.until("response.done")
            assert len(line.audio) == pytest.approx(3_200, abs=40)

    async def test_without_a_speech_model_the_call_goes_on_in_writing(
        self, exchange: Exchange, speech: PlayedSpeech
    ) -> None:
        speech.missing = "the speech packages are not installed"
        async with exchange.line() as line:
            await line.start()
            assert (await line.until("error"))["code"] == "speech_unavailable"
            await line.send("input.text", text="One")
            assert (await line.until("response.done"))["spokenText"] == "Hold the power button."

    async def test_a_speech_model_that_dies_is_replaced_once(self, exchange: Exchange, speech: PlayedSpeech) -> None:
        async with exchange.line() as line:
            await line.start()
            (await speech.opened()).die()
            restored = await line.until("model.restored")
            assert restored["gapMs"] >= 0
            speech.sessions[1].die()
            assert await line.closed() == 4500
