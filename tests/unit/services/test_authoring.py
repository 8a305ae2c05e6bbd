"""The author of the settings at work: by rule, or with a model that answers, misbehaves or is not there."""

import hashlib
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from oratio.adapters import strands_models
from oratio.adapters.strands_models import strands_model
from oratio.authoring.meta_agent import Budget, meta_author
from oratio.bootstrap import build_platform, build_services
from oratio.domain.refs import VersionRef
from oratio.domain.storage_layout import CODE_FILE, version_key
from oratio.errors import CodeRejected, Conflict, InvalidInput
from oratio.ports.object_store import ObjectStore
from oratio.services.authoring.authoring import Author, AuthoringService
from oratio.settings import load
from tests.fakes.records import a_brief, a_knowledge_base, a_version, an_agent
from tests.unit.authoring.scripted_model import Answer, ScriptedAuthor

REF = VersionRef(user_id="ada", agent_id="a1", version=1)
SOP = "# Refunds\n\n1. Ask the customer for the order number.\n2. Check the order.\n"
GOOD = {"procedures": [{"name": "refunds", "when": "The caller wants a refund for an order."}]}


class AuthoringDesk:
    """The services of one data folder, and version 1 of one agent in it."""

    def __init__(self, data: Path, author: Author | None = None, **settings: Any) -> None:
        self.platform = build_platform(load(data=data, **settings))
        self.services = build_services(self.platform)
        self.platform.agents.add(
            an_agent(), a_knowledge_base(bedrock_knowledge_base_id="kb1"), a_version(brief=a_brief(sop=SOP))
        )
        self.authoring = self.services.authoring
        if author is not None:
            self.authoring = AuthoringService(
                versions=self.platform.versions, code=self.code, author=author, review_key=lambda: b"k" * 32
            )

    @property
    def code(self) -> ObjectStore:
        return self.platform.code

    def tamper(self) -> bytes:
        key = version_key("ada", "a1", 1, CODE_FILE)
        changed = self.code.get(key) + b"\nprint('hello')\n"
        self.code.put(key, changed, tags={})
        return changed


def written_with(data: Path, answers: Sequence[Answer]) -> tuple[str, bool]:
    """Who the plan says wrote it, and whether what was written passes the review."""
    author = meta_author(ScriptedAuthor(answers), "scripted/model", Budget(seconds=5))
    desk = AuthoringDesk(data, author)
    outcome = desk.authoring.write(REF, round=1)
    assert outcome["author"] == desk.authoring.plan(REF).author
    return outcome["author"], desk.authoring.check(REF) == []


def test_a_model_that_helps_is_named(tmp_path: Path) -> None:
    assert written_with(tmp_path, [GOOD]) == ("scripted/model", True)


@pytest.mark.parametrize("answers", [[RuntimeError("unreachable")] * 3, ["A poem."] * 12, [{"import": "os"}] * 12])
def test_a_model_that_does_not_leaves_the_draft_and_is_named_degraded(tmp_path: Path, answers: list[Answer]) -> None:
    assert written_with(tmp_path, answers) == ("scripted/model degraded", True)


def test_the_settings_model_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def model(name: str) -> ScriptedAuthor:
        made.append(name)
        return ScriptedAuthor([GOOD])

    monkeypatch.setattr(strands_models, "strands_model", model)
    desk = AuthoringDesk(tmp_path, model="ollama/some")
    assert made == []
    desk.authoring.write(REF, round=1)
    assert desk.authoring.plan(REF).author == "ollama/some"
    assert made == ["ollama/some"]


def test_a_provider_that_cannot_be_reached_leaves_the_draft(tmp_path: Path) -> None:
    desk = AuthoringDesk(tmp_path, model="llamacpp/http://127.0.0.1:9")
    desk.authoring.write(REF, round=1)
    assert desk.authoring.plan(REF).author == "llamacpp/http://127.0.0.1:9 degraded"


@pytest.mark.parametrize("name", ["nonsense", "bedrock", "bedrock/", "other/model"])
def test_a_name_that_names_no_model_is_said_to(name: str) -> None:
    with pytest.raises(InvalidInput, match="names no model"):
        strands_model(name)


def test_building_the_services_imports_no_strands(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from oratio.bootstrap import build_platform, build_services;"
        f"from oratio.settings import load; s = load(data=Path({str(tmp_path)!r}), model='ollama/x');"
        "build_services(build_platform(s)); sys.exit('strands' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_code_that_changed_between_review_and_deployment_is_refused(tmp_path: Path) -> None:
    desk = AuthoringDesk(tmp_path)
    desk.authoring.write(REF, round=1)
    assert desk.authoring.check(REF) == []
    desk.tamper()
    with pytest.raises(Conflict, match="changed after it was written"):
        desk.services.deployment.ensure_runtime(REF)


def test_code_whose_record_was_changed_with_it_is_refused_by_its_signature(tmp_path: Path) -> None:
    desk = AuthoringDesk(tmp_path)
    desk.authoring.write(REF, round=1)
    assert desk.authoring.check(REF) == []
    changed = desk.tamper()
    record = desk.platform.versions.get(REF)
    forged = {"code_sha256": hashlib.sha256(changed).hexdigest()}
    desk.platform.versions.save(record.model_copy(update=forged))
    with pytest.raises(CodeRejected, match="not what the review signed"):
        desk.services.deployment.ensure_runtime(REF)


def test_code_that_was_not_reviewed_is_refused(tmp_path: Path) -> None:
    desk = AuthoringDesk(tmp_path)
    desk.authoring.write(REF, round=1)
    with pytest.raises(Conflict, match="has not passed its code review"):
        desk.services.deployment.ensure_runtime(REF)
