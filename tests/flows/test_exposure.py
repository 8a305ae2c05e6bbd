"""The flow worker's health and metrics, as a load balancer and Prometheus ask for them."""

import asyncio
import socket
from contextlib import closing

import httpx
import pytest

from flows.exposure import Exposure
from tests.prefect_server import free_port


async def answer(port: int, path: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as http:
        return await http.get(f"http://127.0.0.1:{port}{path}")


async def test_it_is_well_once_runs_are_taken() -> None:
    ready: list[bool] = []
    port = free_port()
    await Exposure(lambda: bool(ready)).open("127.0.0.1", port)
    assert (await answer(port, "/healthz")).status_code == 503
    ready.append(True)
    assert (await answer(port, "/healthz")).json() == {"status": "ok"}
    assert "oratio_flow_runs_executing" in (await answer(port, "/metrics")).text
    assert (await answer(port, "/other")).status_code == 404


@pytest.mark.parametrize("sent", [b"\r\n\r\n", b"GET\r\n\r\n", b"\x00" * 20_000, b"POST /metrics HTTP/1.1\r\n\r\n"])
async def test_nonsense_costs_only_its_own_connection(sent: bytes) -> None:
    port = free_port()
    await Exposure(lambda: True).open("127.0.0.1", port)
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    await writer.drain()
    writer.close()
    assert (await answer(port, "/healthz")).status_code == 200


async def test_a_second_worker_on_a_machine_goes_without() -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        await Exposure(lambda: True).open("127.0.0.1", taken.getsockname()[1])
