"""The Python client against a real voice server, and a sound card that is two scripts."""

import asyncio
import stat
from pathlib import Path

import pytest

from oratio.cli.calls.soundcard import sound_card
from oratio.client.voice import Answered, Audio, Ended, Fault, HandingOver, Interrupted, Transcript, call
from oratio.domain.api_keys import Scope
from oratio.domain.conversations.conversation import Handoff, TurnResult
from oratio.errors import NotAllowed, NotAuthenticated, Unavailable
from oratio.ports.speech import Heard
from tests.voice_server.fakes import Exchange, PlayedSpeech


async def test_a_question_in_writing_is_answered_in_writing(exchange: Exchange) -> None:
    exchange.runtime.deltas = ("Turn on ", "data roaming.")
    async with call(exchange.url(), exchange.key()[1], hear_rate=None, speak_rate=None) as line:
        await line.say("What now?")
        events = []
        async for event in line.events():
            events.append(event)
            if isinstance(event, Answered):
                await line.end()
    answered = next(event for event in events if isinstance(event, Answered))
    assert (answered.status, answered.text) == ("completed", "Turn on data roaming.")
    assert [event.text for event in events if isinstance(event, Transcript) and event.final] == [
        "What now?",
        "Turn on data roaming.",
    ]
    assert events[-1] == Ended(reason="client_ended")


async def test_a_spoken_question_is_answered_aloud_and_can_be_cut(exchange: Exchange, speech: PlayedSpeech) -> None:
    exchange.runtime.deltas = ("word " * 30, "word " * 30)
    heard = bytearray()
    async with call(exchange.url(), exchange.key()[1]) as line:
        session = await speech.opened()
        await line.hear(bytes(640))
        session.put(Heard("Go on.", 0))
        kinds = []
        async for event in line.events():
            kinds.append(type(event))
            if isinstance(event, Audio):
                heard += event.pcm
                if len(heard) == len(event.pcm):
                    await line.cancel()
            elif isinstance(event, Answered):
                await line.end()
    assert heard
    assert kinds.index(Interrupted) > kinds.index(Audio)


async def test_a_handoff_is_told(exchange: Exchange) -> None:
    wanted = Handoff(reason="The caller asked.", summary="No service.")
    exchange.runtime.result = TurnResult(answer="I will connect you.", answered=True, handoff=wanted)
    async with call(exchange.url(), exchange.key()[1], hear_rate=None, speak_rate=None) as line:
        await line.ask_for_human()
        async for event in line.events():
            if isinstance(event, HandingOver):
                assert (event.state, event.reason) == ("started", "The caller asked.")
                break


async def test_a_cut_call_is_taken_up_again(exchange: Exchange) -> None:
    key = exchange.key()[1]
    async with call(exchange.url(), key) as line:
        (live,) = exchange.app.switchboard._calls.values()
        assert live._socket is not None
        live._socket.abort()
        with pytest.raises(Unavailable, match="cut"):
            async for _ in line.events():
                pass
    async with call(exchange.url(), key, resume=line.resume) as again:
        assert again.session_id == line.session_id
        assert again.ready["resumed"]
        await again.end()


async def test_refusals_raise_their_own_errors(exchange: Exchange) -> None:
    with pytest.raises(NotAuthenticated):
        async with call(exchange.url(), "orat_nobody"):
            pass
    with pytest.raises(NotAllowed):
        async with call(exchange.url(), exchange.key(scopes=[Scope.INVOKE])[1]):
            pass
    with pytest.raises(Unavailable, match="does not take the call"):
        async with call("ws://127.0.0.1:1/v1/agents/a1/voice", "orat_x"):
            pass


async def test_a_fault_is_told(exchange: Exchange) -> None:
    async with call(exchange.url(), exchange.key()[1]) as line:
        await line.say("")
        async for event in line.events():
            if isinstance(event, Fault):
                assert (event.code, event.fatal) == ("invalid_input", False)
                break


class TestSoundCard:
    @pytest.fixture
    def programs(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """`arecord` gives bytes, `aplay` keeps what it is given."""
        for name, script in (
            ("arecord", "head -c 3200 /dev/zero; exec sleep 60"),
            ("aplay", f"exec cat > {tmp_path}/played"),
        ):
            path = tmp_path / name
            path.write_text(f"#!/bin/sh\n{script}\n")
            path.chmod(path.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        return tmp_path

    async def test_it_records_and_plays(self, programs: Path) -> None:
        async with sound_card(16_000, 24_000) as card:
            assert await card.record(640) == bytes(640)
            await card.play(b"\1\2" * 100)
            async with asyncio.timeout(10):
                while not (programs / "played").exists() or (programs / "played").stat().st_size < 200:
                    await asyncio.sleep(0.02)
            await card.hush()
        assert (programs / "played").read_bytes() == b"\1\2" * 100

    async def test_a_microphone_that_fails_says_why(self, programs: Path) -> None:
        (programs / "arecord").write_text("#!/bin/sh\necho 'no such device' >&2\nexit 1\n")
        async with sound_card(16_000, 24_000) as card:
            with pytest.raises(Unavailable, match="no such device"):
                await card.record(640)

    async def test_a_machine_without_one_is_told_what_to_do(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", "/nonexistent")
        with pytest.raises(Unavailable, match="--in FILE"):
            async with sound_card(16_000, 24_000):
                pass
