"""The HTTP API as a process of its own: reads among 10,000 agents, uploads against a plain copy, refusals, memory."""

import http.client
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psutil

from benchmarks import Row, receive
from benchmarks.support import reads
from oratio import settings
from oratio.adapters.local.database import Database
from oratio.bootstrap import Platform, build_platform
from oratio.client import Brief, Client
from oratio.domain.agents.agent import Agent, AgentStatus, pending_steps
from oratio.domain.agents.brief import AgentType
from oratio.domain.agents.version import AgentVersion, VersionStatus
from oratio.domain.knowledge.knowledge_base import KnowledgeBase, KnowledgeBaseStatus
from oratio.ports.identity import TokenIssuer
from oratio.settings import Settings, child_environment

AGENTS, TENANTS = 10_000, 500
FILES, FILE_BYTES = 1_000, 500_000
CALLS = 400
MEBIBYTE = 1 << 20
_BRIEF = Brief(
    agent_name="Bench", agent_type="text", sop="1. Help.", knowledge_base_description="All.",
    human_handoff_description="Asked for.",
)  # fmt: skip


def run() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="oratio-bench-") as scratch:
        folder = Path(scratch)
        # What is measured is a refusal's cost, not the limit on refusals.
        config = settings.load(
            data=folder / "data", port_base=_free_port(), log_level="WARNING", failed_auth_per_minute=1_000_000
        )
        platform = build_platform(config)
        tenant, agent_id = _populate(platform, config)
        with _serving(config) as process:
            assert platform.token_issuer is not None
            rows = reads.rows(platform, config, tenant, agent_id, f"{AGENTS:,} agents of {TENANTS} tenants")
            rows += _refusals(config)
            rows += _upload(config, platform.token_issuer, folder, process)
        return rows


def _populate(platform: Platform, config: Settings) -> tuple[str, str]:
    """10,000 agents of 500 tenants in one transaction, copied from one; the tenant and agent to ask for."""
    agent = Agent(
        user_id="t0", agent_id="a0", agent_name="Bench", agent_type=AgentType.TEXT, sop="1. Help.\n" * 200,
        knowledge_base_description="All.", human_handoff_description="Asked for.", folder_file_descriptions={},
        knowledge_base_id="k0", status=AgentStatus.ACTIVE, created_at=1, updated_at=1, current_version=1,
        progress=pending_steps(),
    )  # fmt: skip
    base = KnowledgeBase(
        knowledge_base_id="k0", user_id="t0", agent_id="a0", s3_path="s3://x/", status=KnowledgeBaseStatus.READY,
        created_at=1, updated_at=1,
    )  # fmt: skip
    version = AgentVersion(
        user_id="t0", agent_id="a0", version=1, status=VersionStatus.LIVE, brief=agent.brief, documents=(),
        created_at=1, updated_at=1,
    )  # fmt: skip
    platform.agents.add(agent, base, version)
    database = Database(config.data / "oratio.db")
    with database.write() as connection:
        for number in range(1, AGENTS):
            names = {"user_id": f"t{number % TENANTS}", "agent_id": f"a{number}", "knowledge_base_id": f"k{number}"}
            copy = agent.model_copy(update={**names, "created_at": number, "revision": 1}).model_dump_json()
            kept = base.model_copy(update={**names, "revision": 1}).model_dump_json()
            connection.execute(
                "INSERT INTO agents (user_id, agent_id, created_at, unfinished, revision, body)"
                " VALUES (?, ?, ?, 0, 1, ?)",
                (names["user_id"], names["agent_id"], number, copy),
            )
            connection.execute(
                "INSERT INTO knowledge_bases (knowledge_base_id, user_id, agent_id, revision, body)"
                " VALUES (?, ?, ?, 1, ?)",
                (names["knowledge_base_id"], names["user_id"], names["agent_id"], kept),
            )
            ids = {"user_id": names["user_id"], "agent_id": names["agent_id"], "revision": 1}
            connection.execute(
                "INSERT INTO versions (user_id, agent_id, version, revision, body) VALUES (?, ?, 1, 1, ?)",
                (names["user_id"], names["agent_id"], version.model_copy(update=ids).model_dump_json()),
            )
    return "t7", f"a{TENANTS + 7}"


@contextmanager
def _serving(config: Settings) -> Iterator[psutil.Process]:
    process = subprocess.Popen([sys.executable, "-m", "oratio.api"], env=child_environment(config, "api"))
    try:
        deadline = time.monotonic() + 60
        while _status(config, "GET", "/healthz") != 200:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the API did not start")
            time.sleep(0.05)
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def _status(config: Settings, method: str, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", config.port("api"), timeout=10)
    try:
        connection.request(method, path)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def _median_ms(config: Settings, path: str, headers: dict[str, str], expected: int) -> tuple[float, float, bytes]:
    """p50 and p95 in ms over one kept-alive connection, and the last body."""
    connection = http.client.HTTPConnection("127.0.0.1", config.port("api"), timeout=30)
    took, body = [], b""
    for _ in range(CALLS):
        begun = time.perf_counter()
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        took.append((time.perf_counter() - begun) * 1000)
        assert answer.status == expected, body
    connection.close()
    took = sorted(took[20:])
    return statistics.median(took), took[int(len(took) * 0.95)], body


def _refusals(config: Settings) -> list[Row]:
    key = {"X-API-Key": "orat_live_" + "0" * 61}
    refused, _, _ = _median_ms(config, "/api/agents", key, 401)
    return [Row("refusal of a bad key, p50", refused, "ms", 5, "401 before anything is parsed")]


def _upload(config: Settings, issuer: TokenIssuer, folder: Path, process: psutil.Process) -> list[Row]:
    """The whole form, and file by file, against two plain copies of the same files in the same run.

    A plain copy writes each file and syncs it, as the store must; one copies from disk to disk, the other receives
    each file as the body of a bare HTTP request over loopback, in a process of its own, as the API does.
    """
    source = folder / "source"
    source.mkdir()
    text = os.urandom(FILE_BYTES // 2).hex().encode()[: FILE_BYTES - 8]
    for number in range(FILES):
        (source / f"{number:04d}.md").write_bytes(f"# {number:05d}\n".encode()[:8].ljust(8) + text)
    os.sync()
    # The copies stay until the end: ext4 looks through what was deleted just before for each file it makes, which
    # whoever comes next would pay for.
    plain_s = _timed(lambda: _copy(source, folder / "copy"))
    received_s = receive.plain(source, folder / "received")
    os.sync()
    before = process.memory_info().rss
    sent_s = [0.0]
    with _watching(process) as peak, Client(config.api_base, issuer.issue("uploader", ttl_s=3600)) as client:
        begun = time.perf_counter()

        def told(sent: int, length: int) -> None:
            if sent == length:
                sent_s[0] = time.perf_counter() - begun

        client.create_agent(_BRIEF, source, progress=told)
        upload_s = time.perf_counter() - begun
    os.sync()
    with _watching(process) as part_peak, Client(config.api_base, issuer.issue("parts", ttl_s=3600)) as client:

        def parts() -> None:
            client.create_agent(replace(_BRIEF, upload_id=client.upload(source).upload_id), ())

        parts_s = _timed(parts)
    size = FILES * FILE_BYTES / 1e6
    what = f"{FILES:,} files of {FILE_BYTES // 1000} kB"
    return [
        Row("plain copy on disk, each file synced", size / plain_s, "MB/s", None, what),
        Row("plain copy over loopback HTTP, each synced", size / received_s, "MB/s", None, "sockets and files alone"),
        Row("upload until received", size / sent_s[0], "MB/s", None, f"{what}; parsed, hashed, staged"),
        Row("upload until accepted", size / upload_s, "MB/s", None, f"{what}; stored, tagged, synced, recorded"),
        Row("upload to plain copy on disk", plain_s / upload_s, "x", 0.6, "until accepted", at_least=True),
        Row("upload to plain copy over HTTP", received_s / upload_s, "x", 0.6, "until accepted", at_least=True),
        Row("file by file, until accepted", size / parts_s, "MB/s", None, f"{what}; hashed at both ends, 4 at once"),
        Row("file by file to plain copy on disk", plain_s / parts_s, "x", 0.6, "until accepted", at_least=True),
        Row("memory of the API at rest", before / MEBIBYTE, "MiB", None, "resident"),
        Row("memory during the upload", peak[0] / MEBIBYTE, "MiB", 150, "resident, highest"),
        Row("memory file by file", part_peak[0] / MEBIBYTE, "MiB", 150, "resident, highest"),
    ]


@contextmanager
def _watching(process: psutil.Process) -> Iterator[list[int]]:
    """The highest resident memory while the block runs, as the list's one entry."""
    peak = [0]
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.02):
            peak[0] = max(peak[0], process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peak
    finally:
        done.set()
        watcher.join()


def _copy(source: Path, target: Path) -> None:
    target.mkdir()
    for path in source.iterdir():
        with path.open("rb") as reader, (target / path.name).open("wb") as writer:
            shutil.copyfileobj(reader, writer, MEBIBYTE)
            writer.flush()
            os.fsync(writer.fileno())


def _timed(work: Callable[[], None]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return min(int(probe.getsockname()[1]), 65_000)
