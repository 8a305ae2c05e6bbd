"""Oratio's services as they are run, on the fakes' account; calls to agents there, with the fake of Nova Sonic."""

import asyncio
import contextlib
import http.client
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping

from websockets.asyncio.client import connect

from oratio.domain.agents.agent import Agent
from oratio.settings import child_environment
from tests.fakes.nova import NovaFake, NovaTurn
from tests.fakes.nova.callers import Mouth
from tests.flows.aws.stack import AwsStack
from tests.voice_server.fakes import Line

READY_S = 60.0


@contextlib.contextmanager
def service(
    stack: AwsStack, module: str, name: str, environment: Mapping[str, str], **settings: object
) -> Iterator[str]:
    """One of Oratio's processes as it is run, on the account; its host and port. Ended as a deployment ends it.

    Args:
        stack: Whose account and settings.
        module: What is run.
        name: Of the service among the ports.
        environment: Beside that of this process.
        settings: What it has otherwise.
    """
    given = stack.settings.changed(host="127.0.0.1", **settings)
    path = given.data / f"{name}.log"
    with path.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", module],
            env=child_environment(given, "api", **environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    address = f"127.0.0.1:{given.port(name)}"
    until = time.monotonic() + READY_S
    try:
        while not _answers(address):
            if process.poll() is not None or time.monotonic() > until:
                raise AssertionError(f"{module} did not start: {path.read_text()[-2000:]}")
            time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(30)


def _answers(address: str) -> bool:
    connection = http.client.HTTPConnection(address, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


class AwsVoiceServer:
    """The voice server's address, and the model behind it."""

    def __init__(self, stack: AwsStack, nova: NovaFake, address: str) -> None:
        self.nova = nova
        self._stack = stack
        self._address = address

    def ask(self, agent: Agent, question: str) -> str:
        """Call, have the model put a question to the agent, and return what the caller was told."""
        self.nova.turns.append(
            NovaTurn(question, ("One moment.",), tool=("ask_agent", {"question": question}), then=("{}",))
        )
        _, key = self._stack.services.access.create(agent.user_id, agent.agent_id, "story")
        return asyncio.run(self._spoken(agent, key))

    async def _spoken(self, agent: Agent, key: str) -> str:
        url = f"ws://{self._address}/v1/agents/{agent.agent_id}/voice"
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
def voice_server(stack: AwsStack) -> Iterator[AwsVoiceServer]:
    """`python -m voice_server` with Nova Sonic, which is the fake."""
    with NovaFake(stack.settings.data) as nova:
        reached = {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": nova.url, "AWS_CA_BUNDLE": str(nova.authority)}
        with service(stack, "voice_server", "voice", reached, speech="nova-sonic", voice_processes=1) as address:
            yield AwsVoiceServer(stack, nova, address)
