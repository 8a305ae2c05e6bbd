"""docs/api.md does what it says: each of its curl lines, run by a shell, has the status beside it."""

import re
import shutil
from pathlib import Path

import pytest

from oratio.domain.agents.agent import StepStatus, with_step
from oratio.domain.agents.version import RehearsalSummary, VersionStatus
from oratio.domain.knowledge.knowledge_base import KnowledgeBaseStatus
from oratio.domain.refs import VersionRef
from oratio.domain.storage_layout import CODE_FILE, PROMPT_FILE, version_key
from tests.api.conftest import World
from tests.api.fakes import RememberingPipeline
from tests.api.live import serving
from tests.fakes.cloud import FakeKnowledgeBases, WorkDesk
from tests.walk import Walked, walk

pytestmark = pytest.mark.skipif(not (shutil.which("curl") and shutil.which("jq")), reason="needs curl and jq")


class ImmediatePipeline(RememberingPipeline):
    """Has done what a flow does, in the records alone, when it is started."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def start_create(self, ref: VersionRef, attempt: int) -> str:
        agent = self._world.go_live(ref.user_id, ref.agent_id)
        records = self._world.platform.knowledge_bases
        made = {"bedrock_knowledge_base_id": "kb-1", "status": KnowledgeBaseStatus.READY}
        records.save(records.get(ref.user_id, agent.knowledge_base_id).model_copy(update=made))
        self._write(ref)
        return super().start_create(ref, attempt)

    def start_update(self, ref: VersionRef, attempt: int) -> str:
        platform = self._world.platform
        record, agent = platform.versions.get(ref), platform.agents.get(ref.user_id, ref.agent_id)
        deployed = {"runtime_id": f"runtime-{ref.agent_id}", "runtime_version": str(ref.version)}
        rehearsal = RehearsalSummary(passed=True, scenarios=1)
        changes = {"status": VersionStatus.REHEARSED, "rehearsal": rehearsal, **deployed}
        platform.versions.save(record.model_copy(update=changes))
        for entry in agent.progress:
            agent = with_step(agent, entry.step, StepStatus.SUCCEEDED, agent.updated_at)
        platform.agents.save(agent)
        self._write(ref)
        return super().start_update(ref, attempt)

    def _write(self, ref: VersionRef) -> None:
        for file in (CODE_FILE, PROMPT_FILE):
            self._world.platform.code.put(version_key(ref.user_id, ref.agent_id, ref.version, file), b"text", tags={})


def reached(world: World, walked: list[Walked]) -> set[str]:
    """The operations of the document that were called."""
    found = set()
    for path, methods in world.app.routes.openapi()["paths"].items():
        pattern = re.compile(re.sub(r"\{\w+\}", "[^/]+", path))
        found |= {
            f"{one.method} {path}" for one in walked if pattern.fullmatch(one.path) and one.method.lower() in methods
        }
    return found


async def test_every_curl_line_of_the_page_runs_and_answers_as_it_says(world: World, tmp_path: Path) -> None:
    world.use_pipeline(ImmediatePipeline(world), FakeKnowledgeBases(WorkDesk(tmp_path / "desk")))
    folder = tmp_path / "walk"
    folder.mkdir()

    with serving(world) as base:
        walked = walk(base, world.token(), folder)

    assert [one for one in walked if one.status not in one.said] == []
    documented = world.app.routes.openapi()["paths"]
    assert {f"{method.upper()} {path}" for path, methods in documented.items() for method in methods} == reached(
        world, walked
    )
