"""The console in a browser: a large folder beside Streamlit's own uploader, a large tree, pages, many watchers.

The console runs against an API in memory (`tests.console.support.stage`): only console and browser are measured.
"""

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
from playwright.sync_api import Browser, Locator, Page, expect

from benchmarks import Row
from benchmarks.support.watchers import Watcher, all_see
from oratio.domain.agents.agent import Agent, AgentStatus
from tests.console.support.browser import CHROMIUM, Watched, chromium
from tests.console.support.fake_api import TOKEN, agent
from tests.console.support.stage import ConsoleStage, stage
from tests.e2e.installation import free_base

FILES, BYTES = 1_000, 512_000
TREE = 5_000
WATCHERS, WATCHED_S = 50, 10.0
_BUILT_IN = """import streamlit as st
found = st.file_uploader("Folder", accept_multiple_files="directory", max_upload_size=500)
st.write(f"{len(found or [])} files")
"""


def run() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as scratch, stage(Path(scratch) / "data") as console:
        yield from _watchers(console)
        if CHROMIUM is None:
            return
        console.fresh()
        with chromium("--use-fake-device-for-media-stream") as browser:
            yield from _pages(console, browser)
            yield from _tree(console, browser)
            yield from _folder(console, browser, Path(scratch))


def _pages(console: ConsoleStage, browser: Browser) -> Iterator[Row]:
    for number in range(20):
        console.api.add(agent(f"a{number}"))
    firsts, changes = [], []
    for _ in range(3):
        with console.visitor(browser, clean=False) as visitor:
            begun = time.perf_counter()
            visitor.open("/")
            visitor.page.get_by_text("Agent a7", exact=True).wait_for()
            firsts.append(time.perf_counter() - begun)
            visitor.idle()
            for name in ("Health", "Agents", "Conversations", "Live calls", "Agents") * 2:
                begun = time.perf_counter()
                visitor.page.get_by_test_id("stSidebar").get_by_role("link", name=name).click()
                visitor.page.get_by_role("heading", name=name, exact=True).wait_for()
                visitor.idle()
                changes.append(time.perf_counter() - begun)
    yield Row("first paint of the agents, warm server", statistics.median(firsts), "s", 3.0, note="nothing cached")
    yield Row("change of page, median", statistics.median(changes), "s", 0.6, note="until the script has ended")


def _tree(console: ConsoleStage, browser: Browser) -> Iterator[Row]:
    paths = [f"part-{number // 50:03}/file-{number:05}.md" for number in range(TREE)]
    draft = console.drafts.start("operator", step=1).draft_id
    for path in paths:
        place = console.drafts.place("operator", draft, path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("x")
    with console.visitor(browser, clean=False) as visitor:
        visitor.open(f"/create?draft={draft}")
        page = visitor.page
        page.get_by_role("treegrid").wait_for()
        visitor.idle()
        opened = page.get_by_role("button", name="Open all").evaluate(
            "button => { const begun = performance.now(); button.click(); button.getBoundingClientRect();"
            " return new Promise(done => requestAnimationFrame("
            "() => setTimeout(() => done(performance.now() - begun)))) }"
        )
        shown = page.get_by_role("treegrid").evaluate("grid => grid.querySelectorAll('[role=row]').length")
        field = page.get_by_label("Description of part-000/file-00001.md")
        field.click()
        begun = time.perf_counter()
        field.press_sequentially("Everything about returns")
        typed = (time.perf_counter() - begun) / 24
    yield Row(f"tree of {shown:,} rows opens", opened / 1000, "s", 2.0)
    yield Row("one key typed in it", typed * 1000, "ms", note="with the browser's driver")


def _folder(console: ConsoleStage, browser: Browser, scratch: Path) -> Iterator[Row]:
    folder = scratch / "folder"
    folder.mkdir()
    block = (b"All about lamps and bulbs. " * (BYTES // 27 + 1))[:BYTES]
    for number in range(FILES):
        (folder / f"file-{number:04}.txt").write_bytes(block)
    with console.visitor(browser, clean=False) as visitor:
        visitor.open(f"/create?draft={console.drafts.start('operator', step=1).draft_id}")
        visitor.idle()
        ours = _upload(
            _listening(console.settings.port("console")),
            visitor.page,
            visitor.page.get_by_label("Folder of documents"),
            folder,
            lambda page: expect(page.get_by_text(f"{FILES} of {FILES} files are there")).to_be_visible(timeout=600_000),
        )
    with _built_in(scratch) as port:
        context = browser.new_context()
        visitor = Watched(context, f"http://127.0.0.1:{port}")
        visitor.open("/")
        theirs = _upload(
            _listening(port),
            visitor.page,
            visitor.page.locator("input[type=file]"),
            folder,
            lambda page: expect(page.get_by_text(f"{FILES} files", exact=True)).to_be_visible(timeout=600_000),
        )
        context.close()
    what = f"{FILES:,} files of {BYTES // 1000} kB"
    yield Row(f"{what}: our picker", ours[0], "s", theirs[0] / 2, note="half of the built-in uploader's time")
    yield Row(f"{what}: Streamlit's uploader", theirs[0], "s")
    yield Row("server memory it took: our picker", ours[1], "MB", theirs[1] / 10, note="a tenth of Streamlit's")
    yield Row("server memory it took: Streamlit's uploader", theirs[1], "MB")


def _upload(
    server: psutil.Process, page: Page, field: Locator, folder: Path, until: Callable[[Page], None]
) -> tuple[float, float]:
    """Seconds, and the most MB the server grew by."""
    before, most, over = server.memory_info().rss, 0, False

    def look() -> None:
        nonlocal most
        while not over:
            most = max(most, server.memory_info().rss)
            time.sleep(0.1)

    with ThreadPoolExecutor(1) as pool:
        watching = pool.submit(look)
        begun = time.perf_counter()
        field.set_input_files(folder)
        until(page)
        took = time.perf_counter() - begun
        over = True
        watching.result()
    return took, max(0.1, (most - before) / 1e6)


def _watchers(console: ConsoleStage) -> Iterator[Row]:
    """What many who watch one agent being made cost the console, and how soon each of them sees a step."""
    console.fresh().add(agent("a", AgentStatus.CREATING))
    server = _listening(console.settings.port("console"))
    cores, ticks, steps, end = asyncio.run(_watched(console, server))
    yield Row(
        f"{WATCHERS} watchers of one creation", cores, "cores", 1.0, note=f"each drawn {ticks:.2f} times a second"
    )
    for what, waits in (("a step", steps), ("the end", end)):
        note = f"slowest of {WATCHERS} watchers; median {statistics.median(waits):.2f} s"
        yield Row(f"{what} is shown after it happened", max(waits), "s", 1.5, note=note)


async def _watched(console: ConsoleStage, server: psutil.Process) -> tuple[float, float, list[float], list[float]]:
    """Cores, drawings a second of one watcher, and what each waited to see a step and the end, in s."""
    before, step, after = b"is being made", b"a new step", b"The SOP says nothing to do"
    watchers = [Watcher("agent", "id=a", before, step, after) for _ in range(WATCHERS)]
    lines = [asyncio.create_task(one.watch(console.base, TOKEN)) for one in watchers]

    async def waits(made: Agent, text: bytes) -> list[float]:
        happened = time.perf_counter()
        console.api.add(made)
        return [at - happened for at in await all_see(watchers, lines, text)]

    try:
        await all_see(watchers, lines, before)
        begun, used, drawn = time.perf_counter(), sum(server.cpu_times()[:2]), sum(one.ticks for one in watchers)
        await asyncio.sleep(WATCHED_S)
        took = time.perf_counter() - begun
        cores = (sum(server.cpu_times()[:2]) - used) / took
        ticks = (sum(one.ticks for one in watchers) - drawn) / took / WATCHERS
        made = agent("a", AgentStatus.CREATING)
        progress = tuple(one.model_copy(update={"detail": "a new step"}) for one in made.progress[:3])
        steps = await waits(made.model_copy(update={"progress": (*progress, *made.progress[3:])}), step)
        end = await waits(agent("a", AgentStatus.FAILED), after)
    finally:
        for line in lines:
            line.cancel()
        await asyncio.gather(*lines, return_exceptions=True)
    return cores, ticks, steps, end


@contextmanager
def _built_in(scratch: Path) -> Iterator[int]:
    script, port = scratch / "uploader.py", free_base()
    script.write_text(_BUILT_IN)
    options = (
        "--server.headless=true",
        f"--server.port={port}",
        "--server.address=127.0.0.1",
        "--browser.gatherUsageStats=false",
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", str(script), *options], stdout=subprocess.DEVNULL
    )
    try:
        for _ in range(600):
            try:
                if httpx.get(f"http://127.0.0.1:{port}/_stcore/health").is_success:
                    break
            except httpx.HTTPError:
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _listening(port: int) -> psutil.Process:
    return next(
        psutil.Process(entry.pid)
        for entry in psutil.net_connections("tcp")
        if entry.status == psutil.CONN_LISTEN and entry.laddr.port == port and entry.pid
    )
