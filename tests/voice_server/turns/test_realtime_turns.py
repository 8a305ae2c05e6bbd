"""The turns of a speech-to-speech model, under virtual time."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from oratio.domain.conversations.conversation import Citation, Handoff, TurnResult, Usage
from oratio.errors import AgentFailed
from oratio.ports.dialogue import (
    BargedIn,
    DialogueEvent,
    ReplyAudio,
    ReplyEnded,
    ReplyText,
    Restarting,
    Restored,
    ToolAsked,
    UsageSpent,
)
from oratio.ports.speech import CallerSpeechStarted, CallerSpeechStopped, Heard, Hypothesis, Spoken
from tests.voice_server.fakes import spoken_pcm
from tests.voice_server.machine import CONFIG, Machine
from voice_server.session import effects as do
from voice_server.session.session import Phase

SAID = "Hold the power button for ten seconds."
"""7 words: 0.7 s of the fake voice."""
RESULT = TurnResult(answer="Hold it.", answered=True, citations=(Citation(path="a.pdf", excerpt="hold", score=1),))


def call(**start: Any) -> Machine:
    machine = Machine(dialogue=True)
    machine.start(**start)
    return machine


def reply(number: int, text: str = SAID, *, final: bool = True) -> list[DialogueEvent]:
    """A whole reply, given out at once."""
    spoken = [ReplyText(number, text, final=True)] if final else []
    return [ReplyText(number, text, final=False), ReplyAudio(number, spoken_pcm(text)), ReplyEnded(number), *spoken]


def ask(call_id: str = "c1", question: str = "How do I start it?") -> ToolAsked:
    return ToolAsked(call_id, "ask_agent", {"question": question})


def effects[Kind](machine: Machine, kind: type[Kind]) -> list[Kind]:
    return [effect for effect in machine.done if isinstance(effect, kind)]


def done(machine: Machine, number: int, result: TurnResult = RESULT) -> None:
    machine.session.agent_done(number, result, machine.now)
    machine._collect()


class TestReplies:
    def test_a_reply_is_shown_played_and_ended_when_it_was_heard(self) -> None:
        machine = call()
        machine.model(Heard("Hello.", 0), *reply(1))
        machine.run(699)
        assert "response.done" not in machine.kinds()
        machine.run(1)
        assert machine.last("response.done") == {
            "type": "response.done", "responseId": machine.last("response.start")["responseId"],
            "status": "completed", "spokenText": SAID,
        }  # fmt: skip
        assert machine.played == len(spoken_pcm(SAID))

    def test_what_was_really_said_is_kept_not_what_was_planned(self) -> None:
        machine = call()
        machine.model(ReplyText(1, "I plan this.", final=False), ReplyText(1, "I said that.", final=True))
        machine.model(ReplyAudio(1, spoken_pcm("I said that.")), ReplyEnded(1))
        machine.run(1_000)
        assert machine.last("response.done")["spokenText"] == "I said that."

    def test_a_second_reply_waits_until_the_first_was_heard(self) -> None:
        machine = call()
        machine.model(*reply(1), *reply(2, "More."))
        assert machine.kinds().count("response.start") == 1
        machine.run(700)
        assert machine.kinds().count("response.start") == 2

    def test_latency_is_from_the_end_of_speech_to_the_first_sample(self) -> None:
        machine = call()
        machine.frame(bytes(32 * 1_000))
        machine.run(500)
        machine.model(Heard("Hello.", 800), *reply(1))
        machine.run(1_000)
        assert machine.records[-1].latency_ms == 700

    def test_the_model_is_told_what_was_heard(self) -> None:
        machine = call()
        machine.model(*reply(1))
        machine.run(1_000)
        assert effects(machine, do.ReplyHeard) == [do.ReplyHeard(1, SAID)]

    def test_a_client_without_audio_reads_the_reply(self) -> None:
        machine = call(audio={"input": {}, "output": None})
        machine.model(Heard("Hello.", 0), *reply(1))
        assert machine.last("response.done")["spokenText"] == SAID
        assert machine.played == 0

    def test_a_client_without_any_audio_talks_to_the_agent_itself(self) -> None:
        machine = call(audio={"input": None, "output": None})
        machine.client("input.text", text="Hello")
        assert [question.prompt for question in machine.asked] == ["Hello"]

    def test_usage_is_told_with_the_response_and_counted_in_the_turn(self) -> None:
        machine = call()
        machine.model(Heard("Hello.", 0), *reply(1), UsageSpent(10, 20, 8, 16))
        machine.run(1_000)
        assert machine.last("usage")["outputSpeechTokens"] == 16
        assert machine.records[-1].result == TurnResult(
            answer=SAID, answered=True, usage=Usage(input_tokens=10, output_tokens=20)
        )

    def test_hints_of_speech_and_words_in_the_making_are_shown(self) -> None:
        machine = call()
        machine.model(
            CallerSpeechStarted(0), Hypothesis("Hel"), CallerSpeechStopped(10), Hypothesis("Hello"), Heard("Hello.", 10)
        )
        kinds = [kind for kind in machine.kinds() if kind.startswith(("speech", "transcript"))]
        assert kinds == ["speech.started", "transcript.delta", "speech.stopped", "transcript.delta", "transcript.done"]
        items = {message["itemId"] for message in machine.sent if message["type"].startswith("transcript")}
        assert len(items) == 1


class TestBargeIn:
    def test_it_flushes_tells_the_client_and_cuts_the_text_to_what_was_heard(self) -> None:
        machine = call()
        machine.model(*reply(1))
        machine.run(300)
        machine.model(BargedIn())
        assert machine.last("interrupt")["sentMs"] == 300 + CONFIG.turn.lead_ms
        assert machine.last("response.done")["status"] == "interrupted"
        assert machine.last("response.done")["spokenText"] == "Hold the power"
        assert effects(machine, do.ReplyHeard) == [do.ReplyHeard(1, "Hold the power")]
        played = machine.played
        machine.model(ReplyAudio(1, spoken_pcm(SAID)))
        machine.run(1_000)
        assert machine.played == played

    def test_it_counts_when_the_model_had_given_out_all_before(self) -> None:
        machine = call()
        machine.model(*reply(1))
        machine.run(100)
        machine.model(Heard("Stop.", 0))
        assert machine.last("response.done")["status"] == "interrupted"

    def test_words_told_after_their_answer_began_do_not_cut_it(self) -> None:
        machine = call()
        machine.frame(bytes(32 * 1_000))
        machine.run(500)
        machine.model(*reply(1))
        machine.run(100)
        machine.model(Heard("How?", 800))
        machine.run(1_000)
        assert machine.last("response.done")["status"] == "completed"
        assert (machine.records[-1].prompt, machine.records[-1].latency_ms) == ("How?", 700)

    def test_told_twice_it_is_one(self) -> None:
        machine = call()
        machine.model(*reply(1))
        machine.run(100)
        machine.model(BargedIn(), BargedIn(), Heard("Stop.", 0))
        assert machine.kinds().count("interrupt") == 1

    def test_a_reply_that_had_not_begun_was_never_said(self) -> None:
        machine = call()
        machine.model(*reply(1), *reply(2, "More."))
        machine.run(100)
        machine.model(BargedIn())
        assert do.ReplyHeard(2, "") in effects(machine, do.ReplyHeard)

    def test_the_clients_own_report_is_believed(self) -> None:
        machine = call()
        machine.model(*reply(1))
        machine.run(400)
        machine.client("playback", responseId=machine.last("response.start")["responseId"], playedMs=100)
        machine.model(BargedIn())
        assert machine.last("response.done")["spokenText"] == "Hold"

    def test_cancel_hushes_the_model(self) -> None:
        machine = call()
        machine.model(*reply(1))
        machine.run(100)
        machine.client("response.cancel")
        assert machine.last("response.done")["status"] == "interrupted"
        assert effects(machine, do.CancelSpeech)


class TestTool:
    def test_the_agent_is_asked_with_a_deadline_and_the_model_told(self) -> None:
        machine = call()
        machine.model(Heard("How?", 0), ask())
        assert machine.asked == [do.QueryAgent(1, "How do I start it?", CONFIG.turn.tool_ms)]
        machine.run(200)
        done(machine, 1)
        (answer,) = effects(machine, do.ToolResult)
        assert (answer.call_id, answer.result, answer.failed) == ("c1", {"answer": "Hold it.", "answered": True}, False)
        assert machine.last("tool.done") == {
            "type": "tool.done", "callId": "c1", "name": "ask_agent", "status": "success", "ms": 200,
        }  # fmt: skip

    def test_what_the_agent_knew_is_kept_with_what_was_said(self) -> None:
        machine = call()
        machine.model(Heard("How?", 0), ask())
        done(machine, 1)
        machine.model(*reply(1, "Just hold it."))
        machine.run(1_000)
        record = machine.records[-1]
        assert (record.prompt, record.spoken) == ("How?", "Just hold it.")
        assert record.result is not None
        assert record.result.citations == RESULT.citations

    def test_two_replies_to_the_same_words_are_one_turn(self) -> None:
        machine = call()
        machine.model(Heard("How?", 0), *reply(1, "Let me look."), ask())
        machine.run(500)
        done(machine, 1)
        machine.model(*reply(2, "Hold it."))
        machine.run(1_000)
        assert [record.turn for record in machine.records] == [1, 1]
        assert machine.records[-1].spoken == "Let me look. Hold it."

    def test_silence_while_it_waits_is_filled_once(self) -> None:
        machine = call()
        machine.model(Heard("How?", 0), ask())
        machine.run(CONFIG.turn.holding_ms)
        assert [line.text for line in machine.to_say] == [CONFIG.lines.holding]
        number = machine.to_say[0].utterance
        machine.model(Spoken(number, spoken_pcm(CONFIG.lines.holding), last=False), Spoken(number, b"", last=True))
        machine.run(15_000)
        assert len(effects(machine, do.Say)) == 1

    def test_speech_of_the_model_is_no_silence(self) -> None:
        machine = call()
        machine.model(Heard("How?", 0), *reply(1, "word " * 30), ask())
        machine.run(CONFIG.turn.holding_ms + 100)
        assert not effects(machine, do.Say)

    def test_an_answer_after_a_barge_in_is_given_as_late_with_what_was_heard(self) -> None:
        machine = call()
        machine.model(Heard("How?", 0), *reply(1, "Let me look that up for you."), ask())
        machine.run(200)
        machine.model(BargedIn(), Heard("Wait.", 0))
        done(machine, 1)
        (answer,) = effects(machine, do.ToolResult)
        assert answer.result["callerHeard"] == "Let me"
        assert "something else since" in answer.result["note"]

    def test_the_same_question_in_one_turn_is_asked_once(self) -> None:
        machine = call()
        machine.model(Heard("How?", 0), ask("c1"), ask("c2", "how do i START it"))
        done(machine, 1)
        machine.model(ask("c3"))
        assert len(machine.asked) == 1
        assert [answer.call_id for answer in effects(machine, do.ToolResult)] == ["c1", "c2", "c3"]

    def test_asked_again_in_a_later_turn_it_is_asked_anew(self) -> None:
        machine = call()
        machine.model(Heard("How?", 0), ask("c1"))
        done(machine, 1)
        machine.model(Heard("How, now?", 0), ask("c2"))
        assert len(machine.asked) == 2

    def test_an_agent_that_fails_is_told_to_model_and_client(self) -> None:
        machine = call()
        machine.model(Heard("How?", 0), ask())
        machine.session.agent_failed(1, AgentFailed("the agent failed"), machine.now)
        machine._collect()
        (answer,) = effects(machine, do.ToolResult)
        assert answer.failed
        assert machine.last("error")["code"] == "agent_failed"
        assert machine.session.phase is Phase.OPEN

    def test_an_agent_that_fails_three_times_ends_the_call(self) -> None:
        machine = call()
        for number in (1, 2, 3):
            machine.model(Heard("How?", 0), ask(f"c{number}"))
            machine.session.agent_failed(number, AgentFailed("the agent failed"), machine.now)
        machine._collect()
        assert machine.closed is not None
        assert machine.closed.code == 4500

    def test_a_tool_there_is_not_and_a_question_without_words_are_errors(self) -> None:
        machine = call()
        machine.model(ToolAsked("c1", "delete_all", {}), ToolAsked("c2", "ask_agent", {"question": 7}))
        assert [(answer.call_id, answer.failed) for answer in effects(machine, do.ToolResult)] == [
            ("c1", True),
            ("c2", True),
        ]
        assert not machine.asked

    def test_a_hand_off_of_the_agent_begins(self) -> None:
        machine = call()
        machine.model(Heard("A person.", 0), ask())
        done(machine, 1, RESULT.model_copy(update={"handoff": Handoff(reason="wants one", summary="x")}))
        assert machine.last("handoff.started")["reason"] == "wants one"
        assert effects(machine, do.ToolResult)[0].result["handoff"] == "wants one"

    def test_the_callers_own_wish_for_a_human_goes_to_the_agent_and_is_answered_aloud(self) -> None:
        machine = call()
        machine.client("handoff.request")
        done(machine, 1, RESULT.model_copy(update={"handoff": Handoff(reason="asked", summary="x")}))
        assert machine.last("handoff.started")["reason"] == "asked"
        assert [line.text for line in machine.to_say] == ["Hold it."]


class TestHumanSide:
    def test_an_operator_who_takes_over_silences_the_model_and_speaks_in_its_voice(self) -> None:
        machine = call()
        machine.operator()
        machine.model(*reply(1))
        machine.run(100)
        machine.operates("takeover")
        assert machine.last("response.done")["status"] == "interrupted"
        assert effects(machine, do.MuteModel) == [do.MuteModel(True)]
        machine.operates("say", text="This is Ada.")
        assert [line.text for line in machine.to_say] == ["This is Ada."]
        assert machine.last("response.start")["speaker"] == "operator"
        machine.model(Heard("Hello, Ada.", 0))
        assert [noted.prompt for noted in effects(machine, do.RecordWords)][-1] == "Hello, Ada."

    def test_the_model_is_told_what_the_operator_said(self) -> None:
        machine = call()
        machine.operator()
        machine.operates("takeover")
        machine.operates("say", text="You get a new phone.")
        number = machine.to_say[-1].utterance
        machine.model(Spoken(number, spoken_pcm("You get a new phone."), last=True))
        machine.run(2_000)
        machine.operates("handback", note="He is angry.")
        assert effects(machine, do.MuteModel)[-1] == do.MuteModel(False)
        notes = [inform.note for inform in effects(machine, do.AddGuidance)]
        assert notes[0] == "He is angry."
        assert "You get a new phone." in notes[1]

    def test_a_whisper_reaches_the_model(self) -> None:
        machine = call()
        machine.operator()
        machine.operates("whisper", text="Offer a discount.")
        assert effects(machine, do.AddGuidance) == [do.AddGuidance("Offer a discount.")]
        assert machine.session.desk.guidance == ("Offer a discount.",)

    def test_a_message_left_is_not_answered_by_the_model(self) -> None:
        machine = call()
        machine.client("handoff.request")
        done(machine, 1, RESULT.model_copy(update={"handoff": Handoff(reason="asked", summary="x")}))
        machine.model(Spoken(machine.to_say[-1].utterance, spoken_pcm("x"), last=True))
        machine.run(CONFIG.operator.handoff_ms)
        machine.model(Spoken(machine.to_say[-1].utterance, spoken_pcm("x"), last=True))
        machine.run(1_000)
        machine.model(Heard("Call me tomorrow.", 0), *reply(1, "I will call you!"))
        assert machine.last("handoff.message")["text"] == "Call me tomorrow."
        machine.model(Spoken(machine.to_say[-1].utterance, spoken_pcm("x"), last=True))
        machine.run(2_000)
        assert machine.last("response.done")["spokenText"] == CONFIG.lines.message_taken


class TestLine:
    def test_typed_text_is_told_and_ends_what_is_said(self) -> None:
        machine = call()
        machine.model(*reply(1))
        machine.run(100)
        machine.client("input.text", text="Stop, please.")
        assert machine.last("response.done")["status"] == "interrupted"
        assert effects(machine, do.CallerTyped) == [do.CallerTyped("Stop, please.")]

    def test_without_a_model_what_was_typed_goes_to_the_agent(self) -> None:
        machine = call()
        machine.client("input.text", text="Hello")
        machine.session.speech_missing("no credentials", machine.now)
        machine._collect()
        assert [question.prompt for question in machine.asked] == ["Hello"]
        assert machine.kinds().count("transcript.done") == 1

    def test_a_renewal_is_told_with_its_gap(self) -> None:
        machine = call()
        machine.model(Restarting(planned=True), Restored(gap_ms=12, turn_lost=False))
        assert machine.kinds()[-2:] == ["model.restarting", "model.restored"]
        assert machine.last("model.restored") == {"type": "model.restored", "gapMs": 12, "turnLost": False}

    def test_a_caller_who_comes_back_hears_the_rest(self) -> None:
        machine = call()
        machine.model(*reply(1))
        machine.run(300)
        machine.session.lose_line(machine.now)
        machine.run(5_000)
        machine.session.resume(machine.now)
        machine.run(2_000)
        assert machine.last("response.done")["status"] == "completed"

    def test_idle_ends_a_call_in_which_nothing_is_said(self) -> None:
        machine = call()
        machine.model(Heard("Hello.", 0), *reply(1))
        for _ in range(900):
            machine.frame(bytes(640))
            machine.run(100)
        assert machine.closed is not None
        assert machine.closed.code == 4408


@given(
    st.lists(
        st.one_of(
            st.integers(1, 6).map(lambda n: ReplyText(n, "two words ", final=False)),
            st.integers(1, 6).map(lambda n: ReplyText(n, "two words", final=True)),
            st.integers(1, 6).map(lambda n: ReplyAudio(n, bytes(4_800))),
            st.integers(1, 6).map(ReplyEnded),
            st.integers(1, 3).map(lambda n: Spoken(n, bytes(960), last=bool(n % 2))),
            st.just(BargedIn()),
            st.just(Heard("Words.", 0)),
            st.sampled_from(["a", "b"]).map(lambda q: ask("c", q)),
            st.integers(1, 500),
        ),
        max_size=40,
    )
)
@settings(max_examples=150, deadline=None)
def test_whatever_a_model_gives_out_every_response_that_begins_ends_once(steps: list[DialogueEvent | int]) -> None:
    machine = call()
    for step in steps:
        if isinstance(step, int):
            machine.run(step)
        else:
            machine.model(step)
    machine.client("session.end")
    begun = [message["responseId"] for message in machine.sent if message["type"] == "response.start"]
    ended = [message["responseId"] for message in machine.sent if message["type"] == "response.done"]
    assert begun == ended
    assert len(set(ended)) == len(ended)
    assert machine.closed is not None
