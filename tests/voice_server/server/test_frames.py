"""Audio that passes by the library's parser: what it takes for a frame is one, and nothing else is."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import CTRL_OPCODES, Frame, Opcode

from tests.voice_server.fakes import Exchange, PlayedSpeech
from voice_server.server import fast_path

PAYLOADS = st.binary(max_size=70_000)
OPCODES = st.sampled_from(sorted(Opcode))


def wire(payload: bytes, opcode: Opcode = Opcode.BINARY, *, fin: bool = True, mask: bool = True) -> bytes:
    return bytes(Frame(opcode, payload, fin=fin).serialize(mask=mask))


@given(PAYLOADS)
def test_a_whole_frame_of_a_client_is_read_as_the_library_wrote_it(payload: bytes) -> None:
    read = fast_path.lone_audio(wire(payload))
    assert read == (payload if len(payload) < 1 << 16 else None)


@given(st.binary(max_size=(1 << 16) - 1))
def test_a_frame_of_ours_is_the_librarys(payload: bytes) -> None:
    assert fast_path.audio_frame(payload) == wire(payload, mask=False)


@given(st.binary(max_size=125), OPCODES, st.booleans(), st.booleans(), st.integers(0, 300))
def test_nothing_else_is_taken(payload: bytes, opcode: Opcode, fin: bool, mask: bool, length: int) -> None:
    fin = fin or opcode in CTRL_OPCODES
    data = wire(payload, opcode, fin=fin, mask=mask)
    whole = fin and mask and opcode is Opcode.BINARY
    assert (fast_path.lone_audio(data) is None) is not whole
    if length != len(data):
        assert fast_path.lone_audio((data + data)[:length]) is None


@pytest.mark.parametrize("cut", [1, 2, 4, 6, 7, 300])
async def test_a_frame_in_pieces_is_no_frame_however_its_pieces_look(
    exchange: Exchange, speech: PlayedSpeech, cut: int
) -> None:
    """The second piece holds what would be a whole frame of silence, were it one."""
    inner = wire(bytes(294))
    outer = wire(bytes(6) + inner + bytes(100))
    masked_as_it_stands = outer[:4] + bytes(4) + bytes(6) + inner + bytes(100)
    async with exchange.line() as line:
        await line.start()
        await line.socket.send(b"\1\0" * 320)
        session = await speech.opened()
        await heard(session.heard, b"\1\0" * 320)
        line.socket.transport.write(masked_as_it_stands[:cut])
        await asyncio.sleep(0.05)
        line.socket.transport.write(masked_as_it_stands[cut:])
        await line.socket.send(b"\2\0" * 320)
        await heard(session.heard, b"\1\0" * 320 + bytes(6) + inner + bytes(100) + b"\2\0" * 320)


async def test_a_whole_frame_amid_a_message_in_pieces_ends_the_call(exchange: Exchange, speech: PlayedSpeech) -> None:
    async with exchange.line() as line:
        await line.start()
        await line.socket.send(bytes(640))
        await heard((await speech.opened()).heard, bytes(640))
        line.socket.transport.write(wire(b"x", fin=False))
        await asyncio.sleep(0.05)
        line.socket.transport.write(wire(bytes(640)))
        async with asyncio.timeout(5):
            await line.socket.wait_closed()
        assert line.socket.close_reason == "expected a continuation frame"


async def heard(so_far: bytearray, all_of_it: bytes) -> None:
    async with asyncio.timeout(5):
        while len(so_far) < len(all_of_it):
            await asyncio.sleep(0.01)
    assert bytes(so_far) == all_of_it
