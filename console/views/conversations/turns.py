"""View of the evidence of one answer: sources, SOP lines, tools, time, hand-off."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import streamlit as st

from console.state import client
from console.wording import Colour, counted, duration, plain
from oratio.domain.conversations.conversation import Citation, Handoff, SopStep, ToolCall
from oratio.errors import OratioError
from oratio.protocol.http import ConversationView

OUTCOMES: Mapping[str, tuple[str, Colour, str]] = {
    "open": ("open", "blue", ":material/more_horiz:"),
    "ended": ("ended", "gray", ":material/check:"),
    "handed_off": ("handed over", "orange", ":material/support_agent:"),
}
_IN_FULL = 4


class AnsweredTurn(Protocol):
    """Common fields of the results of a chat, a stored turn and a rehearsal."""

    @property
    def answered(self) -> bool: ...
    @property
    def citations(self) -> tuple[Citation, ...]: ...
    @property
    def handoff(self) -> Handoff | None: ...
    @property
    def sop_steps(self) -> tuple[SopStep, ...]: ...
    @property
    def tool_calls(self) -> tuple[ToolCall, ...]: ...


def behind(result: AnsweredTurn, latency_ms: int, *, sop: Sequence[str] = (), extra: str = "") -> None:
    """Show the evidence: one line of badges, and the sources and lines word for word below.

    Args:
        result: The answer.
        latency_ms: The caller's wait.
        sop: The lines of the SOP the answering version was made from.
        extra: More for the line, such as the version.
    """
    with st.container(horizontal=True, gap="small"):
        st.badge(duration(latency_ms), icon=":material/timer:", color="gray")
        if not result.answered and not result.handoff:
            st.badge("not in the documents", icon=":material/help:", color="orange")
        for call in result.tool_calls:
            colour: Colour = "gray" if call.status == "success" else "red"
            st.badge(f"{call.name} {call.ms} ms", icon=":material/build:", color=colour)
        if extra:
            st.badge(extra, color="gray")
    if result.handoff:
        st.warning(
            f"**Handed over:** {plain(result.handoff.reason)}  \n{plain(result.handoff.summary)}",
            icon=":material/support_agent:",
        )
    for citation in result.citations:
        st.markdown(f":material/description: **{plain(citation.path)}**{_place(citation)} · score {citation.score:.2f}")
        st.markdown("> " + plain(citation.excerpt).replace("\n", "  \n> "))
    for step in result.sop_steps[:_IN_FULL]:
        st.markdown(f":material/list_alt: **SOP line {_span(step)}** {plain(step.title)}")
        if lines := sop[step.line_start - 1 : step.line_end]:
            st.markdown("> " + "  \n> ".join(map(plain, lines)))
    if rest := result.sop_steps[_IN_FULL:]:
        st.caption(f"and SOP lines {', '.join(map(_span, rest))}")


def _span(step: SopStep) -> str:
    return f"{step.line_start}" if step.line_start == step.line_end else f"{step.line_start}-{step.line_end}"


def _place(citation: Citation) -> str:
    if citation.page:
        return f", page {citation.page}"
    return f", {plain(citation.heading)}" if citation.heading else ""


def head(conversation: ConversationView) -> None:
    """Show the badges of one conversation."""
    word, colour, icon = OUTCOMES[conversation.outcome]
    st.badge(word, icon=icon, color=colour)
    st.badge(
        conversation.channel,
        icon=":material/call:" if conversation.channel == "voice" else ":material/chat:",
        color="gray",
    )
    st.badge(counted(conversation.turns, "turn"), color="gray")
    st.badge(duration(conversation.updated_at - conversation.started_at), icon=":material/timer:", color="gray")
    st.badge(f"version {conversation.version}", color="gray")
    if conversation.operator:
        st.badge(f"taken over by {plain(conversation.operator)}", icon=":material/person:", color="green")


def sop_lines(agent_id: str, version: int) -> list[str]:
    """Return the SOP of a version by line; empty when it is not available. Versions never change."""
    kept: dict[tuple[str, int], list[str]] = st.session_state.setdefault("sops", {})
    if (agent_id, version) not in kept:
        try:
            with client() as api:
                kept[agent_id, version] = api.version(agent_id, version).sop.splitlines()
        except OratioError:
            return []
    return kept[agent_id, version]
