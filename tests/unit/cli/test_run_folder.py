"""Who holds a data folder, and what is known of what runs there."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from oratio.cli.supervisor.child import LOG_BYTES, rotate
from oratio.cli.supervisor.health import HeartbeatHealth, now_ms
from oratio.cli.supervisor.ports import require_free
from oratio.cli.supervisor.run_folder import RunFolder, RunRecord, ServiceRecord
from oratio.cli.supervisor.service import Address, SupervisedService
from oratio.errors import Conflict


def record(pid: int, started_at: int) -> RunRecord:
    service = ServiceRecord(name="one", url=None, pid=pid, state="healthy", started_at=started_at, restarts=0)
    return RunRecord(pid=1, started_at=started_at, ready=True, services=(service,))


def test_second_holder_is_refused_and_told_who_holds(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    with folder.hold():
        assert folder.holder() == os.getpid()
        with pytest.raises(Conflict, match=f"already runs on .* \\(pid {os.getpid()}\\)"), RunFolder(tmp_path).hold():
            pass


def test_folder_is_free_after_its_holder(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    with folder.hold():
        pass
    assert folder.holder() is None


def test_new_folder_has_no_holder_and_no_record(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "never")
    assert folder.holder() is None
    assert folder.read() is None


def test_record_comes_back_as_written(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    with folder.hold():
        folder.write(record(7, 8))
        assert folder.read() == record(7, 8)


def test_torn_record_reads_as_none(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    with folder.hold():
        (folder.folder / "services.json").write_text('{"pid": 3')
        assert folder.read() is None


def test_leftover_service_is_ended(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    with folder.hold():
        folder.write(record(left.pid, now_ms()))
        assert folder.end_leftovers() == ["one"]
    assert left.poll() is not None


def test_stranger_with_a_reused_process_id_is_left_alone(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    try:
        with folder.hold():
            folder.write(record(stranger.pid, now_ms() - 3_600_000))
            assert folder.end_leftovers() == []
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_busy_port_names_service_and_port(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        service = SupervisedService("api", (), {}, HeartbeatHealth(tmp_path / "x"), address=Address("127.0.0.1", port))
        with pytest.raises(Conflict, match=f"port {port} \\(api\\) is in use"):
            require_free([service])


@pytest.mark.parametrize(
    ("content", "healthy"),
    [
        (json.dumps({"at": 95_000}), True),
        (json.dumps({"at": 95_000, "ready": True}), True),
        (json.dumps({"at": 95_000, "ready": False}), False),
        (json.dumps({"at": 89_000}), False),
        (json.dumps({"at": 91_000}), False),
        (json.dumps({"at": "now"}), False),
        ('{"at": 95', False),
        ("[]", False),
    ],
    ids=[
        "fresh",
        "ready",
        "alive but not ready",
        "stale",
        "from before the start",
        "not a number",
        "torn",
        "wrong shape",
    ],
)
async def test_heartbeat(tmp_path: Path, content: str, healthy: bool) -> None:
    path = tmp_path / "flows.health"
    path.write_text(content)
    assert await HeartbeatHealth(path, clock_ms=lambda: 100_000).healthy(since_ms=92_000) is healthy


async def test_missing_heartbeat_is_not_healthy(tmp_path: Path) -> None:
    assert not await HeartbeatHealth(tmp_path / "nothing").healthy(since_ms=0)


def test_big_log_is_given_a_number_and_the_oldest_goes(tmp_path: Path) -> None:
    log = tmp_path / "api.log"
    for content in "abcde":
        log.write_bytes(content.encode() * (LOG_BYTES + 1))
        rotate(log)
    kept = sorted(path.name for path in tmp_path.iterdir())
    assert kept == ["api.log.1", "api.log.2", "api.log.3"]
    assert (tmp_path / "api.log.3").read_bytes()[:1] == b"c"


def test_small_log_is_kept(tmp_path: Path) -> None:
    log = tmp_path / "api.log"
    log.write_text("short")
    rotate(log)
    assert log.read_text() == "short"
