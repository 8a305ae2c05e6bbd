"""Every message of the protocols, both directions: it goes there and back, and nothing else comes in."""

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oratio.agentkit.turn import Citation
from oratio.client import voice as client
from oratio.protocol.audio_format import AudioWishes
from oratio.protocol.messages import BadMessage, MessageReader, WireMessage, dumps
from oratio.protocol.operator import (
    OPERATOR_MESSAGES,
    OPERATOR_SERVER_MESSAGES,
    OperatorMessage,
    OperatorServerMessage,
)
from oratio.protocol.turn import TURN_EVENTS, AgentTurnEvent, TurnDelta, TurnDone, TurnError, TurnResult
from oratio.protocol.voice import CLIENT_MESSAGES, ClientMessage, ServerMessage
from oratio.protocol.voice_events import SERVER_MESSAGES, error, transcript

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
UNIONS: list[tuple[MessageReader[Any], Any]] = [
    (CLIENT_MESSAGES, ClientMessage),
    (SERVER_MESSAGES, ServerMessage),
    (OPERATOR_MESSAGES, OperatorMessage),
    (OPERATOR_SERVER_MESSAGES, OperatorServerMessage),
]
NAMES = ["voice client", "voice server", "operator client", "operator server"]
TYPES = sorted(
    {
        name
        for _, union in UNIONS
        for message in get_args(union)
        for name in get_args(message.model_fields["type"].annotation)
    }
)


NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "digits": st.from_regex(r"\A[0-9A-Da-d*#]{1,64}\Z"),
    "note": st.none() | st.text(max_size=50),
    "played_ms": st.floats(0, 86_400_000),
    "t": st.none() | NUMBERS | st.text(),
    "retry_after_s": st.none() | NUMBERS,
    "vars": st.dictionaries(st.text(), st.none() | st.booleans() | NUMBERS | st.text(), max_size=5),
}


def messages(union: Any) -> st.SearchStrategy[WireMessage]:
    """Any message of a union; what a client wishes for its audio is free JSON, and left out."""
    return st.one_of([one_of(kind) for kind in get_args(union)])


def one_of(kind: type[WireMessage]) -> st.SearchStrategy[WireMessage]:
    given_fields = {name: FIELDS[name] for name in kind.model_fields if name in FIELDS}
    if issubclass(kind, AudioWishes):
        given_fields["audio"] = st.none()
    return st.builds(kind, **given_fields)


@pytest.mark.parametrize(("reader", "union"), UNIONS, ids=NAMES)
def test_every_message_goes_there_and_back(reader: MessageReader[Any], union: Any) -> None:
    @given(messages(union))
    def there_and_back(message: WireMessage) -> None:
        frame = dumps(message)
        assert reader.read(frame) == message

    there_and_back()


# A score that is not a number is carried as it is, but equals nothing.
CITATIONS = st.builds(Citation, score=st.floats(allow_nan=False))
RESULTS = st.builds(TurnResult, citations=st.lists(CITATIONS, max_size=3).map(tuple))
EVENTS: st.SearchStrategy[AgentTurnEvent] = st.one_of(
    st.from_type(TurnDelta), st.from_type(TurnError), st.builds(TurnDone, result=RESULTS)
)


@given(EVENTS)
def test_every_event_of_a_turn_goes_there_and_back(event: Any) -> None:
    assert TURN_EVENTS.validate_json(json.dumps(event.wire())) == event


@pytest.mark.parametrize(("reader", "union"), UNIONS, ids=NAMES)
def test_nothing_but_a_bad_message_is_raised(reader: MessageReader[Any], union: Any) -> None:
    fields = sorted(
        {field.alias or name for kind in get_args(union) for name, field in kind.model_fields.items()} - {"type"}
    )
    typed = st.builds(
        lambda kind, rest: {"type": kind, **rest},
        st.sampled_from(TYPES),
        st.dictionaries(st.sampled_from(fields), JSON, max_size=5),
    )

    @given(st.text(st.characters()) | st.builds(json.dumps, JSON | typed), st.integers(0, 3_000))
    def read(frame: str, depth: int) -> None:
        for given_frame in (frame, "[" * depth + frame + "]" * depth, '{"a":' * depth + "1" + "}" * depth):
            try:
                reader.read(given_frame)
            except BadMessage as bad:
                str(bad).encode()

    read()


@pytest.mark.parametrize(
    "frame",
    [
        r'{"type":"input.text","text":"hello \ud800"}',
        '{"type":"input.text","text":"hello \ud800"}',
        r'{"type":"ping","t":"\udfff"}',
        '{"type":"ping","t":1e999}',
        '{"type":"ping","t":NaN}',
        '{"type":"playback","responseId":"r","playedMs":Infinity}',
        '{"type":"session.start","audio":{"input":' + "[" * 9_000 + "]" * 9_000 + "}}",
        '{"type":["input.text"]}',
        "",
    ],
)
def test_a_bad_message(frame: str) -> None:
    with pytest.raises(BadMessage):
        CLIENT_MESSAGES.read(frame)


class TestWriting:
    def test_a_lone_surrogate_is_escaped(self) -> None:
        """A model may cut an emoji in two; the frame must still be one that can be sent."""
        frame = dumps(transcript("assistant", "item_1", "half \ud83d", final=False))
        frame.encode()
        assert json.loads(frame)["text"] == "half \ud83d"

    def test_an_absent_field_is_left_out(self) -> None:
        assert dumps(error("idle", "over", fatal=True)) == (
            '{"type":"error","code":"idle","message":"over","fatal":true}'
        )


class TestTheClient:
    def test_a_message_of_a_newer_server_is_a_notice(self) -> None:
        assert client.event_of('{"type":"weather","sun":true}') == client.Notice("weather", {"sun": True})

    def test_a_known_message_in_an_unknown_form_is_a_notice(self) -> None:
        assert client.event_of('{"type":"audio.start","x":1}') == client.Notice("audio.start", {"x": 1})

    def test_names_that_the_documentation_has(self) -> None:
        done = client.event_of('{"type":"response.done","responseId":"r","status":"completed","spokenText":"Hi."}')
        assert isinstance(done, client.Answered)
        assert (done.response_id, done.status, done.text) == ("r", "completed", "Hi.")
        match client.event_of('{"type":"handoff.failed","reason":"no_operator","summary":"s"}'):
            case client.HandingOver("failed", reason, "s"):
                assert reason == "no_operator"
            case other:
                pytest.fail(f"{other}")
