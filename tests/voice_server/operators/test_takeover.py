"""The human side of a call, with no socket and no clock: the hand-off, and operators."""

from typing import Any

import pytest

from oratio.domain.conversations.conversation import Handoff, TurnResult
from oratio.ports.speech import CallerSpeechStarted, CallerSpeechStopped, Heard
from oratio.protocol.voice import BadMessage
from tests.voice_server.machine import CONFIG, Machine
from voice_server.session.effects import HandoffFailed, HandoffStarted, HangUp, OperatorAudio, RecordWords, TakenOver

TEXT_ONLY = {"audio": {"input": None, "output": None}}
WANTED = Handoff(reason="asked", summary="phone off")


def started(**fields: Any) -> Machine:
    machine = Machine()
    machine.start(**fields)
    return machine


def handed_over(**fields: Any) -> Machine:
    """A call in which the agent has asked for a human."""
    machine = started(**fields)
    machine.client("input.text", text="A human please")
    machine.answer("Yes.", result=TurnResult(answer="Yes.", answered=True, handoff=WANTED))
    return machine


def unmet(**fields: Any) -> Machine:
    """A call in which nobody came."""
    machine = handed_over(**fields)
    machine.run(CONFIG.operator.handoff_ms)
    return machine


def taken_over(**fields: Any) -> Machine:
    machine = handed_over(**fields)
    machine.voice()
    machine.operator()
    machine.operates("takeover")
    return machine


class TestHandoff:
    def test_a_human_is_waited_for(self) -> None:
        machine = handed_over(**TEXT_ONLY)
        assert machine.session.state == "handoff"
        assert machine.last("handoff.started") == {"type": "handoff.started", "reason": "asked", "summary": "phone off"}
        assert machine.effects(HandoffStarted) == [HandoffStarted(WANTED)]

    def test_an_operator_who_takes_over_ends_the_wait(self) -> None:
        machine = taken_over()
        machine.run(CONFIG.operator.handoff_ms * 2)
        assert machine.last("handoff.connected")["reason"] == "asked"
        assert "handoff.failed" not in machine.kinds()

    def test_an_operator_who_only_listens_does_not(self) -> None:
        machine = handed_over(**TEXT_ONLY)
        machine.operator()
        machine.run(CONFIG.operator.handoff_ms)
        assert "handoff.failed" in machine.kinds()

    def test_when_nobody_comes_the_next_words_are_the_message(self) -> None:
        machine = unmet(**TEXT_ONLY)
        machine.client("input.text", text="Call me back on Monday.")
        assert machine.last("handoff.message")["text"] == "Call me back on Monday."
        assert machine.last("response.done")["spokenText"] == CONFIG.lines.message_taken
        assert machine.effects(HandoffFailed) == [HandoffFailed(WANTED, "no_operator", "Call me back on Monday.")]
        assert machine.effects(RecordWords) == [
            RecordWords("Call me back on Monday.", CONFIG.lines.message_taken, "assistant")
        ]
        assert len(machine.asked) == 1

    def test_a_spoken_message_may_begin_over_the_question_for_it(self) -> None:
        machine = handed_over()
        machine.voice()
        machine.run(CONFIG.operator.handoff_ms)
        machine.voice()
        machine.run(700)
        machine.speech(CallerSpeechStarted(0))
        machine.run(700)
        machine.speech(CallerSpeechStopped(0))
        machine.speech(Heard("Please call me back.", 0))
        assert machine.last("handoff.message")["text"] == "Please call me back."
        assert "interrupt" in machine.kinds()

    @pytest.mark.parametrize("words", ["No, thank you.", "Never mind", "no"])
    def test_no_message_is_a_message_too(self, words: str) -> None:
        machine = unmet(**TEXT_ONLY)
        machine.client("input.text", text=words)
        assert "handoff.message" not in machine.kinds()
        assert machine.effects(HandoffFailed) == [HandoffFailed(WANTED, "no_operator", None)]
        assert machine.last("response.done")["spokenText"] == CONFIG.lines.no_message

    def test_after_the_message_the_agent_answers_again(self) -> None:
        machine = unmet(**TEXT_ONLY)
        machine.client("input.text", text="Call me back.")
        machine.client("input.text", text="And my phone?")
        assert machine.asked[-1].prompt == "And my phone?"

    def test_a_caller_who_hangs_up_while_waiting_is_told_of(self) -> None:
        machine = handed_over(**TEXT_ONLY)
        machine.client("session.end")
        assert machine.effects(HandoffFailed) == [HandoffFailed(WANTED, "call_ended", None)]

    def test_a_caller_who_leaves_no_message_is_told_of(self) -> None:
        machine = unmet(**TEXT_ONLY)
        machine.client("session.end")
        assert machine.effects(HandoffFailed) == [HandoffFailed(WANTED, "no_operator", None)]

    def test_an_operator_may_come_late(self) -> None:
        machine = unmet(**TEXT_ONLY)
        machine.operator()
        machine.operates("takeover")
        machine.client("input.text", text="Hello?")
        assert machine.session.state == "operator"
        assert "handoff.message" not in machine.kinds()


class TestListening:
    def test_an_operator_sees_what_was_said_and_what_is_said(self) -> None:
        machine = started(**TEXT_ONLY)
        machine.client("input.text", text="Hi")
        machine.answer("Hello.")
        ready = machine.operator(audio={"output": None})
        assert ready["transcript"] == [{"role": "user", "text": "Hi"}, {"role": "assistant", "text": "Hello."}]
        assert (ready["mode"], ready["operator"], ready["audio"]["output"]) == ("listening", None, None)
        machine.client("input.text", text="Again")
        kinds = [message["type"] for message in machine.told()]
        assert kinds == ["operator.ready", "transcript.done", "response.start"]

    def test_secrets_of_the_line_are_not_mirrored(self) -> None:
        machine = started(**TEXT_ONLY)
        machine.operator()
        machine.session.lose_line(machine.now)
        machine.session.resume(machine.now)
        machine.client("ping", t=1)
        assert machine.last("session.ready")["resumeToken"]
        assert [message["type"] for message in machine.told()] == ["operator.ready"]

    def test_a_whisper_goes_to_the_agent_and_not_to_the_caller(self) -> None:
        machine = started(**TEXT_ONLY)
        machine.operator()
        before = machine.kinds()
        machine.operates("whisper", text="Offer a refund.")
        assert machine.kinds() == before
        assert machine.session.desk.guidance == ("Offer a refund.",)

    def test_a_bad_frame_ends_the_line_and_not_the_call(self) -> None:
        machine = started(**TEXT_ONLY)
        machine.operator()
        machine.operates("nonsense")
        assert machine.told()[-1]["code"] == "bad_message"
        assert machine.effects(HangUp) == [HangUp(4400, "bad_message", 1)]
        assert machine.closed is None

    def test_a_format_nobody_speaks_is_refused(self) -> None:
        with pytest.raises(BadMessage):
            started(**TEXT_ONLY).operator(audio={"output": {"rate": 44_100}})

    def test_audio_far_above_real_time_ends_the_line(self) -> None:
        machine = taken_over()
        for _ in range(40):
            machine.operator_audio(bytes(32_000))
        assert machine.effects(HangUp)[-1].code == 4429
        assert machine.closed is None

    def test_an_operator_may_end_the_call(self) -> None:
        machine = started(**TEXT_ONLY)
        machine.operator()
        machine.operates("call.end")
        assert machine.last("session.ended")["reason"] == "operator_ended"
        assert machine.told()[-1]["type"] == "session.ended"
        assert machine.effects(HangUp) == [HangUp(1000, "operator_ended")]


class TestTakeOver:
    def test_the_agent_falls_silent(self) -> None:
        machine = started()
        machine.client("input.text", text="Hi")
        machine.answer("One two three four five six.")
        machine.voice()
        machine.run(300)
        machine.operator()
        machine.operates("takeover")
        assert machine.last("interrupt")["reason"] == "operator"
        assert machine.last("response.done")["status"] == "interrupted"
        assert machine.effects(TakenOver) == [TakenOver("ada")]
        assert machine.told()[-1] == {"type": "operator.mode", "mode": "takeover", "operator": "ada"}

    def test_what_waited_for_the_agent_is_the_operators(self) -> None:
        machine = started(**TEXT_ONLY)
        machine.client("input.text", text="One")
        machine.client("input.text", text="Two")
        machine.operator()
        machine.operates("takeover")
        assert machine.effects(RecordWords) == [RecordWords("Two", "", "operator")]

    def test_the_callers_words_do_not_reach_the_agent(self) -> None:
        machine = taken_over(**TEXT_ONLY)
        machine.client("input.text", text="Who is this?")
        assert len(machine.asked) == 1
        assert machine.effects(RecordWords) == [RecordWords("Who is this?", "", "operator")]
        assert machine.told()[-1]["text"] == "Who is this?"

    def test_typed_words_are_said_in_the_agents_voice(self) -> None:
        machine = taken_over()
        machine.run(5_000)
        machine.operates("say", text="Good morning, this is Ada.")
        assert "".join(say.text for say in machine.to_say).startswith("Good morning")
        machine.voice()
        machine.run(5_000)
        assert machine.last("response.start")["speaker"] == "operator"
        done = machine.last("transcript.done")
        assert (done["role"], done["text"]) == ("operator", "Good morning, this is Ada.")
        assert machine.effects(RecordWords) == [RecordWords("", "Good morning, this is Ada.", "operator")]

    def test_a_caller_who_speaks_does_not_cut_a_human_off(self) -> None:
        machine = taken_over()
        machine.run(5_000)
        machine.operates("say", text="Good morning, this is Ada from the office.")
        machine.voice()
        machine.run(300)
        machine.speech(CallerSpeechStarted(0))
        machine.run(700)
        machine.speech(Heard("Hello.", 0))
        machine.run(3_000)
        assert machine.last("response.done")["status"] == "completed"
        assert machine.last("response.done")["spokenText"] == "Good morning, this is Ada from the office."

    def test_audio_is_heard_while_the_operator_has_the_call(self) -> None:
        machine = handed_over()
        machine.operator()
        machine.operator_audio(bytes(640))
        assert not machine.effects(OperatorAudio)
        machine.operates("takeover")
        machine.operator_audio(bytes(640))
        assert machine.effects(OperatorAudio) == [OperatorAudio(1, bytes(640), audible=True)]
        assert machine.last("response.start")["speaker"] == "operator"
        assert machine.kinds()[-1] == "audio.start"
        machine.run(CONFIG.operator.still_ms)
        assert machine.last("audio.done")["ms"] == 20
        assert machine.last("response.done")["status"] == "completed"

    def test_one_operator_at_a_time(self) -> None:
        machine = taken_over(**TEXT_ONLY)
        machine.operator(2, "bob")
        machine.operates("takeover", 2)
        assert machine.told(2)[-1]["code"] == "conflict"
        machine.operates("say", 2, text="Hello")
        assert machine.told(2)[-1]["code"] == "not_taken_over"
        assert machine.session.desk.operator == "ada"

    def test_hand_back_gives_the_caller_to_the_agent(self) -> None:
        machine = taken_over(**TEXT_ONLY)
        machine.operates("handback", note="She wants a refund.")
        assert machine.last("handoff.ended")["by"] == "operator"
        assert machine.session.state == "agent"
        machine.client("input.text", text="So?")
        assert machine.asked[-1].prompt == "So?"
        assert machine.session.desk.guidance == ("She wants a refund.",)

    def test_a_lost_operator_may_come_back(self) -> None:
        machine = taken_over(**TEXT_ONLY)
        machine.hangs_up()
        machine.run(CONFIG.operator.grace_ms - 1)
        assert machine.operator(2, "ada")["mode"] == "takeover"
        machine.run(CONFIG.operator.grace_ms)
        assert "handoff.ended" not in machine.kinds()

    def test_a_lost_operator_who_stays_away_hands_back(self) -> None:
        machine = taken_over(**TEXT_ONLY)
        machine.hangs_up()
        machine.run(CONFIG.operator.grace_ms)
        assert machine.last("handoff.ended")["by"] == "operator_lost"

    def test_a_call_with_a_human_is_not_idle(self) -> None:
        machine = taken_over(**TEXT_ONLY)
        machine.run(CONFIG.limits.idle_ms * 3)
        assert machine.closed is None

    def test_what_an_operator_said_aloud_is_written_down(self) -> None:
        machine = taken_over()
        machine.session.desk.transcribed("I will send it today.")
        machine.run(0)
        assert machine.told()[-1]["role"] == "operator"
        assert machine.effects(RecordWords) == [RecordWords("", "I will send it today.", "operator")]
