"""Steps of `create_agent` and `update_agent`: each is entered in the journal, done, and completed."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

from flows.observed import observed_step
from oratio.domain.agents.agent import Step
from oratio.domain.knowledge.knowledge_base import DocumentProblem
from oratio.errors import CodeRejected, RehearsalFailed
from oratio.services.authoring.authoring import MAX_ROUNDS
from tasks import authoring, deployment, ingestion, knowledge_base, rehearsal
from tasks.context import platform, services
from tasks.retry import call
from tasks.status import VersionRun

_NOTE_EVERY_S = 0.5


@observed_step(Step.INGEST_FOLDER)
async def ingest_folder(run: VersionRun) -> None:
    """Write each file's metadata and check that it can be read; an unreadable file is a problem, not a failure."""
    if not await run.enter(Step.INGEST_FOLDER):
        return
    paths = await call(services().knowledge_bases.paths, run.ref)
    gate = asyncio.Semaphore(os.cpu_count() or 1)
    done = 0

    async def ingest(path: str) -> DocumentProblem | None:
        nonlocal done
        async with gate:
            problem = await ingestion.ingest_file(run.ref, path)
        done += 1
        progress(f"{done} of {len(paths)} files")
        return problem

    async with _noting(run, Step.INGEST_FOLDER) as progress:
        problems = [problem for problem in await _together([ingest(path) for path in paths]) if problem]
    await ingestion.keep_problems(run.ref, problems)
    await ingestion.remove_strays(run.ref)
    outcome = {"files": len(paths), "problems": len(problems)}
    await run.complete(Step.INGEST_FOLDER, f"{len(paths)} files, {len(problems)} with problems", outcome)


@asynccontextmanager
async def _noting(run: VersionRun, step: Step) -> AsyncIterator[Callable[[str], None]]:
    """Collect progress lines, and note the newest one now and then; a note never delays the work."""
    fresh = asyncio.Event()
    newest = ""

    def progress(line: str) -> None:
        nonlocal newest
        newest = line
        fresh.set()

    async def write() -> None:
        while True:
            await asyncio.sleep(_NOTE_EVERY_S)
            await fresh.wait()
            fresh.clear()
            await run.note(step, newest)

    writer = asyncio.create_task(write())
    try:
        yield progress
    finally:
        writer.cancel()
        # The step's own next entry reports a lost lease.
        await asyncio.gather(writer, return_exceptions=True)


async def _together[R](work: Sequence[Coroutine[Any, Any, R]]) -> list[R]:
    """Return all results in order; the first error, or a cancellation, stops the rest before it is raised."""
    tasks = [asyncio.ensure_future(coroutine) for coroutine in work]
    try:
        return list(await asyncio.gather(*tasks))
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


@observed_step(Step.PROVISION_KNOWLEDGE_BASE)
async def provision_knowledge_base(run: VersionRun) -> None:
    """Get or create knowledge base and data source, and ingest this version's documents."""
    step = Step.PROVISION_KNOWLEDGE_BASE
    if not await run.enter(step):
        return
    await knowledge_base.ensure_knowledge_base(run.ref)
    await knowledge_base.ensure_data_source(run.ref)
    await knowledge_base.start_ingestion(run.ref)
    await run.note(step, "ingesting")
    await knowledge_base.await_ingestion(run.ref)
    job = await knowledge_base.mark_ready(run.ref)
    outcome = {"jobId": job.job_id, "searchable": job.documents_searchable, "problems": len(job.problems)}
    await run.complete(step, f"{job.documents_searchable} documents searchable", outcome)


@observed_step(Step.AUTHOR_AGENT)
async def author_agent(run: VersionRun) -> None:
    """Write plan, code and prompt, first round."""
    if not await run.enter(Step.AUTHOR_AGENT):
        return
    written = await authoring.write_agent(run.ref, 1)
    await run.complete(Step.AUTHOR_AGENT, f"{written['steps']} steps, {written['codeLines']} lines of code", written)


@observed_step(Step.CHECK_CODE)
async def check_code(run: VersionRun) -> None:
    """Review the code; send findings back to the author, `MAX_ROUNDS` rounds in all."""
    if not await run.enter(Step.CHECK_CODE):
        return
    round = int((await run.outcome(Step.CHECK_CODE)).get("round", 1))
    while findings := await authoring.review_code(run.ref, round):
        if round == MAX_ROUNDS:
            raise CodeRejected(
                f"the code was refused {MAX_ROUNDS} times ({len(findings)} findings in the last round)",
                hint="simplify the SOP where the findings point, then retry",
            )
        round += 1
        await run.note(Step.CHECK_CODE, f"round {round} of {MAX_ROUNDS}, {len(findings)} findings", {"round": round})
        await authoring.write_agent(run.ref, round, findings)
    await run.complete(Step.CHECK_CODE, f"passed in round {round}", {"rounds": round})


@observed_step(Step.REHEARSE_AGENT)
async def rehearse_agent(run: VersionRun) -> None:
    """Deploy the version without pinning it, and play its scenarios against it."""
    step = Step.REHEARSE_AGENT
    if not await run.enter(step):
        return
    await deployment.ensure_runtime(run.ref)
    await deployment.await_runtime(run.ref)
    async with _noting(run, step) as progress:
        summary = await rehearsal.rehearse(run.ref, progress)
    if not summary.passed and platform().settings.agents.rehearsal_required:
        raise RehearsalFailed(
            f"{len(summary.failures)} of {summary.scenarios} scenarios failed",
            hint="read the version's rehearsal report, fix the SOP or the documents, or sign an override",
        )
    outcome = {"scenarios": summary.scenarios, "failures": len(summary.failures)}
    await run.complete(step, f"{summary.scenarios - len(summary.failures)} of {summary.scenarios} passed", outcome)


@observed_step(Step.DEPLOY_AGENT)
async def deploy_agent(run: VersionRun) -> None:
    """Send one greeting through the version that is about to go live."""
    if not await run.enter(Step.DEPLOY_AGENT):
        return
    await deployment.smoke(run.ref)
    await run.complete(Step.DEPLOY_AGENT, "answered a greeting", {})


@observed_step(Step.ACTIVATE)
async def activate(run: VersionRun) -> None:
    """Pin the endpoint, move the live files, set the agent active; a held version waits for an operator."""
    if not await run.enter(Step.ACTIVATE):
        await deployment.settle(run.ref)
    elif await deployment.waits(run.ref):
        await run.complete(Step.ACTIVATE, f"version {run.ref.version} waits to be activated", {})
    else:
        await deployment.activate(run.ref, run.owner)
