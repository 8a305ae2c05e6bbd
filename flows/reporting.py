"""Artifacts of a version on Prefect's run page: a progress bar and a summary, without any document text."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prefect.artifacts import acreate_markdown_artifact, acreate_progress_artifact, aupdate_progress_artifact

from oratio.domain.agents.agent import Agent, StepStatus
from oratio.domain.knowledge.knowledge_base import KnowledgeBase
from oratio.domain.refs import VersionRef
from oratio.errors import NotFound
from tasks.context import platform, services
from tasks.retry import call

logger = logging.getLogger(__name__)

_EVERY_S = 0.5


@asynccontextmanager
async def reporting(ref: VersionRef) -> AsyncIterator[None]:
    """Keep the run's artifacts up to date during the work; a failed artifact never fails a run."""
    watcher = asyncio.create_task(_watch(ref))
    try:
        yield
    finally:
        watcher.cancel()
        await asyncio.wait([watcher])
        await _summarise(ref)


async def _watch(ref: VersionRef) -> None:
    """Follow the journal with a progress artifact, from half a second into the run."""
    artifact = None
    shown = -1.0
    try:
        while True:
            await asyncio.sleep(_EVERY_S)
            percent = _percent(await call(services().agents.get, ref.user_id, ref.agent_id))
            if artifact is None:
                key = f"progress-{ref.agent_id}"
                artifact = await acreate_progress_artifact(percent, key=key, description=f"Version {ref.version}")
            elif percent != shown:
                await aupdate_progress_artifact(artifact, percent)
            shown = percent
    except NotFound:
        return
    except Exception:
        logger.exception("agent_id=<%s> | progress artifact not written", ref.agent_id)


def _percent(agent: Agent) -> float:
    done = sum(entry.status is StepStatus.SUCCEEDED for entry in agent.progress)
    return round(100 * done / max(len(agent.progress), 1), 1)


async def _summarise(ref: VersionRef) -> None:
    try:
        agent = await call(services().agents.get, ref.user_id, ref.agent_id)
        knowledge_base = await call(services().agents.knowledge_base, agent)
        text = summary(agent, knowledge_base, ref, platform().settings.api_base)
        await acreate_markdown_artifact(text, key=f"summary-{ref.agent_id}", description=f"Version {ref.version}")
    except (NotFound, asyncio.CancelledError):
        return
    except Exception:
        logger.exception("agent_id=<%s> | summary artifact not written", ref.agent_id)


def summary(agent: Agent, knowledge_base: KnowledgeBase, ref: VersionRef, api_base: str) -> str:
    """Return Markdown: the steps with their counts, the files with problems, the agent's URLs; no document text."""
    lines = [f"# {agent.agent_type.value} agent, version {ref.version}: {agent.status.value}", ""]
    lines += ["| step | status | seconds | |", "|---|---|---|---|"]
    for entry in agent.progress:
        took = f"{(entry.ended_at - entry.started_at) / 1000:.1f}" if entry.ended_at and entry.started_at else ""
        lines.append(f"| {entry.step.value} | {entry.status.value} | {took} | {_cell(entry.detail)} |")
    if knowledge_base.problems:
        lines += ["", f"## {len(knowledge_base.problems)} files with problems", "", "| file | |", "|---|---|"]
        lines += [f"| {_cell(problem.path)} | {_cell(problem.reason)} |" for problem in knowledge_base.problems]
    if agent.error:
        lines += ["", f"## Failed in {agent.error.step}", "", f"`{agent.error.code}`: {_cell(agent.error.message)}"]
    lines += ["", f"- Agent: {api_base}/api/agents/{agent.agent_id}"]
    if agent.api_endpoint:
        lines.append(f"- Invocations: {agent.api_endpoint}")
    if agent.websocket_url:
        lines.append(f"- Voice: {agent.websocket_url}")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
