"""Ten thousand malformed frames."""

import json
import random

from tests.voice_server.machine import Machine

FRAMES = 10_000
_GOOD: tuple[dict[str, object], ...] = (
    {"type": "session.start", "audio": {"input": 16_000, "output": "mulaw"}},
    {"type": "input.text", "text": "Hello."},
    {"type": "input.dtmf", "digits": "12#"},
    {"type": "input.mute", "on": True},
    {"type": "response.cancel", "responseId": "resp_1"},
    {"type": "playback", "responseId": "resp_1", "playedMs": 20},
    {"type": "ping", "t": 1},
)
_ODD: tuple[object, ...] = (
    None,
    True,
    -1,
    1e400,
    "",
    "\0",
    "x" * 70_000,
    [],
    {},
    [[]] * 50,
    {"a": {"b": {}}},
    "NaN",
    2**70,
    "\N{PILE OF POO}",
)


def malformed(source: random.Random) -> str | bytes:
    """A good message with one thing wrong, or no message at all."""
    message: dict[str, object] = dict(source.choice(_GOOD))
    text = json.dumps(message)
    match source.randrange(7):
        case 0:
            return text[: source.randrange(len(text))]
        case 1:
            at = source.randrange(len(text))
            return text[:at] + chr(source.randrange(1, 0x2FF)) + text[at + 1 :]
        case 2:
            message[source.choice(list(message))] = source.choice(_ODD)
            return json.dumps(message)
        case 3:
            return "[" * source.randrange(1, 5_000)
        case 4:
            return source.randbytes(source.randrange(70_000))
        case 5:
            return json.dumps({"type": source.choice(("", "session.ready", "input.audio", "__class__")), **message})[
                :200
            ]
        case _:
            return source.randbytes(source.randrange(1, 9)).decode("latin-1")


def test_ten_thousand_malformed_frames_end_in_an_answer_or_a_code_of_the_contract() -> None:
    source = random.Random(5)
    codes = set()
    for number in range(FRAMES):
        machine = Machine()
        if number % 3:
            machine.start()
        machine.frame(malformed(source))
        machine.frame(malformed(source))
        if machine.closed is not None:
            codes.add(machine.closed.code)
    assert codes == {4400, 4413}
