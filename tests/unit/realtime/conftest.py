import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from oratio.errors import Unavailable
from oratio.ports.dialogue import DialogueBrief, DialogueEvent, DialogueSession, ReplyAudio, ReplyEnded, Tool
from oratio.ports.speech import Spoken
from oratio.speech.realtime.nova_sonic import NovaAccess, NovaSonic
from oratio.speech.realtime.provider import StrandsDialogues
from oratio.speech.realtime.session import RenewalPolicy
from tests.fakes.nova import NovaFake
from tests.fakes.nova.callers import Mouth

BRIEF = DialogueBrief("You are Ada's agent.", (Tool("ask_agent", "Asks.", {"type": "object", "properties": {}}),))


class RealtimeCaller:
    """A session, somebody who speaks into it in real time, and all that came out."""

    def __init__(self, session: DialogueSession) -> None:
        self.session = session
        self.mouth = Mouth(session.hear)
        self.events: list[DialogueEvent] = []
        self.audio = bytearray()
        self.lost = ""
        # What the caller hears of each reply as soon as it ends; None reports nothing.
        self.hears: Callable[[str], str] | None = lambda text: text
        self._came = asyncio.Event()
        self._read = 0
        self._words: dict[int, str] = {}
        self._task = asyncio.create_task(self._listen(), name="caller")

    async def _listen(self) -> None:
        try:
            async for event in self.session.events():
                self._note(event)
        except Unavailable as error:
            self.lost = str(error)
        self._came.set()

    def _note(self, event: DialogueEvent) -> None:
        self.events.append(event)
        if isinstance(event, ReplyAudio | Spoken):
            self.audio += event.pcm
        elif isinstance(event, ReplyEnded) and self.hears is not None:
            said = "".join(
                e.text for e in self.events if getattr(e, "reply", None) == event.reply and hasattr(e, "text")
            )
            self.session.heard(event.reply, self.hears(said))
        self._came.set()

    async def until[Event](self, kind: type[Event], **fields: Any) -> Event:
        """The next event of this kind, with these fields."""
        async with asyncio.timeout(10):
            while True:
                while self._read < len(self.events):
                    event = self.events[self._read]
                    self._read += 1
                    if isinstance(event, kind) and all(getattr(event, name) == value for name, value in fields.items()):
                        return event
                assert not self.lost, self.lost
                self._came.clear()
                await self._came.wait()

    async def ended(self) -> str:
        """Why the session was lost."""
        async with asyncio.timeout(15):
            await asyncio.wait([self._task])
        return self.lost

    async def close(self) -> None:
        await self.mouth.close()
        await self.session.close()
        await asyncio.wait([self._task])


async def eventually(true: Callable[[], object]) -> None:
    """The fake works in another thread: what was sent to it is there a little later."""
    async with asyncio.timeout(5):
        while not true():
            await asyncio.sleep(0.01)


type Calling = Callable[..., AbstractAsyncContextManager[RealtimeCaller]]


@pytest.fixture
def nova(tmp_path: Path) -> Iterator[NovaFake]:
    with NovaFake(tmp_path, pause_ms=200) as fake:
        yield fake


@pytest.fixture
async def calling(nova: NovaFake, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Calling]:
    """Calls at Nova Sonic; afterwards no task is left, and no connection."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", nova.url)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(nova.authority))
    before = asyncio.all_tasks()
    access = NovaAccess(None)
    made: list[StrandsDialogues] = []

    @asynccontextmanager
    async def call(brief: DialogueBrief = BRIEF, **course: Any) -> AsyncIterator[RealtimeCaller]:
        terms = RenewalPolicy(**{"renew_s": None, "delays_s": (0.0, 0.05, 0.1), **course})
        dialogues = StrandsDialogues(
            "nova",
            lambda: NovaSonic(access, model_id="amazon.nova-2-sonic-v1:0", voice="tiffany", endpointing="HIGH"),
            terms,
        )
        made.append(dialogues)
        caller = RealtimeCaller(await dialogues.converse(brief))
        try:
            yield caller
        finally:
            await caller.close()

    yield call
    for dialogues in made:
        await dialogues.close()
    async with asyncio.timeout(3):
        while nova.open:
            await asyncio.sleep(0.01)
    async with asyncio.timeout(3):
        while left := asyncio.all_tasks() - before - {asyncio.current_task()}:
            await asyncio.wait(left, timeout=0.1)
