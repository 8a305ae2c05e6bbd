"""`python -m tests.voice_server.doomed FOLDER PORT`: a voice server whose agent never stops talking, to be killed."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from oratio.domain.conversations.conversation import TurnDelta, TurnEvent
from oratio.ports.agent_runtime import Invocation
from tests.api.fakes import ScriptedRuntime
from tests.voice_server.fakes import Exchange, PlayedSpeech

WORDS_A_SECOND = 10


class TalkingRuntime(ScriptedRuntime):
    async def invoke(self, runtime_id: str, qualifier: str, invocation: Invocation) -> AsyncIterator[TurnEvent]:
        if invocation.warm_up:
            return
        for number in range(10_000):
            yield TurnDelta(text=f"w{number}. ")
            await asyncio.sleep(1 / WORDS_A_SECOND)


async def serve(folder: Path, port: int) -> None:
    exchange = Exchange(folder, port, PlayedSpeech(), runtime=TalkingRuntime())
    async with exchange.app.serving("127.0.0.1", port):
        print(exchange.key()[1], flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
