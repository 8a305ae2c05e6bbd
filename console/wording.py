"""Wording of the console: the same words for the same thing on every page."""

import logging
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, tzinfo
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from oratio.domain.agents.agent import AgentStatus, Step
from oratio.errors import (
    Conflict,
    InvalidInput,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    OratioError,
    RateLimited,
    Unavailable,
)

logger = logging.getLogger(__name__)

type Colour = Literal["red", "orange", "yellow", "blue", "green", "violet", "gray"]

STATUS_COLOURS: Mapping[AgentStatus, tuple[Colour, str]] = {
    AgentStatus.ACTIVE: ("green", ":material/check_circle:"),
    AgentStatus.CREATING: ("blue", ":material/progress_activity:"),
    AgentStatus.FAILED: ("red", ":material/error:"),
    AgentStatus.DELETING: ("gray", ":material/delete:"),
}
STEP_TITLES = {
    Step.INGEST_FOLDER: "Read the folder",
    Step.PROVISION_KNOWLEDGE_BASE: "Build the knowledge base",
    Step.AUTHOR_AGENT: "Write the agent",
    Step.CHECK_CODE: "Check the code",
    Step.REHEARSE_AGENT: "Rehearse",
    Step.DEPLOY_AGENT: "Deploy",
    Step.ACTIVATE: "Go live",
}


def step_title(step: str) -> str:
    return STEP_TITLES.get(Step(step), step) if step in set(Step) else step.replace("_", " ")


def explain(error: OratioError) -> str:
    """Return the error and its fix, for the operator."""
    match error:
        case InvalidInput():
            return str(error)
        case NotFound() | NotAllowed():
            return "Not found, or not yours. It may have been deleted."
        case RateLimited():
            return f"Too many requests for now. Try again in {error.retry_after_s:.0f} s."
        case Conflict():
            return f"This was changed elsewhere: {error}. Reload to see the newest state."
        case Unavailable():
            return f"The Oratio API does not answer: {error}. Nothing you typed is lost; check `oratio status`."
        case _:
            return str(error)


def show_error(error: OratioError, doing: str = "") -> None:
    text = f"**{doing} did not work.** {explain(error)}" if doing else explain(error)
    problems = error.problems if isinstance(error, InvalidInput) else ()
    for problem in problems[:50]:
        where = " · ".join(part for part in problem.loc if part)
        text += f"\n- **{where}** {problem.msg}"
    if len(problems) > 50:
        text += f"\n- and {len(problems) - 50} more"
    st.error(text, icon=":material/error:")


@contextmanager
def guarded(doing: str, *, key: str = "") -> Iterator[None]:
    """Turn a refusal of the API into one message with a way to try again; the rest of the page lives.

    The whole page reports an ended session.
    """
    try:
        yield
    except NotAuthenticated:
        raise
    except OratioError as error:
        show_error(error, doing)
        st.button("Try again", key=f"again_{key or doing}", icon=":material/refresh:")
    except Exception as error:
        # The edge of a part of the page: a fault of ours in one must not blank the others.
        report_script_error(error)


def report_script_error(error: Exception) -> bool:
    """Show a fault of the console itself with a reference that is also in the log."""
    reference = secrets.token_hex(4)
    logger.error("reference=<%s> | a page failed", reference, exc_info=error)
    st.error(
        f"**Something went wrong in this part of the console.** Nothing was changed by it. "
        f"Reload the page; if it comes back, the console's log has it under reference `{reference}`.",
        icon=":material/bug_report:",
    )
    return True


def stale(age_s: float) -> None:
    """Warn that the page shows data from before the API stopped answering."""
    if age_s:
        st.warning(
            f"The Oratio API does not answer. This is what it said {duration(age_s * 1000)} ago.",
            icon=":material/cloud_off:",
        )


def zone() -> tzinfo:
    """Return the operator's own time zone."""
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def moment(at_ms: int) -> str:
    """Return a time in the operator's own zone."""
    return datetime.fromtimestamp(at_ms / 1000, tz=zone()).strftime("%Y-%m-%d %H:%M")


def clock(at_ms: int) -> str:
    """Return a time of day in the operator's own zone, to the second."""
    return datetime.fromtimestamp(at_ms / 1000, tz=zone()).strftime("%H:%M:%S")


def ago(at_ms: int) -> str:
    passed = time.time() * 1000 - at_ms
    return "just now" if passed < 60_000 else f"{duration(passed)} ago"


def duration(ms: float) -> str:
    """Return a length of time in its one or two largest units."""
    if ms < 1_000:
        return f"{ms:.0f} ms"
    seconds = ms / 1000
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, hours, days = int(seconds // 60), int(seconds // 3600), int(seconds // 86_400)
    if minutes < 60:
        return f"{minutes} min {int(seconds % 60)} s" if minutes < 10 else f"{minutes} min"
    if hours < 48:
        return f"{hours} h {minutes % 60} min" if hours < 10 else f"{hours} h"
    return f"{days} days"


def size(count: float) -> str:
    """Return bytes in decimal units."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def counted(count: int, thing: str) -> str:
    """Return a number of things that take an s in the plural."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"


def plain(text: str) -> str:
    """Return markdown that shows the text of callers and documents as it is."""
    return "".join(f"\\{char}" if char in "\\`*_{}[]<>()#+-.!|~$:" else char for char in text)


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Return a table in markdown; cells are markdown already."""
    lines: list[tuple[str, ...]] = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("\n", " ") for cell in line) + " |" for line in lines)
