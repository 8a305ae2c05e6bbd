"""Terminal views of differences and replays."""

from collections.abc import Sequence

from rich.text import Text

from oratio.cli.output import console, printable, say
from oratio.domain.agents.comparison import TextChange
from oratio.domain.conversations.replay import ReplayedTurn, TurnComparison
from oratio.protocol.http import DiffView, ReplayView

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def show_diff(found: DiffView) -> None:
    """Print short fields in a line each, texts as coloured unified diffs."""
    if found.identical:
        say(f"versions {found.against} and {found.version} are the same")
        return
    page = console()
    page.print(Text(f"from version {found.against} to version {found.version}", style="bold"))
    for field in found.fields:
        _pair(field.field, field.before, field.after)
    for file in found.files:
        page.print(Text(printable(f"{file.change}  {file.path}")))
    for described in found.descriptions:
        _pair(f"description of {described.path}", described.before, described.after)
    texts = {"SOP": found.sop, "plan": found.plan.text, "code": found.code, "prompt": found.prompt}
    for name, change in texts.items():
        _show_text(name, change)
    rehearsal = found.rehearsal
    if rehearsal.scenarios or rehearsal.before_passed != rehearsal.after_passed:
        verdicts = f"{_verdict(rehearsal.before_passed)} -> {_verdict(rehearsal.after_passed)}"
        page.print(Text(f"\nrehearsal: {verdicts}", style="bold"))
    for scenario in rehearsal.scenarios:
        line = f"  {_verdict(scenario.before)} -> {_verdict(scenario.after)}  {scenario.title}"
        page.print(Text(printable(line + (f": {scenario.reason}" if scenario.reason else ""))))


def _pair(name: str, before: str | None, after: str | None) -> None:
    page = console()
    page.print(Text(printable(name)))
    for mark, words in (("-", before), ("+", after)):
        if words is not None:
            page.print(Text(printable(f"  {mark} {words}"), style=_COLOURS[mark]))


def _show_text(name: str, change: TextChange) -> None:
    if not change.changed:
        return
    page = console()
    page.print(Text(f"\n{name}: +{change.added_lines} -{change.removed_lines} lines", style="bold"))
    for line in (change.diff or "").splitlines()[2:]:
        page.print(Text(printable(line), style=_COLOURS.get(line[:1], "")))


def _verdict(passed: bool | None) -> str:
    return "not tried" if passed is None else "passed" if passed else "failed"


def show_replay(found: ReplayView) -> None:
    """Print the totals, then each turn that differs with both versions' answers."""
    sums = found.summary
    rest = "" if found.complete else " (not all: the limit of turns is reached)"
    say(
        f"version {found.version} against live version {found.live_version}: "
        f"{_many(sums.turns, 'turn')}, {_many(len(found.conversations), 'conversation')}{rest}"
    )
    say(
        f"changed: {_many(sums.changed_answers, 'answer')}, {_many(sums.changed_sources, 'source')},"
        f" {_many(sums.changed_handoffs, 'hand-off')};"
        f" failed: live {sums.live_failures}, candidate {sums.candidate_failures}"
    )
    live, candidate = sums.live_latency, sums.candidate_latency
    say(f"latency p50/p95: live {live.p50_ms}/{live.p95_ms} ms, candidate {candidate.p50_ms}/{candidate.p95_ms} ms")
    for conversation in found.conversations:
        _show_turns(conversation.conversation_id, [turn for turn in conversation.turns if turn.changed])


def _many(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _show_turns(conversation_id: str, turns: Sequence[TurnComparison]) -> None:
    page = console()
    for turn in turns:
        page.print(Text(printable(f"\n{conversation_id}: {', '.join(turn.changed)}"), style="bold"))
        page.print(Text(printable(f"  > {turn.prompt}")))
        page.print(Text(printable(f"  - {_said(turn.live)}"), style="red"))
        page.print(Text(printable(f"  + {_said(turn.candidate)}"), style="green"))


def _said(turn: ReplayedTurn) -> str:
    if turn.error:
        return f"failed: {turn.error}"
    extra = [", ".join(dict.fromkeys(citation.path for citation in turn.citations))]
    if turn.handoff:
        extra.append(f"hand-off: {turn.handoff.reason}")
    shown = "; ".join(part for part in extra if part)
    return turn.answer + (f" [{shown}]" if shown else "")
