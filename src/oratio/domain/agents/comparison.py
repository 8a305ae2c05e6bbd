"""What changed from one version of an agent to another; values in, values out."""

import json
from collections.abc import Mapping, Sequence
from difflib import unified_diff
from typing import Any

from oratio.domain.agents.brief import AgentBrief
from oratio.domain.knowledge.descriptions import flatten
from oratio.domain.knowledge.knowledge_base import Document
from oratio.domain.plan.rehearsal import RehearsalReport, ScenarioResult
from oratio.domain.refs import Value

_CONTEXT_LINES = 3
# Finding the least change of two texts takes the product of their lengths; beyond this, the whole middle is replaced.
_MOST_LINES = 4_000


class TextChange(Value):
    """How one text changed: a unified diff, empty when both are the same; None for a text that was not written."""

    changed: bool
    added_lines: int = 0
    removed_lines: int = 0
    diff: str | None = ""


class FieldChange(Value):
    """A short field's words in both versions."""

    field: str
    before: str
    after: str


class FileChange(Value):
    """One document; `before` and `after` are its bytes' SHA-256, None where the version does not have it."""

    path: str
    change: str
    before: str | None
    after: str | None


class DescriptionChange(Value):
    path: str
    before: str | None
    after: str | None


class PlanChange(Value):
    """Steps, guardrails and hand-off triggers by their texts, and the plan's JSON as a unified diff."""

    added_steps: tuple[str, ...] = ()
    removed_steps: tuple[str, ...] = ()
    added_guardrails: tuple[str, ...] = ()
    removed_guardrails: tuple[str, ...] = ()
    added_triggers: tuple[str, ...] = ()
    removed_triggers: tuple[str, ...] = ()
    text: TextChange


class ScenarioChange(Value):
    """A scenario whose verdict changed: passed or not in each version, None where it was not tried."""

    title: str
    before: bool | None
    after: bool | None
    reason: str = ""


class RehearsalChange(Value):
    before_passed: bool | None
    after_passed: bool | None
    before_scenarios: int
    after_scenarios: int
    scenarios: tuple[ScenarioChange, ...]


class VersionDiff(Value):
    """From version `against` to version `version`."""

    agent_id: str
    version: int
    against: int
    identical: bool
    fields: tuple[FieldChange, ...]
    sop: TextChange
    files: tuple[FileChange, ...]
    descriptions: tuple[DescriptionChange, ...]
    plan: PlanChange
    code: TextChange
    prompt: TextChange
    rehearsal: RehearsalChange


def text_change(before: str | None, after: str | None, name: str) -> TextChange:
    """The change of one text; `name` is in the diff's head."""
    if before == after:
        return TextChange(changed=False, diff=None if before is None else "")
    old, new = (before or "").splitlines(), (after or "").splitlines()
    start, end = _common(old, new)
    middle_old, middle_new = old[start : len(old) - end], new[start : len(new) - end]
    if max(len(middle_old), len(middle_new)) > _MOST_LINES:
        head = f"@@ -{start + 1},{len(middle_old)} +{start + 1},{len(middle_new)} @@"
        lines = [f"--- {name}", f"+++ {name}", head]
        lines += [f"-{line}" for line in middle_old] + [f"+{line}" for line in middle_new]
    else:
        lines = list(unified_diff(old, new, name, name, lineterm="", n=_CONTEXT_LINES))
    return TextChange(
        changed=True,
        added_lines=sum(line.startswith("+") for line in lines[2:]),
        removed_lines=sum(line.startswith("-") for line in lines[2:]),
        diff="\n".join(lines),
    )


def _common(old: Sequence[str], new: Sequence[str]) -> tuple[int, int]:
    """How many lines are the same at the start, and then at the end."""
    most = min(len(old), len(new))
    start = next((place for place in range(most) if old[place] != new[place]), most)
    most -= start
    end = next((place for place in range(most) if old[-1 - place] != new[-1 - place]), most)
    return start, end


def field_changes(before: AgentBrief, after: AgentBrief) -> tuple[FieldChange, ...]:
    names = ("agentName", "agentType", "knowledgeBaseDescription", "humanHandoffDescription")
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    return tuple(FieldChange(field=name, before=old[name], after=new[name]) for name in names if old[name] != new[name])


def file_changes(before: Sequence[Document], after: Sequence[Document]) -> tuple[FileChange, ...]:
    old = {document.path: document.sha256 for document in before}
    new = {document.path: document.sha256 for document in after}
    return tuple(
        FileChange(path=path, change=change, before=was, after=now) for path, change, was, now in _changes(old, new)
    )


def description_changes(before: AgentBrief, after: AgentBrief) -> tuple[DescriptionChange, ...]:
    old, new = flatten(before.folder_file_descriptions), flatten(after.folder_file_descriptions)
    return tuple(DescriptionChange(path=path, before=was, after=now) for path, _, was, now in _changes(old, new))


def _changes(old: Mapping[str, str], new: Mapping[str, str]) -> list[tuple[str, str, str | None, str | None]]:
    found = []
    for path in sorted({*old, *new}):
        was, now = old.get(path), new.get(path)
        if was != now:
            found.append((path, "added" if was is None else "removed" if now is None else "replaced", was, now))
    return found


def plan_change(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> PlanChange:
    """The change of two plans as stored."""

    def lists(*keys: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        old, new = _texts(before, keys), _texts(after, keys)
        return tuple(text for text in new if text not in old), tuple(text for text in old if text not in new)

    steps, guardrails, triggers = lists("steps"), lists("guardrails"), lists("handoff", "triggers")
    return PlanChange(
        added_steps=steps[0],
        removed_steps=steps[1],
        added_guardrails=guardrails[0],
        removed_guardrails=guardrails[1],
        added_triggers=triggers[0],
        removed_triggers=triggers[1],
        text=text_change(_pretty(before), _pretty(after), "plan.json"),
    )


def _texts(plan: Mapping[str, Any] | None, keys: Sequence[str]) -> list[str]:
    found: Any = plan or {}
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return [str(entry.get("text", "")) for entry in found or () if isinstance(entry, Mapping)]


def _pretty(plan: Mapping[str, Any] | None) -> str | None:
    return None if plan is None else json.dumps(plan, indent=1, ensure_ascii=False)


def rehearsal_change(before: RehearsalReport | None, after: RehearsalReport | None) -> RehearsalChange:
    """Which scenarios came, went, or ended otherwise."""
    old, new = _results(before), _results(after)
    changed = []
    for title in dict.fromkeys((*new, *old)):
        was, now = old.get(title), new.get(title)
        if (was and was.passed) != (now and now.passed) or (was is None) != (now is None):
            changed.append(
                ScenarioChange(
                    title=title,
                    before=was.passed if was else None,
                    after=now.passed if now else None,
                    reason=now.reason if now else "",
                )
            )
    return RehearsalChange(
        before_passed=before.passed if before else None,
        after_passed=after.passed if after else None,
        before_scenarios=len(old),
        after_scenarios=len(new),
        scenarios=tuple(changed),
    )


def _results(report: RehearsalReport | None) -> dict[str, ScenarioResult]:
    return {result.scenario.title: result for result in report.results} if report else {}
