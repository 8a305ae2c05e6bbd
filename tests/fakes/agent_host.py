"""A real agent host on a port of its own, in a thread, for tests that talk to it from outside."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from strands.models import Model

from oratio.adapters.local.agent_runtime import LocalAgentRuntime
from oratio.adapters.local.runtime_store import host_token
from oratio.agent_host.app import create_app
from oratio.agent_host.host import AgentHost
from oratio.domain.plan.agent_plan import AgentPlan
from oratio.domain.refs import VersionRef
from oratio.ports.knowledge_bases import KnowledgeBases
from tests.fakes.agents import ScriptedModel, is_signed, prompt_script
from tests.fakes.clock import FakeClock


class RunningHost:
    """The host, its address, and a runtime adapter that speaks to it."""

    def __init__(self, folder: Path, host: AgentHost) -> None:
        self.root = folder / "agents"
        self.token_path = folder / "run" / "agent-host.token"
        self.host = host
        self.clock = FakeClock()
        app = create_app(host, host_token(self.token_path))
        config = uvicorn.Config(app, host="127.0.0.1", port=0, lifespan="off", log_config=None, access_log=False)
        self._server = uvicorn.Server(config)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                raise RuntimeError("the host did not start")
            self._thread.join(0.01)
        self.warm_pid = self.host.isolation.parent.pid
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.runtime = LocalAgentRuntime(self.root, self.url, self.token_path, self.clock, verify=is_signed)

    def call[T](self, work: Coroutine[Any, Any, T]) -> T:
        """Run something on the host's own loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(30)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        await self.host.start()
        try:
            await self._server.serve()
        finally:
            await self.host.stop()


@contextmanager
def running_host(
    folder: Path,
    knowledge: KnowledgeBases,
    models: Callable[[VersionRef, AgentPlan], Model] = lambda ref, plan: ScriptedModel(prompt_script),
    **options: Any,
) -> Iterator[RunningHost]:
    host = AgentHost(
        root=folder / "agents",
        knowledge=knowledge,
        models=models,
        **{"model_name": "scripted", "verify": is_signed, **options},
    )
    running = RunningHost(folder, host)
    running.start()
    try:
        yield running
    finally:
        running.stop()
