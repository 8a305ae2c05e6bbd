"""Comparison of two versions of an agent: their inputs and their results."""

import json
from typing import Any, NamedTuple

from oratio.domain.agents import comparison
from oratio.domain.agents.comparison import VersionDiff
from oratio.domain.agents.version import AgentVersion
from oratio.domain.plan.rehearsal import RehearsalReport
from oratio.domain.refs import VersionRef
from oratio.domain.storage_layout import CODE_FILE, PLAN_FILE, PROMPT_FILE, REHEARSAL_FILE
from oratio.errors import NotFound
from oratio.ports.repositories import VersionRepository
from oratio.services.authoring.authoring import AuthoringService


class _Side(NamedTuple):
    record: AgentVersion
    plan: dict[str, Any] | None
    code: str | None
    prompt: str | None
    rehearsal: RehearsalReport | None


class ComparisonService:
    def __init__(self, *, versions: VersionRepository, authoring: AuthoringService) -> None:
        self._versions = versions
        self._authoring = authoring

    def diff(self, user_id: str, agent_id: str, version: int, *, against: int) -> VersionDiff:
        """Return the changes from version `against` to `version`; files not written yet count as absent.

        Raises:
            NotFound: No such agent of this tenant, or it lacks one of the versions.
        """
        new, old = (
            self._side(VersionRef(user_id=user_id, agent_id=agent_id, version=number)) for number in (version, against)
        )
        before, after = old.record.brief, new.record.brief
        parts: dict[str, Any] = {
            "fields": comparison.field_changes(before, after),
            "sop": comparison.text_change(before.sop, after.sop, "sop"),
            "files": comparison.file_changes(old.record.documents, new.record.documents),
            "descriptions": comparison.description_changes(before, after),
            "plan": comparison.plan_change(old.plan, new.plan),
            "code": comparison.text_change(old.code, new.code, CODE_FILE),
            "prompt": comparison.text_change(old.prompt, new.prompt, PROMPT_FILE),
            "rehearsal": comparison.rehearsal_change(old.rehearsal, new.rehearsal),
        }
        texts = (parts["sop"], parts["plan"].text, parts["code"], parts["prompt"])
        lists = (parts["fields"], parts["files"], parts["descriptions"])
        same = not any(lists) and not any(text.changed for text in texts)
        return VersionDiff(agent_id=agent_id, version=version, against=against, identical=same, **parts)

    def _side(self, ref: VersionRef) -> _Side:
        record = self._versions.get(ref)
        plan, report = self._read(ref, PLAN_FILE), self._read(ref, REHEARSAL_FILE)
        return _Side(
            record=record,
            plan=json.loads(plan) if plan else None,
            code=self._read(ref, CODE_FILE),
            prompt=self._read(ref, PROMPT_FILE),
            rehearsal=RehearsalReport.model_validate_json(report) if report else None,
        )

    def _read(self, ref: VersionRef, file: str) -> str | None:
        try:
            return self._authoring.read(ref, file).decode()
        except NotFound:
            return None
