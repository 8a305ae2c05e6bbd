"""What only a real socket shows: bodies that are never read, cut, stalled, or larger than memory."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from oratio import settings
from oratio.api.middleware import auth_middleware
from oratio.bootstrap import build_platform
from oratio.client import Brief, Client
from oratio.settings import child_environment
from tests.api.conftest import FORM, World
from tests.api.live import serving
from tests.api.schema.test_refusals import form_body

MEBIBYTE = 1 << 20


@pytest.fixture
def base(world: World) -> Iterator[str]:
    with serving(world) as base:
        yield base


def _connect(base: str) -> socket.socket:
    address = urlsplit(base)
    return socket.create_connection((address.hostname, address.port), timeout=10)


def _head(world: World | None, *lines: str) -> bytes:
    token = [f"Authorization: Bearer {world.token()}"] if world else []
    return "\r\n".join(("POST /api/agents HTTP/1.1", "Host: x", *token, *lines, "", "")).encode()


def _read_all(connection: socket.socket) -> bytes:
    data = b""
    while block := connection.recv(65536):
        data += block
    return data


@pytest.mark.parametrize("length", ["Content-Length: 2000000000", "Transfer-Encoding: chunked"])
def test_a_huge_body_without_a_token_costs_no_more_than_its_headers(base: str, length: str) -> None:
    with _connect(base) as connection:
        connection.sendall(_head(None, "Content-Type: multipart/form-data; boundary=B", length))
        answer = _read_all(connection)  # the server closes without waiting for the body

    assert answer.startswith(b"HTTP/1.1 401")
    assert b"not_authenticated" in answer


@pytest.mark.parametrize("part", ["header", "trailer", "chunk extension"])
def test_a_head_without_end_is_cut_off(world: World, base: str, part: str) -> None:
    head = _head(world, "Content-Type: multipart/form-data; boundary=B", "Transfer-Encoding: chunked")
    begun = {"header": head[:-2] + b"X-Long: ", "trailer": head + b"0\r\nX-Long: ", "chunk extension": head + b"5;a="}
    sent = 0
    with _connect(base) as connection, suppress(ConnectionError):
        connection.sendall(begun[part])
        while sent < 64 * MEBIBYTE:
            sent += connection.send(b"x" * 65536)
    assert sent < 16 * MEBIBYTE  # what the sockets' buffers take


def test_a_body_announced_over_the_limit_is_refused_before_it_comes(world: World, base: str) -> None:
    with _connect(base) as connection:
        connection.sendall(_head(world, "Content-Type: multipart/form-data; boundary=B", "Content-Length: 2000000000"))
        answer = _read_all(connection)

    assert answer.startswith(b"HTTP/1.1 413")
    world.assert_nothing_kept()


def test_a_client_that_waits_for_100_continue_is_refused_without_being_asked_for_its_body(base: str) -> None:
    with _connect(base) as connection:
        connection.sendall(_head(None, "Content-Length: 5000000", "Expect: 100-continue"))
        answer = _read_all(connection)

    assert answer.startswith(b"HTTP/1.1 401")


def test_a_body_cut_in_the_middle_leaves_nothing(world: World, base: str) -> None:
    body = form_body([("files", "big.md", b"x" * (4 * MEBIBYTE))])
    with _connect(base) as connection:
        kind = "Content-Type: multipart/form-data; boundary=BOUND"
        connection.sendall(_head(world, kind, f"Content-Length: {len(body)}"))
        connection.sendall(body[: 3 * MEBIBYTE])
        _until(lambda: bool(world.stored()))

    _until(lambda: not any((world.data / "staging").glob("*")))
    world.assert_nothing_kept()


def test_a_body_that_stalls_is_given_up(world: World, base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth_middleware, "BODY_TIMEOUT_S", 0.2)
    with _connect(base) as connection:
        kind = "Content-Type: multipart/form-data; boundary=BOUND"
        connection.sendall(_head(world, kind, "Content-Length: 5000", "Connection: close") + b"--BOUND\r\n")
        answer = _read_all(connection)

    assert answer.startswith(b"HTTP/1.1 408")
    assert b'"code": "request_timeout"' in answer
    world.assert_nothing_kept()


def test_a_refusal_reaches_a_client_that_is_still_sending(world: World, base: str) -> None:
    files = [("files", ("big.md", b"x" * (51 * 1_000_000)))]
    answer = httpx.post(f"{base}/api/agents", data=FORM, files=files, headers=world.bearer())

    assert answer.status_code == 413
    assert answer.json()["errors"][0]["loc"] == ["files", "big.md"]
    world.assert_nothing_kept()


def test_fifty_submissions_at_once_are_all_accepted_and_one_key_makes_one_agent(world: World, base: str) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def send(number: int) -> str:
        headers = {**world.bearer(), "Idempotency-Key": "one" if number < 25 else f"other-{number}"}
        answer = httpx.post(
            f"{base}/api/agents", data=FORM, files=[("files", ("a.md", b"# A\n"))], headers=headers, timeout=60
        )
        assert answer.status_code == 202, answer.text
        return str(answer.json()["agentId"])

    with ThreadPoolExecutor(50) as pool:
        made = list(pool.map(send, range(50)))

    assert len(set(made[:25])) == 1
    assert len(set(made)) == 26
    assert len(world.platform.agents.page("alice", limit=100).items) == 26


@pytest.mark.slow
def test_a_large_upload_keeps_memory_flat(tmp_path: Path, signing_keys: Path) -> None:
    import shutil

    folder = tmp_path / "docs"
    folder.mkdir()
    for number in range(120):
        (folder / f"{number}.md").write_bytes(b"# Text\n" + os.urandom(500_000).hex().encode()[:999_000])
    shutil.copytree(signing_keys, tmp_path / "data" / "keys")
    config = settings.load(data=tmp_path / "data", port_base=_free_base(), log_level="WARNING")
    issuer = build_platform(config).token_issuer
    assert issuer is not None
    process = subprocess.Popen([sys.executable, "-m", "oratio.api"], env=child_environment(config, "api"))
    try:
        with Client(config.api_base, issuer.issue("alice", ttl_s=600)) as client:
            _until(lambda: _answers(client), 30)
            before = psutil.Process(process.pid).memory_info().rss
            peak = 0

            def look(_sent: int, _all: int) -> None:
                nonlocal peak
                peak = max(peak, psutil.Process(process.pid).memory_info().rss)

            words = Brief(
                agent_name="Big", agent_type="text", sop="1. Help.", knowledge_base_description="All.",
                human_handoff_description="Never.",
            )  # fmt: skip
            client.create_agent(words, folder, progress=look)
            assert peak - before < 40 * MEBIBYTE
            assert psutil.Process(process.pid).memory_info().rss - before < 40 * MEBIBYTE
    finally:
        process.terminate()
        process.wait(20)


def _answers(client: Client) -> bool:
    try:
        return client._request("GET", "/healthz").is_success
    except Exception:
        return False


def _free_base() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _until(holds: "object", seconds: float = 10) -> None:
    """Wait for another process or thread; there is no clock to inject there."""
    assert callable(holds)
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)
