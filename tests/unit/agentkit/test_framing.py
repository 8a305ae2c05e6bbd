from typing import Any

import pytest

from oratio.agentkit.platform.framing import BadFrame, encode, take_frames


def test_frames_are_put_together_from_any_pieces() -> None:
    sent: list[dict[str, Any]] = [{"n": 1}, {"text": "größer"}, {}]
    found: list[dict[str, Any]] = []
    data = bytearray()
    for byte in b"".join(encode(value) for value in sent):
        data.append(byte)
        found += take_frames(data)
    assert found == sent
    assert not data


def test_frames_that_arrive_together_come_in_their_order_and_a_part_stays() -> None:
    last = encode({"n": 3})
    data = bytearray(encode({"n": 1}) + encode({"n": 2}) + last[:-1])
    assert list(take_frames(data)) == [{"n": 1}, {"n": 2}]
    assert bytes(data) == last[:-1]


@pytest.mark.parametrize("sent", [b"\xff\xff\xff\xff", b"\x00\x00\x00\x02[]", b"\x00\x00\x00\x01{"])
def test_what_is_no_frame_is_refused(sent: bytes) -> None:
    with pytest.raises(BadFrame):
        list(take_frames(bytearray(sent)))
