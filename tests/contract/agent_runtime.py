"""What every `AgentRuntime` does; an adapter's test class gives the fixtures."""

import asyncio
from collections.abc import Callable, Sequence

import pytest

from oratio.domain.conversations.conversation import Message, TurnDelta, TurnEvent, TurnResult
from oratio.domain.refs import VersionRef
from oratio.errors import AgentFailed, NotFound, NotReady
from oratio.ports.agent_runtime import LIVE, AgentPackage, AgentRuntime, Invocation, RuntimeRef, RuntimeStatus
from tests.fakes.agents import agent_file, signed_package

REF = VersionRef(user_id="tenant", agent_id="agent", version=1)
OTHER_REF = VersionRef(user_id="tenant", agent_id="other", version=1)
SESSION = "conversation-000000000000000000000001"

type Advance = Callable[[float], None]


def deployed(
    runtime: AgentRuntime,
    advance: Advance,
    package: AgentPackage | None = None,
    *,
    ref: VersionRef = REF,
    token: str = "t1",
    live: bool = True,
) -> RuntimeRef:
    """A runtime version that is ready, and live."""
    made = runtime.ensure_runtime(ref, package or signed_package(), engine_id=ref.agent_id, tags={}, token=token)
    seen = settled(runtime, advance, made)
    if live:
        runtime.ensure_endpoint(made.runtime_id, LIVE, made.runtime_version)
    return seen


def settled(runtime: AgentRuntime, advance: Advance, made: RuntimeRef) -> RuntimeRef:
    """The version once it is no longer in the making, after so many looks at most."""
    for _ in range(10):
        advance(60)
        seen = runtime.runtime(made.runtime_id, made.runtime_version)
        if seen.status not in (RuntimeStatus.CREATING, RuntimeStatus.UPDATING):
            return seen
    raise AssertionError(f"the runtime is still {seen.status}")


def when_ready[R](ask: Callable[[], R], advance: Advance) -> R:
    """What the runtime answers once it no longer says that it is not ready."""
    for _ in range(100):
        try:
            return ask()
        except NotReady:
            advance(1)
    raise AssertionError("the runtime is still not ready")


async def events(
    runtime: AgentRuntime,
    runtime_id: str,
    prompt: str,
    *,
    qualifier: str = LIVE,
    history: Sequence[Message] = (),
    session_id: str = SESSION,
    deadline_ms: int = 20_000,
) -> list[TurnEvent]:
    call = Invocation(session_id=session_id, prompt=prompt, history=history, deadline_ms=deadline_ms)
    return [event async for event in runtime.invoke(runtime_id, qualifier, call)]


async def result(runtime: AgentRuntime, runtime_id: str, prompt: str, *, qualifier: str = LIVE) -> TurnResult:
    *_, last = await events(runtime, runtime_id, prompt, qualifier=qualifier)
    assert isinstance(last, TurnResult)
    return last


class AgentRuntimeContract:
    """Fixtures: `runtime`, and `advance`, which lets time pass for the runtime's own state changes.

    The agents are those of `tests.fakes.agents`: they do what the prompt says.
    """

    def test_a_new_runtime_is_creating_and_becomes_ready(self, runtime: AgentRuntime, advance: Advance) -> None:
        made = runtime.ensure_runtime(REF, signed_package(), engine_id="kb", tags={}, token="t1")
        assert made.status is RuntimeStatus.CREATING
        assert settled(runtime, advance, made).status is RuntimeStatus.READY

    def test_the_same_token_returns_the_same_version(self, runtime: AgentRuntime, advance: Advance) -> None:
        first = deployed(runtime, advance, token="t1")
        again = runtime.ensure_runtime(REF, signed_package(), engine_id="kb", tags={}, token="t1")
        assert again == first

    def test_another_token_makes_another_version_of_the_same_runtime(
        self, runtime: AgentRuntime, advance: Advance
    ) -> None:
        first, second = (deployed(runtime, advance, token=token) for token in ("t1", "t2"))
        assert first.runtime_id == second.runtime_id
        assert first.runtime_version != second.runtime_version

    def test_two_agents_have_two_runtimes(self, runtime: AgentRuntime, advance: Advance) -> None:
        assert deployed(runtime, advance).runtime_id != deployed(runtime, advance, ref=OTHER_REF).runtime_id

    def test_asking_for_a_missing_runtime_raises_not_found(self, runtime: AgentRuntime) -> None:
        with pytest.raises(NotFound):
            runtime.runtime("o_" + "0" * 32, "1")

    async def test_invoke_yields_the_text_in_pieces_and_then_the_result(
        self, runtime: AgentRuntime, advance: Advance
    ) -> None:
        made = deployed(runtime, advance)
        *deltas, last = await events(runtime, made.runtime_id, "good morning")
        assert all(isinstance(delta, TurnDelta) for delta in deltas)
        assert len(deltas) > 1
        assert isinstance(last, TurnResult)
        assert last.answer == "".join(delta.text for delta in deltas if isinstance(delta, TurnDelta))
        assert last.answer == "you said good morning"

    async def test_an_answer_cites_the_documents_it_rests_on(self, runtime: AgentRuntime, advance: Advance) -> None:
        turn = await result(runtime, deployed(runtime, advance).runtime_id, "search warranty")
        assert [citation.path for citation in turn.citations] == ["manual.md"]
        assert turn.answered
        assert [(call.name, call.status) for call in turn.tool_calls] == [("search_knowledge_base", "success")]

    async def test_a_search_that_finds_nothing_is_not_answered(self, runtime: AgentRuntime, advance: Advance) -> None:
        turn = await result(runtime, deployed(runtime, advance).runtime_id, "search submarines")
        assert not turn.answered
        assert turn.citations == ()

    async def test_an_agent_finds_only_its_own_documents(self, runtime: AgentRuntime, advance: Advance) -> None:
        deployed(runtime, advance)
        other = deployed(runtime, advance, ref=OTHER_REF)
        assert not (await result(runtime, other.runtime_id, "search warranty")).answered
        assert (await result(runtime, other.runtime_id, "search refund")).answered

    async def test_a_hand_off_comes_with_the_result(self, runtime: AgentRuntime, advance: Advance) -> None:
        turn = await result(runtime, deployed(runtime, advance).runtime_id, "handoff")
        assert turn.handoff is not None
        assert turn.handoff.reason == "asked"

    async def test_a_result_names_the_sop_steps_used(self, runtime: AgentRuntime, advance: Advance) -> None:
        turn = await result(runtime, deployed(runtime, advance).runtime_id, "step")
        assert [(step.step_id, step.line_start) for step in turn.sop_steps] == [("s001", 1)]

    async def test_a_conversation_is_remembered(self, runtime: AgentRuntime, advance: Advance) -> None:
        made = deployed(runtime, advance)
        await result(runtime, made.runtime_id, "hello")
        assert (await result(runtime, made.runtime_id, "count")).answer == "3 messages"

    async def test_a_warm_up_is_no_turn(self, runtime: AgentRuntime, advance: Advance) -> None:
        made = deployed(runtime, advance)
        call = Invocation(session_id=SESSION, prompt="", warm_up=True)
        told = [event async for event in runtime.invoke(made.runtime_id, LIVE, call)]
        assert [event.answer for event in told if isinstance(event, TurnResult)] == [""]
        assert (await result(runtime, made.runtime_id, "count")).answer == "1 messages"

    async def test_what_happened_counts_more_than_what_is_remembered(
        self, runtime: AgentRuntime, advance: Advance
    ) -> None:
        made = deployed(runtime, advance)
        await result(runtime, made.runtime_id, "hello")
        history = [Message(role="user", text="hello"), Message(role="assistant", text="you sa")] * 2
        call = Invocation(session_id=SESSION, prompt="count", history=history, replay=True)
        told = [event async for event in runtime.invoke(made.runtime_id, LIVE, call)]
        assert [event.answer for event in told if isinstance(event, TurnResult)] == ["5 messages"]

    async def test_history_stands_in_for_a_memory_that_is_lost(self, runtime: AgentRuntime, advance: Advance) -> None:
        made = deployed(runtime, advance)
        history = [Message(role="user", text="hello"), Message(role="assistant", text="you said hello")]
        *_, last = await events(runtime, made.runtime_id, "count", history=history)
        assert isinstance(last, TurnResult)
        assert last.answer == "3 messages"

    async def test_an_endpoint_stays_where_it_was_pinned(self, runtime: AgentRuntime, advance: Advance) -> None:
        first = deployed(runtime, advance)
        changed = agent_file('return {"status": "error", "content": [{"text": "new"}]}')
        second = deployed(runtime, advance, signed_package(changed), token="t2", live=False)
        assert (await result(runtime, first.runtime_id, "experiment x")).answer == "tool success"
        by_version = await result(runtime, first.runtime_id, "experiment x", qualifier=second.runtime_version)
        assert by_version.answer == "tool error"
        runtime.ensure_endpoint(first.runtime_id, LIVE, second.runtime_version)
        assert (await result(runtime, first.runtime_id, "experiment x")).answer == "tool error"

    async def test_a_missing_endpoint_or_runtime_raises_not_found(
        self, runtime: AgentRuntime, advance: Advance
    ) -> None:
        made = deployed(runtime, advance, live=False)
        for runtime_id, qualifier in ((made.runtime_id, LIVE), (made.runtime_id, "9"), ("o_" + "0" * 32, LIVE)):
            with pytest.raises(NotFound):
                await events(runtime, runtime_id, "hello", qualifier=qualifier)

    async def test_an_agent_that_passes_its_deadline_has_failed(self, runtime: AgentRuntime, advance: Advance) -> None:
        made = deployed(runtime, advance, signed_package(agent_file("import time\ntime.sleep(60)")))
        with pytest.raises(AgentFailed):
            await events(runtime, made.runtime_id, "experiment x", deadline_ms=300)

    async def test_code_that_does_not_load_has_failed(self, runtime: AgentRuntime, advance: Advance) -> None:
        made = deployed(runtime, advance, signed_package(b"import nothing_of_this_name\n"))
        with pytest.raises(AgentFailed):
            await events(runtime, made.runtime_id, "hello")

    async def test_a_cancelled_turn_leaves_the_agent_answering(self, runtime: AgentRuntime, advance: Advance) -> None:
        made = deployed(runtime, advance)
        call = Invocation(session_id=SESSION, prompt="a b c d")
        async for _ in runtime.invoke(made.runtime_id, LIVE, call):
            break
        assert (await result(runtime, made.runtime_id, "hello")).answer == "you said hello"

    async def test_a_deleted_runtime_is_gone_and_may_be_deleted_again(
        self, runtime: AgentRuntime, advance: Advance
    ) -> None:
        made = deployed(runtime, advance)
        await result(runtime, made.runtime_id, "hello")
        for _ in range(2):
            await asyncio.to_thread(when_ready, lambda: runtime.delete_runtime(made.runtime_id), advance)
        with pytest.raises(NotFound):
            await events(runtime, made.runtime_id, "hello")
        with pytest.raises(NotFound):
            runtime.runtime(made.runtime_id, made.runtime_version)
