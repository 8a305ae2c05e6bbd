"""The real application over the real local adapters in a temporary folder."""

import dataclasses
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from oratio import settings
from oratio.adapters.local.clock import SystemClock
from oratio.adapters.local.identity import EmbeddedIssuer
from oratio.api.app import Application, create_app
from oratio.bootstrap import Platform, Services, build_platform, build_services
from oratio.domain.agents.agent import Agent, AgentStatus, StepStatus, with_status, with_step
from oratio.domain.agents.version import RehearsalSummary, VersionStatus
from oratio.ports.knowledge_bases import KnowledgeBases
from oratio.settings import Settings
from tests.api.fakes import RememberingPipeline, ScriptedRuntime

FORM = {
    "agentName": "Help desk",
    "agentType": "text",
    "sop": "1. Greet the caller.\n2. Ask what is wrong.",
    "knowledgeBaseDescription": "Questions about devices.",
    "humanHandoffDescription": "The caller asks for a human.",
}
FILES = [
    ("files", ("manual.md", b"# Manual\nHold the power button.\n")),
    ("files", ("plans/prices.csv", b"plan,price\nbasic,10\n")),
]


class World:
    """One application with its platform and fakes, and what tests ask of them."""

    def __init__(self, config: Settings, build: Callable[[Settings], Platform] = build_platform) -> None:
        self.pipeline = RememberingPipeline()
        self.runtime = ScriptedRuntime()
        self.platform: Platform = dataclasses.replace(build(config), pipeline=self.pipeline, runtime=self.runtime)
        self.services: Services = build_services(self.platform)
        self.stopping = False
        self.app: Application = create_app(self.platform, self.services, stopping=lambda: self.stopping)
        self.data = config.data

    def use_runtime(self, runtime: ScriptedRuntime) -> None:
        """Start anew on another runtime."""
        self.runtime = runtime
        self._begin_anew(runtime=runtime)

    def use_pipeline(self, pipeline: RememberingPipeline, knowledge: KnowledgeBases) -> None:
        """Start anew with another pipeline and engine."""
        self.pipeline = pipeline
        self._begin_anew(pipeline=pipeline, knowledge=knowledge)

    def _begin_anew(self, **parts: Any) -> None:
        self.platform = dataclasses.replace(self.platform, **parts)
        self.services = build_services(self.platform)
        self.app = create_app(self.platform, self.services, stopping=lambda: self.stopping)

    def token(self, user_id: str = "alice") -> str:
        assert self.platform.token_issuer is not None
        return self.platform.token_issuer.issue(user_id, ttl_s=3600)

    def bearer(self, user_id: str = "alice") -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(user_id)}"}

    def client(self, user_id: str | None = "alice") -> httpx.AsyncClient:
        headers = self.bearer(user_id) if user_id else {}
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://oratio", headers=headers)

    def agent(self, user_id: str, agent_id: str) -> Agent:
        return self.platform.agents.get(user_id, agent_id)

    def go_live(self, user_id: str, agent_id: str) -> Agent:
        """What the flow does, in the records alone."""
        agent = self.agent(user_id, agent_id)
        version = next(iter(self.platform.versions.history(user_id, agent_id)))
        self.platform.versions.save(
            version.model_copy(
                update={
                    "status": VersionStatus.LIVE,
                    "runtime_id": f"runtime-{agent_id}",
                    "runtime_version": str(version.version),
                    "rehearsal": RehearsalSummary(passed=True, scenarios=1),
                }
            )
        )
        for entry in agent.progress:
            agent = with_step(agent, entry.step, StepStatus.SUCCEEDED, agent.updated_at)
        agent = with_status(agent, AgentStatus.ACTIVE, agent.updated_at)
        return self.platform.agents.save(agent.model_copy(update={"current_version": version.version}))

    def stored(self) -> list[str]:
        """Every object and staged file there is."""
        folders = (self.data / "objects", self.data / "staging")
        return [str(path) for folder in folders for path in folder.rglob("*") if path.is_file()]

    def assert_nothing_kept(self, user_id: str = "alice") -> None:
        assert self.stored() == []
        assert self.platform.agents.page(user_id, limit=10).items == []
        assert self.pipeline.started == []


@pytest.fixture(scope="session")
def signing_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The issuer's keys, made once: each takes a good part of a second."""
    folder = tmp_path_factory.mktemp("issuer") / "keys"
    EmbeddedIssuer(folder, SystemClock()).issue("nobody", ttl_s=1)
    return folder


@pytest.fixture
def configure(tmp_path: Path, signing_keys: Path) -> Callable[..., Settings]:
    def make(**changes: Any) -> Settings:
        shutil.copytree(signing_keys, tmp_path / "data" / "keys", dirs_exist_ok=True)
        return settings.load(data=tmp_path / "data", **changes)

    return make


@pytest.fixture
def world(configure: Callable[..., Settings]) -> World:
    return World(configure())


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with world.client() as client:
        yield client


async def submit(client: httpx.AsyncClient, **changes: Any) -> httpx.Response:
    """POST the standard form; `files=` and `headers=` replace those, other names the fields (None leaves one out)."""
    files = changes.pop("files", FILES)
    headers = changes.pop("headers", {})
    data = {name: value for name, value in {**FORM, **changes}.items() if value is not None}
    return await client.post("/api/agents", data=data, files=files, headers=headers)


async def create(client: httpx.AsyncClient, **changes: Any) -> str:
    answer = await submit(client, **changes)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["agentId"])


def assert_problem(answer: httpx.Response, status: int, code: str, *locs: tuple[str, ...]) -> None:
    """The answer is a problem of this kind, and names exactly these places."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert {"type", "title", "status", "detail", "code"} <= set(body)
    assert body["status"] == status
    assert body["code"] == code
    found = {tuple(entry["loc"]) for entry in body.get("errors", [])}
    assert set(locs) <= found if locs else True, found
