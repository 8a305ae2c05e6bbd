"""A speech model that a test plays, and a voice server over real local records."""

import asyncio
import contextlib
import dataclasses
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from oratio import settings
from oratio.bootstrap import build_platform, build_services
from oratio.domain.agents.agent import AgentStatus
from oratio.domain.agents.version import VersionStatus
from oratio.domain.api_keys import ApiKey
from oratio.domain.conversations.live_call import LiveCall
from oratio.domain.storage_layout import PROMPT_FILE, version_key
from oratio.errors import Unavailable
from oratio.ports.dialogue import Dialogues
from oratio.ports.speech import Speech, SpeechEvent, SpeechQuality, SpeechSession, Spoken
from oratio.token_bucket import KeyedBuckets
from tests.api.fakes import ScriptedRuntime
from tests.fakes.records import a_knowledge_base, a_version, an_agent
from voice_server.server.app import App

MS_PER_WORD = 100


def spoken_pcm(text: str) -> bytes:
    """What the fake voice says: 100 ms a word, every sample 1000."""
    return b"\xe8\x03" * (24 * MS_PER_WORD * len(text.split()))


class PlayedSession(SpeechSession):
    """Hears what it is given, says everything at once; a test puts in what a caller would make it recognise."""

    def __init__(self) -> None:
        self.heard = bytearray()
        self.hearing = asyncio.Event()
        self.said: list[str] = []
        self.hushed = 0
        self.closed = False
        self.mute = False
        self._events: asyncio.Queue[SpeechEvent | Exception] = asyncio.Queue()

    def hear(self, pcm: bytes) -> None:
        self.heard += pcm
        self.hearing.set()

    def say(self, utterance: int, text: str) -> None:
        self.said.append(text)
        if not self.mute:
            self._events.put_nowait(Spoken(utterance, spoken_pcm(text), last=True))

    def hush(self) -> None:
        self.hushed += 1

    def put(self, *events: SpeechEvent) -> None:
        for event in events:
            self._events.put_nowait(event)

    def die(self) -> None:
        self._events.put_nowait(Unavailable("the speech worker died"))

    async def events(self) -> AsyncIterator[SpeechEvent]:
        while True:
            event = await self._events.get()
            if isinstance(event, Exception):
                raise event
            yield event

    async def close(self) -> None:
        self.closed = True


class PlayedSpeech(Speech):
    def __init__(self) -> None:
        self.sessions: list[PlayedSession] = []
        self.missing = ""
        self._first = asyncio.Event()

    async def opened(self) -> PlayedSession:
        """The first session, once a call has opened it."""
        async with asyncio.timeout(5):
            await self._first.wait()
        return self.sessions[0]

    def quality(self) -> SpeechQuality:
        return SpeechQuality("played", "en")

    async def open(self) -> SpeechSession:
        if self.missing:
            raise Unavailable(self.missing)
        self.sessions.append(PlayedSession())
        self._first.set()
        return self.sessions[-1]

    async def close(self) -> None:
        return


class Line:
    """A client's end of a call."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.audio = bytearray()
        self.seen: list[dict[str, Any]] = []

    async def send(self, kind: str, **fields: Any) -> None:
        await self.socket.send(json.dumps({"type": kind, **fields}))

    async def until(self, kind: str) -> dict[str, Any]:
        """The next message of a type; others and audio are kept."""
        async with asyncio.timeout(10):
            while True:
                frame = await self.socket.recv()
                if isinstance(frame, bytes):
                    self.audio += frame
                    continue
                message: dict[str, Any] = json.loads(frame)
                self.seen.append(message)
                if message["type"] == kind:
                    return message

    async def start(self, **fields: Any) -> dict[str, Any]:
        await self.send("session.start", **fields)
        return await self.until("session.ready")

    async def closed(self) -> int | None:
        """The close code, once the server has closed."""
        async with asyncio.timeout(10):
            with contextlib.suppress(ConnectionClosed):
                while True:
                    frame = await self.socket.recv()
                    if isinstance(frame, str):
                        self.seen.append(json.loads(frame))
        return self.socket.close_code

    def kinds(self) -> list[str]:
        return [message["type"] for message in self.seen]


class Exchange:
    """A voice server with one active agent `a1` of `ada`."""

    def __init__(
        self,
        folder: Path,
        port: int,
        speech: Speech | Dialogues | None,
        *,
        runtime: ScriptedRuntime | None = None,
        known: bool = False,
        **changes: Any,
    ) -> None:
        """`known`: the folder has the agent already."""
        config = settings.load(data=folder, port_base=port - 1, **changes)
        self.runtime = runtime or ScriptedRuntime()
        self.platform = dataclasses.replace(build_platform(config), runtime=self.runtime)
        self.services = build_services(self.platform)
        self.app = App(self.platform, self.services, speech)
        self.port = port
        if not known:
            self.add_agent("a1")

    def add_agent(self, agent_id: str, status: AgentStatus = AgentStatus.ACTIVE) -> None:
        version = a_version(
            agent_id=agent_id, status=VersionStatus.LIVE, runtime_id=f"runtime-{agent_id}", runtime_version="1"
        )
        agent = an_agent(agent_id=agent_id, status=status, current_version=1)
        self.platform.agents.add(agent, a_knowledge_base(agent_id=agent_id), version)
        self.platform.code.put(version_key("ada", agent_id, 1, PROMPT_FILE), b"# You are Ada's agent.\n", tags={})

    def key(self, agent_id: str = "a1", **fields: Any) -> tuple[ApiKey, str]:
        return self.services.access.create("ada", agent_id, "test", **fields)

    def token(self, user_id: str = "ada") -> str:
        assert self.platform.token_issuer is not None
        return self.platform.token_issuer.issue(user_id, ttl_s=600)

    async def listed(self, **fields: Any) -> LiveCall:
        """The one live call, once its row says this."""
        async with asyncio.timeout(5):
            while True:
                for call in self.platform.live_calls.of_user("ada"):
                    if all(getattr(call, name) == value for name, value in fields.items()):
                        return call
                await asyncio.sleep(0.02)

    def allow_everything(self) -> None:
        """Lift the limits on one address: all callers of a test have the same."""
        self.app.server._handshakes = self.app.server._failures = KeyedBuckets(1e6, 1e6)

    async def settled(self, conversation_id: str) -> None:
        """Wait until a call is over and kept."""
        async with asyncio.timeout(10):
            while self.app.switchboard.live("ada", conversation_id) or self.app.switchboard._calls.get(conversation_id):
                await asyncio.sleep(0.02)

    def operator_url(self, conversation_id: str) -> str:
        return f"ws://127.0.0.1:{self.port}/v1/operator/{conversation_id}"

    @asynccontextmanager
    async def operator(self, conversation_id: str, user_id: str = "ada", **start: Any) -> AsyncIterator[Line]:
        """An operator's line that has begun."""
        headers = {"Authorization": f"Bearer {self.token(user_id)}"}
        async with connect(self.operator_url(conversation_id), additional_headers=headers) as socket:
            line = Line(socket)
            await line.send("operator.start", **start)
            await line.until("operator.ready")
            yield line

    def url(self, agent_id: str = "a1") -> str:
        return f"ws://127.0.0.1:{self.port}/v1/agents/{agent_id}/voice"

    @asynccontextmanager
    async def line(self, key: str | None = None, agent_id: str = "a1", **options: Any) -> AsyncIterator[Line]:
        key = key or self.key(agent_id)[1]
        headers = {"Authorization": f"Bearer {key}"}
        async with connect(self.url(agent_id), additional_headers=headers, **options) as socket:
            yield Line(socket)
