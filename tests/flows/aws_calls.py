"""Calls to agents on the fakes' account: the voice server as it is run, with the fake of Nova Sonic behind it."""

import asyncio
import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
from websockets.asyncio.client import connect

from oratio.domain.agent import Agent
from oratio.settings import child_environment
from tests.fakes.nova import NovaFake, Turn
from tests.fakes.nova.callers import Mouth
from tests.flows.aws_stack import AwsStack
from tests.voice_server.fakes import Line

READY_S = 60.0


class VoiceServer:
    """`python -m voice_server` on platform `aws`."""

    def __init__(self, stack: AwsStack, nova: NovaFake) -> None:
        changes = {"speech": "nova-sonic", "host": "127.0.0.1", "voice_processes": 1}
        self.nova = nova
        self._stack = stack
        self._settings = stack.settings.model_copy(update=changes)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        return self._settings.data / "voice.log"

    def start(self) -> None:
        reached = {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": self.nova.url, "AWS_CA_BUNDLE": str(self.nova.authority)}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "voice_server"],
                env=child_environment(self._settings, **reached),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        until = time.monotonic() + READY_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                raise AssertionError(f"the voice server did not start: {self.log.read_text()[-2000:]}")
            time.sleep(0.1)

    def _answers(self) -> bool:
        with contextlib.suppress(httpx.HTTPError):
            port = self._settings.port("voice")
            return httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False).is_success
        return False

    def stop(self) -> None:
        """Drain, as a deployment does; raises when it does not end."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(30)

    def ask(self, agent: Agent, question: str) -> str:
        """Call, have the model put a question to the agent, and return what the caller was told."""
        self.nova.turns.append(
            Turn(question, ("One moment.",), tool=("ask_agent", {"question": question}), then=("{}",))
        )
        _, key = self._stack.services.access.create(agent.user_id, agent.agent_id, "story")
        return asyncio.run(self._spoken(agent, key))

    async def _spoken(self, agent: Agent, key: str) -> str:
        url = f"ws://127.0.0.1:{self._settings.port('voice')}/v1/agents/{agent.agent_id}/voice"
        async with connect(url, additional_headers={"Authorization": f"Bearer {key}"}) as socket:
            line = Line(socket)
            await line.start()
            mouth = Mouth(socket.send)
            try:
                await mouth.speak()
                await line.until("response.done")
                told = await line.until("response.done")
            finally:
                await mouth.close()
            assert line.audio, "nothing was heard"
            await line.send("session.end")
            await line.until("session.ended")
        return str(told["spokenText"])


@contextlib.contextmanager
def voice_server(stack: AwsStack) -> Iterator[VoiceServer]:
    with NovaFake(stack.settings.data) as nova:
        server = VoiceServer(stack, nova)
        server.start()
        try:
            yield server
        finally:
            server.stop()
