import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.voice_server.fakes import Exchange, PlayedSpeech


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture
def speech() -> PlayedSpeech:
    return PlayedSpeech()


@pytest.fixture
async def exchange(tmp_path: Path, speech: PlayedSpeech) -> AsyncIterator[Exchange]:
    """A server in this process; afterwards every call is over and no task is left."""
    exchange = Exchange(tmp_path, free_port(), speech)
    before = asyncio.all_tasks()
    async with exchange.app.serving("127.0.0.1", exchange.port):
        yield exchange
        await exchange.app.switchboard.drain(0, asyncio.Event())
    await asyncio.sleep(0)
    left = {task.get_name() for task in asyncio.all_tasks() - before - {asyncio.current_task()}}
    assert not left
