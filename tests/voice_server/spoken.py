"""Calls that a speech-to-speech model holds, whichever it is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from oratio.ports.dialogue import Dialogues
from tests.fakes.nova import NovaTurn
from tests.fakes.nova.callers import Mouth
from tests.voice_server.conftest import free_port
from tests.voice_server.fakes import Exchange, Line

ASKING = NovaTurn(
    "My phone is off.", ("Let me look.",), tool=("ask_agent", {"question": "The phone is off."}), then=("Do this.",)
)


@asynccontextmanager
async def serving(speech: Dialogues, data: Path) -> AsyncIterator[Exchange]:
    """A voice server with this model, which is closed afterwards."""
    exchange = Exchange(data, free_port(), speech)
    async with exchange.app.server.listening("127.0.0.1", exchange.port, max_calls=10):
        yield exchange
        await exchange.app.switchboard.drain(0, asyncio.Event())
    await speech.close()


@asynccontextmanager
async def calling(exchange: Exchange) -> AsyncIterator[tuple[Line, Mouth]]:
    """A call that has begun, and the caller's mouth."""
    async with exchange.line() as line:
        await line.start()
        mouth = Mouth(line.socket.send)
        try:
            yield line, mouth
        finally:
            await mouth.close()
