"""Canaries for undocumented names of `websockets`, and the voice server without them.

A canary that fails: this version of the library changed the name. Read its source, adapt `websockets_internals.py` (the
only file that knows the name), and run `tests/voice_server/server/test_frames.py`. In the meantime calls work without
the fast path, at more time a frame; `oratio_voice_fast_path_total` stays 0.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from websockets import frames
from websockets.asyncio.client import connect
from websockets.asyncio.connection import Connection
from websockets.asyncio.server import ServerConnection, serve
from websockets.frames import Frame, Opcode
from websockets.protocol import Protocol, Side
from websockets.streams import StreamReader

from oratio.ports.speech import Heard
from tests.voice_server.conftest import free_port
from tests.voice_server.fakes import Exchange, PlayedSpeech
from voice_server.server import fast_path
from voice_server.server import websockets_internals as internals


@pytest.fixture
async def pair() -> AsyncIterator[tuple[Connection, ServerConnection]]:
    """Both ends of one connection."""
    taken: asyncio.Future[ServerConnection] = asyncio.get_running_loop().create_future()

    async def handle(connection: ServerConnection) -> None:
        taken.set_result(connection)
        await connection.wait_closed()

    async with (
        serve(handle, "127.0.0.1", 0) as server,
        connect(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}") as client,
    ):
        yield client, await taken


class TestCanaries:
    def test_frames_apply_mask(self) -> None:
        """Gone: import it from where `websockets.frames` now takes it."""
        assert frames.apply_mask is internals.unmask  # type: ignore[attr-defined]

    def test_protocol_parser_is_a_generator_in_at_eof_between_frames(self) -> None:
        """Gone: find what tells that no frame is open, or give `between_frames` up and return False."""
        protocol = Protocol(Side.SERVER)
        assert internals._waits_in(protocol.parser) is StreamReader.at_eof.__code__
        protocol.receive_data(b"\x82")
        assert internals._waits_in(protocol.parser) is StreamReader.read_exact.__code__

    def test_protocol_current_size_is_none_unless_a_message_is_in_pieces(self) -> None:
        """Gone: find the protocol's own mark of a message in pieces."""
        protocol = Protocol(Side.SERVER)
        assert protocol.current_size is None
        protocol.receive_data(bytes(Frame(Opcode.BINARY, b"one", fin=False).serialize(mask=True)))
        assert protocol.current_size == 3

    async def test_recv_messages_frames_is_what_waits_for_recv(self, pair: tuple[Connection, ServerConnection]) -> None:
        """Gone: find the queue that `recv` reads."""
        client, server = pair
        assert not internals.frames_wait(server)
        await client.send(b"audio")
        async with asyncio.timeout(5):
            while not internals.frames_wait(server):
                await asyncio.sleep(0.01)
        assert await server.recv() == b"audio"
        assert not internals.frames_wait(server)

    async def test_send_in_progress_is_set_while_a_message_in_pieces_is_sent(
        self, pair: tuple[Connection, ServerConnection]
    ) -> None:
        """Gone: find what `send` waits on when another `send` has not ended."""
        client, server = pair
        seen: list[bool] = []

        async def pieces() -> AsyncIterator[bytes]:
            yield b"one"
            seen.append(internals.is_sending(server))
            yield b"two"

        assert not internals.is_sending(server)
        await server.send(pieces())
        assert seen == [True]
        assert not internals.is_sending(server)
        assert await client.recv() == b"onetwo"

    async def test_send_data_writes_what_the_protocol_holds(self, pair: tuple[Connection, ServerConnection]) -> None:
        """Gone: find what `send` calls after `protocol.send_text`."""
        client, server = pair
        server.protocol.send_text(b"hello")
        internals.flush(server)
        assert await client.recv() == "hello"

    async def test_process_event_is_given_each_frame(self, pair: tuple[Connection, ServerConnection]) -> None:
        """Gone: audio then waits for `recv`; find the method that puts a frame into `recv_messages`."""
        client, server = pair
        given: list[Any] = []
        server.process_event = given.append  # type: ignore[assignment, method-assign]
        await client.send(b"audio")
        async with asyncio.timeout(5):
            while not given:
                await asyncio.sleep(0.01)
        assert isinstance(given[0], Frame)

    async def test_all_of_them_together(self) -> None:
        """The check that the voice server makes when it starts."""
        assert internals.works()


class TestTheCheckAtStart:
    @pytest.mark.parametrize(
        "damage",
        [
            lambda patch: patch.setattr(internals, "unmask", None),
            lambda patch: patch.setattr(Protocol, "parser", property(lambda self: iter(())), raising=False),
            lambda patch: patch.delattr(Connection, "send_data"),
            lambda patch: patch.delattr(Connection, "process_event"),
        ],
        ids=["apply_mask", "parser", "send_data", "process_event"],
    )
    async def test_a_missing_name_turns_the_fast_path_off(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, damage: Callable[[Any], None]
    ) -> None:
        damage(monkeypatch)
        assert not fast_path.available(wanted=True)
        assert "fast path off" in caplog.text

    async def test_what_is_not_wanted_is_not_available(self) -> None:
        assert not fast_path.available(wanted=False)


def hits(exchange: Exchange) -> float:
    line = next(
        line
        for line in exchange.app.metrics.text().decode().splitlines()
        if line.startswith("oratio_voice_fast_path_total ")
    )
    return float(line.split()[1])


async def a_call(exchange: Exchange, speech: PlayedSpeech, frames_sent: int) -> None:
    """Say something in audio and hear the whole answer."""
    async with exchange.line() as line:
        await line.start()
        for _ in range(frames_sent):
            await line.socket.send(b"\1\0" * 320)
            await asyncio.sleep(0.002)  # a frame that comes with others in one piece is the parser's
        session = await speech.opened()
        async with asyncio.timeout(5):
            while len(session.heard) < frames_sent * 640:
                await asyncio.sleep(0.01)
        session.put(Heard("My phone is off.", 0))
        done = await line.until("response.done")
        assert (done["status"], done["spokenText"]) == ("completed", "Hold the power button.")
        assert len(line.audio) == 4 * 100 * 48
        await line.send("session.end")
        await line.closed()


class TestCalls:
    async def test_audio_takes_the_fast_path_and_is_counted(self, exchange: Exchange, speech: PlayedSpeech) -> None:
        await a_call(exchange, speech, 50)
        async with asyncio.timeout(5):
            while not hits(exchange):
                await asyncio.sleep(0.01)
        assert 0 < hits(exchange) <= 50

    async def test_a_call_without_it_is_the_same_call(self, tmp_path: Path, speech: PlayedSpeech) -> None:
        exchange = Exchange(tmp_path, free_port(), speech, voice_fast_path=False)
        async with exchange.app.serving("127.0.0.1", exchange.port):
            await a_call(exchange, speech, 50)
        assert hits(exchange) == 0
