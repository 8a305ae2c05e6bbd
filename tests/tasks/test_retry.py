import asyncio
import threading
from typing import Any

import pytest
from prefect.states import exception_to_failed_state

from oratio.errors import CodeRejected, Conflict, NotReady, StaleRecord, StepFailed, Unavailable
from tasks import retry
from tasks.retry import Unexpected, call, is_retryable, poll


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (Unavailable("away"), True),
        (StaleRecord("changed"), True),
        (NotReady("soon"), True),
        (Conflict("no"), False),
        (CodeRejected("no"), False),
        (Unexpected(ValueError("bug")), False),
        (ValueError("bug"), False),
    ],
)
async def test_a_task_runs_again_only_when_the_errors_type_says_so(error: Exception, again: bool) -> None:
    state = await exception_to_failed_state(error)
    nothing: Any = None
    assert await is_retryable(nothing, nothing, state) is again


async def test_a_foreign_error_is_told_by_type_and_place_never_by_its_words() -> None:
    def parse() -> None:
        raise ValueError("the caller's secret sentence")

    with pytest.raises(Unexpected) as caught:
        await call(parse)
    assert "secret" not in str(caught.value)
    assert "ValueError at " in str(caught.value)
    assert isinstance(caught.value.original, ValueError)
    assert caught.value.__cause__ is None


async def test_our_own_errors_pass_unchanged() -> None:
    def refuse() -> None:
        raise StepFailed("as it was")

    with pytest.raises(StepFailed, match="as it was"):
        await call(refuse)


async def test_polling_asks_again_until_it_is_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "POLL_DELAYS", (0.0,))
    answers = [NotReady("one"), NotReady("two"), "ready"]

    def look() -> str:
        answer = answers.pop(0)
        if isinstance(answer, NotReady):
            raise answer
        return str(answer)

    assert await poll(look) == "ready"


async def test_polling_ends_with_a_failure_when_it_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "POLL_LIMIT_S", -1.0)

    def never() -> None:
        raise NotReady("ingestion is STARTING")

    with pytest.raises(StepFailed, match="ingestion is STARTING"):
        await poll(never)


async def test_a_cancelled_call_ends_only_when_its_work_has_ended() -> None:
    begun, may_end = threading.Event(), threading.Event()
    ended: list[bool] = []

    def work() -> None:
        begun.set()
        may_end.wait(10)
        ended.append(True)

    task = asyncio.create_task(call(work))
    await asyncio.to_thread(begun.wait, 10)
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == [True]
