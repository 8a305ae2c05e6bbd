"""The real client of Nova Sonic against the fake, with everything the facts know to go wrong."""

import asyncio

import pytest

from oratio.domain.conversations.conversation import Message
from oratio.errors import Unavailable
from oratio.ports.dialogue import (
    BargedIn,
    DialogueBrief,
    ReplyEnded,
    ReplyText,
    Restarting,
    Restored,
    ToolAsked,
    UsageSpent,
)
from oratio.ports.speech import CallerSpeechStarted, CallerSpeechStopped, Heard, Spoken
from oratio.speech.realtime.nova_sonic import NovaAccess
from tests.fakes.nova import NovaFake, NovaFault, NovaTurn
from tests.fakes.nova.script import tone
from tests.unit.realtime.conftest import BRIEF, Calling, eventually

HELLO = NovaTurn("Hello.", ("Hi there.", "How are you?"))
LONG = NovaTurn("Tell me all.", ("one two three four five six seven eight nine ten.",) * 3)
ASKING = NovaTurn("It is off.", ("Let me look.",), tool=("ask_agent", {"question": "off?"}), then=("Got {}",))


class TestTalk:
    async def test_a_session_begins_with_prompt_tools_voice_and_endpointing(
        self, calling: Calling, nova: NovaFake
    ) -> None:
        async with calling() as caller:
            nova.turns.append(HELLO)
            await caller.mouth.speak()
            await caller.until(ReplyEnded)
        first = nova.novas[0]
        assert nova.models == ["amazon.nova-2-sonic-v1:0"]
        assert first.system == BRIEF.instructions
        assert first.session == {"turnDetectionConfiguration": {"endpointingSensitivity": "HIGH"}}
        output = first.prompt["audioOutputConfiguration"]
        assert (output["voiceId"], output["sampleRateHertz"]) == ("tiffany", 24_000)
        assert [tool["toolSpec"]["name"] for tool in first.prompt["toolConfiguration"]["tools"]] == ["ask_agent"]

    async def test_words_audio_final_words_and_usage_come_out(self, calling: Calling, nova: NovaFake) -> None:
        nova.turns.append(HELLO)
        async with calling() as caller:
            await caller.mouth.speak()
            await caller.until(UsageSpent)
            await eventually(lambda: any(isinstance(event, CallerSpeechStopped) for event in caller.events))
        stopped = next(event for event in caller.events if isinstance(event, CallerSpeechStopped))
        said = [(event.text.strip(), event.final) for event in caller.events if isinstance(event, ReplyText)]
        assert [text for text, final in said if not final] == list(HELLO.says)
        assert [text for text, final in said if final] == list(HELLO.says)
        assert bytes(caller.audio) == b"".join(map(tone, HELLO.says))
        heard = next(event for event in caller.events if isinstance(event, Heard))
        assert (heard.text, heard.ended_at_ms) == ("Hello.", stopped.at_ms)
        usage = next(event for event in caller.events if isinstance(event, UsageSpent))
        assert usage == UsageSpent(10, 20, 8, 16)

    async def test_every_byte_of_the_microphone_is_sent_in_pieces_of_60_ms(
        self, calling: Calling, nova: NovaFake
    ) -> None:
        async with calling() as caller:
            await asyncio.sleep(0.5)
            sent = caller.mouth.frames
        assert len(nova.nova.heard) >= sent * 640 - 60 * 32
        assert len(nova.nova.heard) % (60 * 32) == 0

    async def test_a_tool_is_asked_and_its_answer_is_spoken_to(self, calling: Calling, nova: NovaFake) -> None:
        nova.turns.append(ASKING)
        async with calling() as caller:
            await caller.mouth.speak()
            asked = await caller.until(ToolAsked)
            caller.session.answer(asked.call_id, {"answer": "press it"})
            told = await caller.until(ReplyText, final=False, reply=2)
        assert (asked.name, asked.arguments) == ("ask_agent", {"question": "off?"})
        assert "press it" in told.text

    async def test_what_is_typed_is_answered(self, calling: Calling, nova: NovaFake) -> None:
        nova.turns.append(HELLO)
        async with calling() as caller:
            caller.session.tell("Are you there?")
            await caller.until(ReplyEnded)
        assert nova.nova.told == ["Are you there?"]

    async def test_a_line_is_said_by_order_and_is_no_reply(self, calling: Calling, nova: NovaFake) -> None:
        async with calling() as caller:
            caller.session.say(7, "One moment please.")
            await caller.until(Spoken, last=True, utterance=7)
        assert bytes(caller.audio) == tone("One moment please.")
        assert not [event for event in caller.events if isinstance(event, ReplyText)]

    async def test_a_note_goes_to_the_next_connection_unsaid(self, calling: Calling, nova: NovaFake) -> None:
        async with calling() as caller:
            caller.session.inform("The caller is a member.")
            await caller.until(Restored)
            await eventually(lambda: nova.nova.system)
        assert "The caller is a member." in nova.nova.system
        assert nova.nova.told == []

    async def test_silenced_it_still_hears_and_says_lines_but_does_not_reply(
        self, calling: Calling, nova: NovaFake
    ) -> None:
        nova.turns.append(HELLO)
        async with calling() as caller:
            caller.session.silence(True)
            await caller.mouth.speak()
            await caller.until(Heard, text="Hello.")
            caller.session.say(1, "A person speaks.")
            await caller.until(Spoken, last=True)
        assert bytes(caller.audio) == tone("A person speaks.")
        assert not [event for event in caller.events if isinstance(event, ReplyText | ReplyEnded)]


class TestInterruptions:
    @pytest.mark.parametrize("form", ["text", "audio", "marker"])
    async def test_each_form_is_a_barge_in(self, calling: Calling, nova: NovaFake, form: str) -> None:
        nova.turns.append(NovaTurn(LONG.hears, LONG.says, interrupted_by=form))  # type: ignore[arg-type]
        async with calling() as caller:
            await caller.mouth.speak()
            await caller.until(ReplyText)
            await caller.mouth.speak()
            await caller.until(BargedIn)
        assert '"interrupted"' not in "".join(event.text for event in caller.events if isinstance(event, ReplyText))

    async def test_text_without_a_stage_is_what_is_said(self, calling: Calling, nova: NovaFake) -> None:
        nova.turns.append(NovaTurn("Hello.", ("Hi.",), stage=False))
        async with calling() as caller:
            await caller.mouth.speak()
            assert (await caller.until(ReplyText)).text == "Hi."
            await caller.until(ReplyEnded)

    async def test_usage_without_details_is_the_growth_of_the_totals(self, calling: Calling, nova: NovaFake) -> None:
        nova.turns.extend([NovaTurn("One.", ("A.",), details=False), NovaTurn("Two.", ("B.",), details=False)])
        async with calling() as caller:
            for _ in range(2):
                await caller.mouth.speak()
                assert await caller.until(UsageSpent) == UsageSpent(10, 20)

    async def test_a_cut_reply_is_remembered_as_it_was_heard(self, calling: Calling, nova: NovaFake) -> None:
        nova.faults.append(NovaFault(at="turns", after_turns=1, end="clean"))
        nova.turns.append(HELLO)
        async with calling() as caller:
            caller.hears = lambda text: "Hi"
            await caller.mouth.speak()
            await caller.until(Restored)
            await eventually(lambda: len(nova.nova.history) == 2)
        assert nova.nova.history == [("USER", "Hello."), ("ASSISTANT", "Hi")]


class TestLosses:
    @pytest.mark.parametrize(
        "end",
        [
            "clean",
            "cut",
            ("modelTimeoutException", "too long"),
            ("validationException", "InternalErrorCode=531::RST_STREAM closed stream"),
            ("modelStreamErrorException", "broken"),
            ("internalServerException", "broken"),
        ],
    )
    async def test_a_lost_connection_is_replaced_with_the_history(
        self, calling: Calling, nova: NovaFake, end: str | tuple[str, str]
    ) -> None:
        nova.faults.append(NovaFault(at="turns", after_turns=1, end=end))  # type: ignore[arg-type]
        nova.turns.extend([HELLO, NovaTurn("Again.", ("Yes.",))])
        async with calling() as caller:
            await caller.mouth.speak()
            assert (await caller.until(Restarting)).planned is False
            await caller.until(Restored)
            await caller.mouth.speak()
            assert (await caller.until(Heard, text="Again.")).text == "Again."
            await caller.until(ReplyEnded)
        assert nova.novas[1].history[0] == ("USER", "Hello.")

    async def test_a_reply_cut_off_by_a_loss_ends_and_the_turn_is_said_to_be_lost(
        self, calling: Calling, nova: NovaFake
    ) -> None:
        nova.faults.append(NovaFault(at="answer", end="cut"))
        nova.turns.append(LONG)
        async with calling() as caller:
            await caller.mouth.speak()
            await caller.until(ReplyEnded)
            assert (await caller.until(Restored)).turn_lost is True

    async def test_words_spoken_while_the_connection_was_lost_are_heard_by_the_next(
        self, calling: Calling, nova: NovaFake
    ) -> None:
        nova.faults.append(NovaFault(at="turns", after_turns=1, end="clean"))
        nova.turns.extend([HELLO, NovaTurn("In the gap.", ("Heard you.",))])
        async with calling(delays_s=(0.6, 0.1, 0.1)) as caller:
            await caller.mouth.speak()
            await caller.until(Restarting)
            await caller.mouth.speak(300)
            await caller.until(Restored)
            assert (await caller.until(Heard)).text == "In the gap."

    async def test_a_result_that_comes_after_the_loss_is_told_in_words(self, calling: Calling, nova: NovaFake) -> None:
        nova.faults.append(NovaFault())
        nova.turns.append(ASKING)
        async with calling() as caller:
            await caller.mouth.speak()
            asked = await caller.until(ToolAsked)
            nova.drop()
            await caller.until(Restored)
            nova.turns.append(NovaTurn("", ("Done.",)))
            caller.session.answer(asked.call_id, {"answer": "press it"})
            await caller.until(ReplyText, reply=2)
        assert "press it" in nova.nova.told[-1]
        assert "ask_agent" in nova.nova.told[-1]

    async def test_endless_failures_end_the_session_after_three_attempts(
        self, calling: Calling, nova: NovaFake
    ) -> None:
        async with calling() as caller:
            nova.faults.extend([NovaFault(end="clean")] * 20)
            nova.drop()
            reason = await caller.ended()
        assert reason
        assert len(nova.novas) <= 5

    async def test_a_slow_start_is_left(self, calling: Calling, nova: NovaFake) -> None:
        nova.faults.append(NovaFault(slow_s=0.5))
        async with calling() as caller:
            nova.turns.append(HELLO)
            await caller.mouth.speak()
            await caller.until(ReplyEnded)


class TestOpening:
    @pytest.mark.parametrize(
        ("error", "mend"),
        [
            ("ExpiredTokenException", "credentials"),
            ("UnrecognizedClientException", "credentials"),
            ("AccessDeniedException", "bedrock:InvokeModelWithBidirectionalStream"),
            ("ThrottlingException", "quota"),
            ("ValidationException", "ORATIO_SPEECH_MODEL"),
            ("ResourceNotFoundException", "ORATIO_SPEECH_REGION"),
        ],
    )
    async def test_a_refusal_says_how_to_mend_it(self, calling: Calling, nova: NovaFake, error: str, mend: str) -> None:
        nova.faults.extend([NovaFault(refuse=(400, error))] * 2)
        with pytest.raises(Unavailable, match=mend):
            async with calling():
                pass

    async def test_one_passing_failure_is_tried_again(self, calling: Calling, nova: NovaFake) -> None:
        nova.faults.append(NovaFault(refuse=(503, "ServiceUnavailableException")))
        nova.turns.append(HELLO)
        async with calling() as caller:
            await caller.mouth.speak()
            await caller.until(ReplyEnded)

    async def test_without_credentials_it_says_where_they_come_from(
        self, calling: Calling, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
        with pytest.raises(Unavailable, match="AWS_PROFILE"):
            async with calling():
                pass

    async def test_a_call_begins_from_the_history_it_is_given(self, calling: Calling, nova: NovaFake) -> None:
        history = (Message(role="user", text="Before."), Message(role="assistant", text="Yes."))
        nova.turns.append(HELLO)
        async with calling(DialogueBrief("Go on.", (), history)) as caller:
            await caller.mouth.speak()
            await caller.until(ReplyEnded)
        assert nova.nova.history == [("USER", "Before."), ("ASSISTANT", "Yes.")]


class TestHangUp:
    async def test_goodbye_is_said_in_the_order_aws_documents(self, calling: Calling, nova: NovaFake) -> None:
        nova.turns.append(HELLO)
        async with calling() as caller:
            await caller.mouth.speak()
            await caller.until(ReplyEnded)
        await eventually(lambda: len(nova.nova.goodbye) == 3)
        assert nova.nova.goodbye == ["contentEnd", "promptEnd", "sessionEnd"]

    async def test_hanging_up_in_the_first_instants_leaves_nothing(self, calling: Calling, nova: NovaFake) -> None:
        async with calling():
            pass
        async with calling() as caller:
            caller.session.hear(bytes(640))

    async def test_a_call_given_up_while_it_opens_leaves_nothing(self, calling: Calling, nova: NovaFake) -> None:
        nova.faults.append(NovaFault(slow_s=5))
        opening = asyncio.create_task(calling().__aenter__())
        await eventually(lambda: nova.novas)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening


class TestRenewal:
    async def test_a_renewal_waits_for_a_pause_and_loses_no_audio(self, calling: Calling, nova: NovaFake) -> None:
        nova.echo = NovaTurn("Hello.", ("Hi.",))
        async with calling(renew_s=0.5) as caller:
            for _ in range(3):
                await caller.mouth.speak()
                await caller.until(Heard)
                await caller.until(ReplyEnded)
                restored = await caller.until(Restored)
                assert restored.turn_lost is False
            sent = caller.mouth.frames * 640
        assert len(nova.novas) >= 4
        assert sum(len(model.heard) for model in nova.novas) >= sent - 3 * 60 * 32
        assert nova.novas[2].history[0] == ("USER", "Hello.")
        assert not [event for event in caller.events if isinstance(event, Restarting) and not event.planned]

    async def test_a_caller_who_never_pauses_is_heard_across_a_forced_renewal(
        self, calling: Calling, nova: NovaFake
    ) -> None:
        nova.turns.append(NovaTurn("All of it.", ("I heard all.",)))
        async with calling(renew_s=0.3, patience_s=0.5) as caller:
            await caller.mouth.speak(1_600)
            restored = await caller.until(Restored)
            heard = await caller.until(Heard)
        assert restored.turn_lost is False
        assert heard.text == "All of it."

    @pytest.mark.soak  # so much faster than a call, it needs the machine to itself
    async def test_a_call_of_twenty_minutes_does_not_drop(self, calling: Calling, nova: NovaFake) -> None:
        """Eighty times as fast: streams end after 6 s and are renewed from 5.25 s on."""
        nova.limit_s = 480 / 80
        nova.echo = NovaTurn("Hello.", ("Hi.",))
        turns = 0
        async with calling(renew_s=420 / 80, patience_s=30 / 80, spare_s=1.0) as caller:
            loop = asyncio.get_running_loop()
            begun = loop.time()
            while loop.time() < begun + 1_200 / 80:
                await caller.mouth.speak(300)
                await caller.until(ReplyEnded)
                turns += 1
            sent = caller.mouth.frames * 640
            restored = [event for event in caller.events if isinstance(event, Restored)]
            assert not caller.lost
        assert not [event for event in caller.events if isinstance(event, Restarting) and not event.planned]
        assert not [event for event in restored if event.turn_lost]
        assert len(restored) >= 2
        assert len([event for event in caller.events if isinstance(event, Heard)]) == turns
        assert sum(len(model.heard) for model in nova.novas) >= sent - (len(restored) + 1) * 60 * 32

    async def test_credentials_that_run_out_renew_the_connection_before(
        self, calling: Calling, nova: NovaFake, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real = NovaAccess._credentials
        monkeypatch.setattr(NovaAccess, "_credentials", lambda self: (real(self)[0], 61.0))
        async with calling() as caller:
            assert (await caller.until(Restarting)).planned is True
            await caller.until(Restored)

    async def test_a_silent_client_does_not_starve_the_model(self, calling: Calling, nova: NovaFake) -> None:
        async with calling() as caller:
            await caller.mouth.close()
            before = len(nova.nova.heard)
            await asyncio.sleep(0.8)
            assert len(nova.nova.heard) - before > 0.3 * 32_000
            assert not [event for event in caller.events if isinstance(event, CallerSpeechStarted)]
