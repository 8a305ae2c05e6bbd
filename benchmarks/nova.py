"""Nova Sonic's client against the HTTP/2 stand-in: what a call costs, what opening one does to others, renewal gaps.

The stand-in runs in a process of its own. Callers speak 0.6 s of every 5 s and hear 3 s of answer: audio goes up all
the time and comes down more than half of it. AWS itself is not reached: the gap has no network in it.
"""

import asyncio
import contextlib
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import psutil

from benchmarks import Row
from oratio.ports.dialogue import DialogueBrief, DialogueSession, ReplyAudio, ReplyEnded, Restored
from oratio.speech.realtime.nova_sonic import NovaAccess, NovaSonic
from oratio.speech.realtime.provider import StrandsDialogues
from oratio.speech.realtime.session import RenewalPolicy
from tests.fakes.nova.callers import LOUD, STILL

CALLS, SECONDS, WORDS = 10, 10.0, 30
_ROUND, _SPEECH = 250, 30
_RENEWAL_S = 12.0


@contextlib.contextmanager
def _fake() -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.fakes.nova", str(WORDS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    url, authority = process.stdout.readline().split()
    given = {
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": url,
        "AWS_CA_BUNDLE": authority,
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    try:
        yield
    finally:
        process.kill()
        process.wait()
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _dialogues(renew_s: float | None) -> StrandsDialogues:
    access = NovaAccess(None)
    return StrandsDialogues(
        "nova",
        lambda: NovaSonic(access, model_id="amazon.nova-2-sonic-v1:0", voice="tiffany", endpointing="HIGH"),
        RenewalPolicy(renew_s=renew_s),
    )


async def _talk(session: DialogueSession, offset: int) -> None:
    begun, frame = time.monotonic(), 0
    while True:
        session.hear(LOUD if (frame + offset) % _ROUND < _SPEECH else STILL)
        frame += 1
        await asyncio.sleep(max(0.0, begun + frame * 0.02 - time.monotonic()))


async def _listen(session: DialogueSession, gaps: list[int], audio: list[int]) -> None:
    async for event in session.events():
        if isinstance(event, ReplyAudio):
            audio[0] += len(event.pcm)
        elif isinstance(event, ReplyEnded):
            session.heard(event.reply, "a word")
        elif isinstance(event, Restored):
            gaps.append(event.gap_ms)


async def _latest(late: list[float]) -> None:
    """How late a task that wants to run every millisecond comes, in ms."""
    while True:
        due = time.monotonic() + 0.001
        await asyncio.sleep(0.001)
        late.append((time.monotonic() - due) * 1000)


async def _calls() -> list[Row]:
    dialogues = _dialogues(None)
    process = psutil.Process()
    first = await dialogues.converse(DialogueBrief("You are an agent."))
    threads = threading.active_count(), process.num_threads()
    stalls = []
    sessions = [first]
    for _ in range(CALLS - 1):
        late: list[float] = []
        watching = asyncio.create_task(_latest(late))
        await asyncio.sleep(0.05)
        idle = statistics.median(late)
        late.clear()
        sessions.append(await dialogues.converse(DialogueBrief("You are an agent.")))
        watching.cancel()
        stalls.append(max(late) - idle)
    more = process.num_threads() - threads[1]
    gaps: list[int] = []
    audio = [0]
    tasks = [asyncio.create_task(_talk(session, number * 25)) for number, session in enumerate(sessions)]
    tasks += [asyncio.create_task(_listen(session, gaps, audio)) for session in sessions]
    await asyncio.sleep(1)
    used, at, audio[0] = sum(process.cpu_times()[:2]), time.monotonic(), 0
    await asyncio.sleep(SECONDS)
    seconds = time.monotonic() - at
    share = (sum(process.cpu_times()[:2]) - used) / seconds / CALLS * 100
    spoken = audio[0] / 48_000 / seconds / CALLS * 100
    for task in tasks:
        task.cancel()
    for session in sessions:
        await session.close()
    await dialogues.close()
    return [
        Row("CPU a Nova call", share, "% of a core", 3, f"{CALLS} calls, {spoken:.0f} % of the time with an answer"),
        Row("threads a Nova call", more / (CALLS - 1), "", None, f"{threads[1]} with one call, {CALLS} calls: +{more}"),
        Row("loop stopped by the start of a call, p50", statistics.median(stalls), "ms", 20, "facts: 20 ms unshared"),
    ]


async def _renewals() -> list[Row]:
    """Each connection is renewed every 2 s, or at the next pause after that."""
    dialogues = _dialogues(2.0)
    gaps: list[int] = []
    sessions = [await dialogues.converse(DialogueBrief("You are an agent.")) for _ in range(3)]
    tasks = [asyncio.create_task(_talk(session, 0)) for session in sessions]
    tasks += [asyncio.create_task(_listen(session, gaps, [0])) for session in sessions]
    await asyncio.sleep(_RENEWAL_S)
    for task in tasks:
        task.cancel()
    for session in sessions:
        await session.close()
    await dialogues.close()
    note = f"{len(gaps)} renewals, p50 {statistics.median(gaps):.0f} ms; on loopback"
    return [Row("renewal gap, longest", max(gaps), "ms", 300, note)]


def run() -> list[Row]:
    with _fake():
        return [*asyncio.run(_calls()), *asyncio.run(_renewals())]
