import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest

from oratio.duties import repeat
from oratio.errors import Unavailable

logger = logging.getLogger("tests.duties")


class Enough(BaseException):
    """Ends a repetition from its pause."""


class PauseLog:
    """Pauses that take no time, up to a number of them."""

    def __init__(self, most: int) -> None:
        self.seconds: list[float] = []
        self._most = most

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        if len(self.seconds) == self._most:
            raise Enough


def rounds(*outcomes: int | Exception) -> Callable[[], Awaitable[int]]:
    left = iter(outcomes)

    async def deliver() -> int:
        outcome = next(left, 0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return deliver


async def test_the_pause_doubles_with_each_failure_in_a_row_and_has_an_end() -> None:
    pauses = PauseLog(7)
    failing = rounds(*[Unavailable("down")] * 5)
    with pytest.raises(Enough):
        await repeat(failing, 1.0, logger=logger, most_s=10, pause=pauses)
    assert pauses.seconds == [2, 4, 8, 10, 10, 1, 1]


async def test_a_round_that_did_something_is_followed_at_once() -> None:
    pauses = PauseLog(1)
    done = rounds(3, 2, 0)
    with pytest.raises(Enough):
        await repeat(done, 1.0, logger=logger, pause=pauses)
    assert pauses.seconds == [1]


async def test_failures_beyond_counting_keep_the_longest_pause() -> None:
    pauses = PauseLog(1_100)
    failing = rounds(*[Unavailable("down")] * 2_000)
    with pytest.raises(Enough):
        await repeat(failing, 1.0, logger=logger, pause=pauses)
    assert pauses.seconds[-1] == 300


async def test_a_failure_of_another_service_is_one_line_and_any_other_has_its_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    mixed = rounds(Unavailable("down"), TimeoutError("late"), ValueError("odd"))
    with caplog.at_level(logging.WARNING), pytest.raises(Enough):
        await repeat(mixed, 1.0, logger=logger, expected=(Unavailable, TimeoutError), pause=PauseLog(4))
    assert [(record.levelname, record.exc_info is not None) for record in caplog.records] == [
        ("WARNING", False),
        ("WARNING", False),
        ("ERROR", True),
    ]
    assert "duty=<deliver> failures=<1> | unavailable" in caplog.text
    assert "duty=<deliver> failures=<2> | TimeoutError" in caplog.text


async def test_cancelling_ends_the_repetition() -> None:
    working = asyncio.create_task(repeat(rounds(), 60.0, logger=logger))
    await asyncio.sleep(0)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
