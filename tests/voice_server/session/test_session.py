"""The machine of one call, under virtual time."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oratio.domain.conversations.conversation import Handoff, TurnResult
from oratio.errors import AgentFailed
from oratio.ports.speech import CallerSpeechStarted, CallerSpeechStopped, Heard, Hypothesis, Spoken
from tests.voice_server.machine import CONFIG, Machine
from voice_server.session.effects import CancelQuery, CancelSpeech, Hear
from voice_server.session.session import Phase
from voice_server.turns.response import is_back_channel

ANSWER = "Hold the power button for ten seconds until the phone restarts itself."
"""12 words: 1.2 s of the fake voice."""


def speaking(ms: float) -> Machine:
    """A call in which the agent has been speaking for so long."""
    machine = Machine()
    machine.start()
    machine.caller_says("My phone is off.")
    machine.answer(ANSWER)
    machine.voice()
    machine.run(ms)
    return machine


class TestStart:
    def test_no_start_within_ten_seconds_is_idle(self) -> None:
        machine = Machine()
        machine.run(9_999)
        assert "session.ended" not in machine.kinds()
        machine.run(1)
        assert machine.closed is not None
        assert machine.closed.code == 4408

    def test_ready_tells_what_was_agreed(self) -> None:
        machine = Machine()
        machine.start(audio={"input": "mulaw", "output": 8000})
        ready = machine.last("session.ready")
        assert ready["audio"] == {
            "input": {"encoding": "mulaw", "rate": 8000},
            "output": {"encoding": "pcm16", "rate": 8000},
        }
        assert (ready["sessionId"], ready["resumeToken"]) == ("s1", "token")

    def test_without_a_speech_model_the_call_is_in_writing(self) -> None:
        machine = Machine(speaks=False)
        machine.start()
        assert machine.last("session.ready")["audio"] == {"input": None, "output": None}
        machine.frame(bytes(640))
        assert machine.closed is None


class TestPlayOut:
    def test_audio_leaves_at_real_time_with_a_lead(self) -> None:
        machine = speaking(0)
        assert machine.played == CONFIG.turn.lead_ms * 48
        machine.run(500)
        assert machine.played == (500 + CONFIG.turn.lead_ms) * 48

    def test_a_loop_stalled_for_less_than_the_lead_catches_up(self) -> None:
        machine = speaking(0)
        machine.now += 160
        machine.run(0)
        assert machine.played == (160 + CONFIG.turn.lead_ms) * 48

    def test_after_a_longer_stall_the_lead_is_built_up_again(self) -> None:
        machine = speaking(0)
        machine.now += 400
        machine.run(0)
        assert machine.played == 2 * CONFIG.turn.lead_ms * 48

    def test_the_response_ends_when_all_was_heard(self) -> None:
        machine = speaking(1_199)
        assert "response.done" not in machine.kinds()
        machine.run(1)
        assert machine.last("audio.done")["ms"] == 1_200
        assert machine.last("response.done")["spokenText"] == ANSWER
        assert machine.records[0].latency_ms == 0

    def test_latency_counts_from_the_end_of_speech(self) -> None:
        machine = Machine()
        machine.start()
        machine.frame(bytes(32_000))
        machine.run(700)
        machine.speech(CallerSpeechStarted(0))
        machine.speech(Heard("My phone is off.", 1_000))
        machine.run(300)
        machine.answer(ANSWER)
        machine.voice()
        machine.run(2_000)
        assert machine.records[0].latency_ms == 1_000
        assert machine.records[0].dead_air_ms == 1_000

    def test_a_hole_between_clauses_is_dead_air(self) -> None:
        machine = Machine()
        machine.start()
        machine.client("input.text", text="Hi")
        machine.answer("One two. Three four.")
        first, second = machine.to_say
        machine.speech(Spoken(first.utterance, bytes(9_600), last=True))
        machine.run(500)
        machine.speech(Spoken(second.utterance, bytes(9_600), last=True))
        machine.run(1_000)
        assert machine.records[0].dead_air_ms == 300


class TestBargeIn:
    def test_speech_makes_the_agent_pause_and_then_end(self) -> None:
        machine = speaking(500)
        machine.speech(CallerSpeechStarted(0))
        machine.run(200)
        before = machine.played
        machine.run(399)
        assert machine.played == before
        assert "interrupt" not in machine.kinds()
        machine.run(1)
        assert machine.last("interrupt")["reason"] == "caller_speech"
        assert machine.last("interrupt")["sentMs"] == before // 48

    def test_the_text_is_cut_to_what_was_heard(self) -> None:
        machine = speaking(500)
        machine.speech(CallerSpeechStarted(0))
        machine.run(600)
        machine.speech(Heard("Wait, it is not a phone.", 0))
        done = machine.last("response.done")
        assert done["status"] == "interrupted"
        # Paused after 200 ms of speech with 200 ms of lead sent: 0.9 s of 1.2 s.
        assert ANSWER.startswith(done["spokenText"])
        assert len(done["spokenText"].split()) == 9
        assert machine.records[0].spoken == done["spokenText"]
        assert machine.asked[-1].prompt == "Wait, it is not a phone."

    def test_the_clients_word_on_what_it_played_counts(self) -> None:
        machine = speaking(500)
        response = machine.last("response.start")["responseId"]
        machine.speech(CallerSpeechStarted(0))
        machine.run(600)
        machine.client("playback", responseId=response, playedMs=300)
        machine.speech(Heard("Stop that please.", 0))
        assert len(machine.last("response.done")["spokenText"].split()) == 3

    def test_a_cough_does_not_stop_the_agent(self) -> None:
        machine = speaking(500)
        machine.speech(CallerSpeechStarted(0))
        machine.run(150)
        machine.speech(CallerSpeechStopped(0))
        machine.speech(Heard("", 0))
        machine.run(2_000)
        assert "interrupt" not in machine.kinds()
        assert machine.last("response.done")["status"] == "completed"
        assert machine.played == 1_200 * 48

    @pytest.mark.parametrize("words", ["Uh-huh.", "Okay.", "Yeah, right.", "Mm."])
    def test_a_back_channel_does_not_stop_the_agent(self, words: str) -> None:
        machine = speaking(500)
        machine.speech(CallerSpeechStarted(0))
        machine.run(400)
        machine.speech(CallerSpeechStopped(0))
        machine.speech(Heard(words, 0))
        machine.run(2_000)
        assert machine.last("response.done")["status"] == "completed"
        assert len(machine.asked) == 1

    def test_after_a_false_interruption_the_agent_goes_on_where_it_was(self) -> None:
        machine = speaking(500)
        machine.speech(CallerSpeechStarted(0))
        machine.run(700)
        machine.speech(CallerSpeechStopped(0))
        machine.speech(Heard("", 0))
        machine.run(3_000)
        kinds = machine.kinds()
        assert kinds.count("audio.start") == 2
        assert machine.last("response.done")["status"] == "completed"
        assert machine.last("response.done")["spokenText"] == ANSWER

    def test_nothing_of_a_cancelled_response_is_played(self) -> None:
        machine = speaking(500)
        machine.client("response.cancel")
        before = machine.played
        machine.voice()
        machine.run(3_000)
        assert machine.played == before
        assert machine.last("response.done")["status"] == "interrupted"

    def test_speech_before_the_answer_began_is_one_question(self) -> None:
        machine = Machine()
        machine.start()
        machine.caller_says("My phone")
        machine.speech(CallerSpeechStarted(0))
        machine.speech(Heard("does not start.", 0))
        assert [ask.prompt for ask in machine.asked] == ["My phone", "My phone does not start."]
        assert any(isinstance(effect, CancelQuery) for effect in machine.done)

    def test_an_interruption_hushes_what_is_being_synthesised(self) -> None:
        machine = Machine()
        machine.start()
        machine.caller_says("Hi")
        machine.answer("First sentence here. Second sentence here.")
        first, _ = machine.to_say
        machine.speech(Spoken(first.utterance, bytes(48_000), last=True))
        machine.run(100)
        machine.client("input.text", text="Stop")
        assert any(isinstance(effect, CancelSpeech) for effect in machine.done)
        assert machine.last("interrupt")["reason"] == "caller_text"


class TestHoldingLine:
    def test_a_slow_agent_is_bridged_once(self) -> None:
        machine = Machine()
        machine.start()
        machine.caller_says("Hi")
        machine.run(CONFIG.turn.holding_ms)
        assert [say.text for say in machine.to_say] == [CONFIG.lines.holding]
        machine.voice()
        machine.run(5_000)
        machine.answer(ANSWER)
        machine.voice()
        machine.run(5_000)
        assert machine.last("response.done")["spokenText"] == ANSWER


class TestHandoff:
    def test_nobody_comes(self) -> None:
        machine = Machine()
        machine.start(audio={"output": None})
        machine.client("handoff.request")
        machine.answer("One moment.", result=TurnResult(answer="One moment.", answered=True))
        assert machine.last("handoff.started")["reason"]
        machine.run(CONFIG.operator.handoff_ms)
        assert machine.last("handoff.failed")["reason"] == "no_operator"
        assert machine.last("response.done")["spokenText"] == CONFIG.lines.no_operator

    def test_an_agent_that_fails_still_hands_over(self) -> None:
        machine = Machine()
        machine.start()
        machine.client("handoff.request")
        machine.session.agent_failed(machine.asked[-1].turn, AgentFailed("no"), machine.now)
        machine.run(0)
        assert "handoff.started" in machine.kinds()


class TestLimits:
    def test_a_call_in_which_nothing_is_said_is_ended(self) -> None:
        machine = Machine()
        machine.start()
        for _ in range(int(CONFIG.limits.idle_ms / 1000)):
            machine.frame(bytes(32_000))
            machine.run(1_000)
        assert machine.closed is not None
        assert machine.closed.code == 4408

    def test_a_ping_keeps_a_call(self) -> None:
        machine = Machine()
        machine.start()
        for _ in range(4):
            machine.run(CONFIG.limits.idle_ms - 1)
            machine.client("ping")
        assert machine.closed is None

    def test_the_longest_call(self) -> None:
        machine = Machine()
        machine.start()
        while machine.now < 1_000 + CONFIG.limits.call_ms - 30_000:
            machine.run(30_000)
            machine.client("ping")
        machine.run(30_000)
        assert machine.closed is not None
        assert machine.closed.code == 4429

    def test_keys_make_one_prompt(self) -> None:
        machine = Machine()
        machine.start()
        machine.client("input.dtmf", digits="12")
        machine.run(1_000)
        machine.client("input.dtmf", digits="34#")
        assert [ask.prompt for ask in machine.asked] == ["1234"]

    def test_a_microphone_that_stops_in_a_turn_is_silence(self) -> None:
        machine = Machine()
        machine.start()
        machine.frame(b"\x01\x00" * 320)
        machine.speech(CallerSpeechStarted(0))
        machine.run(1_000)
        heard = [effect.audio for effect in machine.done if isinstance(effect, Hear)]
        assert heard[1:] == [bytes(9_600)] * 3
        machine.speech(Heard("Hi.", 20))
        machine.run(10_000)
        assert len([effect for effect in machine.done if isinstance(effect, Hear)]) <= 5

    def test_a_muted_microphone_is_silence(self) -> None:
        machine = Machine()
        machine.start()
        machine.client("input.mute", on=True)
        machine.frame(b"\x01\x00" * 320)
        assert [effect.muted for effect in machine.done if isinstance(effect, Hear)] == [True]


class TestResume:
    def test_what_was_not_heard_is_heard_after_the_resume(self) -> None:
        machine = speaking(400)
        machine.session.lose_line(machine.now)
        machine.run(30_000)
        machine.session.resume(machine.now)
        machine.run(5_000)
        assert machine.kinds().count("audio.start") == 2
        # 400 ms heard, 200 ms of lead lost and sent again.
        assert machine.played == (1_200 + CONFIG.turn.lead_ms) * 48
        assert machine.last("response.done")["status"] == "completed"

    def test_messages_that_were_missed_come_after_ready(self) -> None:
        machine = Machine()
        machine.start(audio={"output": None})
        machine.client("input.text", text="Hi")
        machine.session.lose_line(machine.now)
        machine.answer("Hello.")
        assert "response.done" not in machine.kinds()
        machine.session.resume(machine.now)
        machine.run(0)
        ready = len(machine.kinds()) - 1 - machine.kinds()[::-1].index("session.ready")
        assert "response.done" in machine.kinds()[ready:]

    def test_a_caller_who_stays_away_ends_the_call(self) -> None:
        machine = speaking(0)
        machine.session.lose_line(machine.now)
        machine.run(CONFIG.limits.resume_ms)
        assert machine.session.phase is Phase.ENDED


class TestWords:
    @pytest.mark.parametrize("text", ["okay", "Uh-huh, yeah", "", "...", "mm-hmm"])
    def test_back_channels(self, text: str) -> None:
        assert is_back_channel(text)

    @pytest.mark.parametrize("text", ["no", "stop", "okay but wait", "right now please"])
    def test_words_that_want_the_floor(self, text: str) -> None:
        assert not is_back_channel(text)


EVENTS = st.one_of(
    st.tuples(st.just("client"), st.sampled_from(["input.text", "response.cancel", "ping", "handoff.request"])),
    st.tuples(st.just("speech"), st.sampled_from(["started", "stopped", "heard", "noise", "hypothesis"])),
    st.tuples(st.just("agent"), st.sampled_from(["text", "done", "fail", "handoff"])),
    st.tuples(st.just("voice"), st.just("all")),
    st.tuples(st.just("line"), st.sampled_from(["lose", "resume"])),
    st.tuples(st.just("run"), st.sampled_from([1, 20, 250, 700, 3_000])),
)


def apply(machine: Machine, what: str, how: object) -> None:
    session = machine.session
    turn = machine.asked[-1].turn if machine.asked else 0
    match what, how:
        case "client", str(kind):
            machine.client(kind, **({"text": "A question"} if kind == "input.text" else {}))
        case "speech", "started":
            machine.speech(CallerSpeechStarted(0))
        case "speech", "stopped":
            machine.speech(CallerSpeechStopped(0))
        case "speech", "heard":
            machine.speech(Heard("What now?", 0))
        case "speech", "noise":
            machine.speech(Heard("", 0))
        case "speech", "hypothesis":
            machine.speech(Hypothesis("What"))
        case "agent", "text":
            session.agent_text(turn, "Some words, and more. ", machine.now)
        case "agent", "done":
            session.agent_done(turn, TurnResult(answer="Done.", answered=True), machine.now)
        case "agent", "handoff":
            asked = Handoff(reason="r", summary="s")
            session.agent_done(turn, TurnResult(answer="Done.", answered=True, handoff=asked), machine.now)
        case "agent", "fail":
            session.agent_failed(turn, AgentFailed("no"), machine.now)
        case "voice", _:
            machine.voice()
        case "line", "lose":
            session.lose_line(machine.now)
        case "line", "resume" if session.phase is Phase.AWAY:
            session.resume(machine.now)
        case "run", int(ms):
            machine.run(ms)
    machine.run(0)


@settings(max_examples=300, deadline=None)
@given(st.lists(EVENTS, max_size=30), st.booleans())
def test_every_course_of_a_call_keeps_the_protocol(events: list[tuple[str, object]], speaks: bool) -> None:
    machine = Machine(speaks=speaks)
    machine.start()
    for what, how in events:
        apply(machine, what, how)
    if machine.session.phase is Phase.AWAY:
        machine.session.resume(machine.now)
    machine.session.end("test", 1000, machine.now)
    machine.run(60_000)

    kinds = machine.kinds()
    assert kinds.count("session.ended") == 1
    assert kinds[-1] == "session.ended"
    started = [m["responseId"] for m in machine.sent if m["type"] == "response.start"]
    ended = [m["responseId"] for m in machine.sent if m["type"] == "response.done"]
    assert started == ended, "responses begin and end once, one at a time"
    assert [record.turn for record in machine.records] == [ask.turn for ask in machine.asked]
    assert not machine.session.effects()
    for message in machine.sent:
        json.dumps(message)


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(st.text(max_size=200), st.binary(max_size=200), st.dictionaries(st.text(), st.integers()).map(json.dumps))
)
def test_no_frame_breaks_a_session(frame: str | bytes) -> None:
    machine = Machine()
    machine.start()
    machine.frame(frame)
    machine.run(0)
    if isinstance(frame, str):
        assert machine.closed is not None
        assert machine.closed.code == 4400
