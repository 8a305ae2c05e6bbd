"""Everything from an operator's words to a rehearsed agent, all parts real but the flow that calls them."""

import asyncio
import dataclasses
import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from strands.models import Model

from oratio.adapters.local.agent_runtime import LocalAgentRuntime
from oratio.adapters.local.builtin_model import BuiltinModel
from oratio.adapters.local.clock import SystemClock
from oratio.adapters.local.secrets import secret_file
from oratio.authoring.review import Finding
from oratio.authoring.review.signature import covers
from oratio.bootstrap import Platform, Services, build_platform, build_services
from oratio.domain.knowledge.knowledge_base import Document
from oratio.domain.plan.agent_plan import AgentPlan
from oratio.domain.plan.rehearsal import RehearsalReport
from oratio.domain.refs import VersionRef
from oratio.domain.storage_layout import REHEARSAL_FILE, document_key
from oratio.errors import NotReady
from oratio.ports.agent_runtime import AgentPackage
from oratio.settings import load
from tests.fakes.agent_host import RunningHost, running_host
from tests.fakes.records import a_brief, a_knowledge_base, a_version, an_agent

USER = "ada"
PATIENCE_S = 60.0

type Models = Callable[[VersionRef, AgentPlan], Model]


def builtin(_: VersionRef, plan: AgentPlan) -> Model:
    return BuiltinModel(plan)


class Workshop:
    """Services over a running agent host; each method is what one step of the flow does."""

    def __init__(self, platform: Platform, host: RunningHost) -> None:
        self.platform = platform
        self.services: Services = build_services(platform)
        self.host = host

    def order(self, agent_id: str, files: Mapping[str, bytes], **words: Any) -> VersionRef:
        """Records and files of version 1 of an agent, as a form would leave them."""
        documents = tuple(
            Document(path=path, size=len(data), sha256=hashlib.sha256(data).hexdigest(), media_type="text/markdown")
            for path, data in sorted(files.items())
        )
        self.platform.agents.add(
            an_agent(USER, agent_id, **words),
            a_knowledge_base(USER, agent_id),
            a_version(USER, agent_id, documents=documents, brief=a_brief(**words)),
        )
        for path, data in files.items():
            self.platform.documents.put(document_key(USER, agent_id, path), data, tags={})
        return VersionRef(user_id=USER, agent_id=agent_id, version=1)

    def provision(self, ref: VersionRef) -> None:
        bases = self.services.knowledge_bases
        for path in bases.paths(ref):
            bases.ingest_file(ref, path)
        _until_ready(partial(bases.ensure_knowledge_base, ref))
        _until_ready(partial(bases.ensure_data_source, ref))
        bases.start_ingestion(ref, attempt=1)
        _until_ready(partial(bases.mark_ready, ref))

    def author(self, ref: VersionRef) -> list[Finding]:
        """Write and review; the findings that the review has on it."""
        self.services.authoring.write(ref, round=1)
        return self.services.authoring.check(ref)

    def deploy(self, ref: VersionRef) -> None:
        self.services.deployment.ensure_runtime(ref)
        _until_ready(partial(self.services.deployment.require_runtime, ref))

    def rehearse(self, ref: VersionRef, progress: Callable[[str], None] = lambda line: None) -> RehearsalReport:
        asyncio.run(self.services.rehearsal.rehearse(ref, progress))
        return RehearsalReport.model_validate_json(self.services.authoring.read(ref, REHEARSAL_FILE))

    def make(self, agent_id: str, files: Mapping[str, bytes], **words: Any) -> VersionRef:
        """An agent that could be rehearsed next."""
        ref = self.order(agent_id, files, **words)
        self.provision(ref)
        assert self.author(ref) == []
        self.deploy(ref)
        return ref


def _until_ready(work: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            work()
            return
        except NotReady:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


@contextmanager
def workshop(data: Path, models: Models = builtin, **settings: Any) -> Iterator[Workshop]:
    config = load(data=data, **settings)
    platform = build_platform(config)

    def signed(package: AgentPackage) -> bool:
        return covers(*package, key=secret_file(data / "keys" / "review.key"))

    with running_host(
        data, platform.knowledge, models, verify=signed, model_name=config.models.model, allow_unsandboxed=True
    ) as host:
        runtime = LocalAgentRuntime(data / "agents", host.url, host.token_path, SystemClock(), verify=signed)
        yield Workshop(dataclasses.replace(platform, runtime=runtime), host)
