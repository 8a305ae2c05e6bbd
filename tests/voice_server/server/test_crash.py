"""A voice process that is killed in a call: what the next one finds and keeps."""

import asyncio
import io
import sys
import time
import wave
from pathlib import Path

from oratio.domain.storage_layout import audio_key
from tests.voice_server.conftest import free_port
from tests.voice_server.doomed import WORDS_A_SECOND
from tests.voice_server.fakes import Exchange, Line
from voice_server.recording.spool import Spool
from voice_server.recording.turn_journal import TurnJournal, unfinished

MOST_LOST_S = 2.0


async def test_a_killed_process_loses_at_most_two_seconds_of_a_call(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "tests.voice_server.doomed", str(tmp_path), str(port)]
    doomed = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert doomed.stdout is not None
    key = (await doomed.stdout.readline()).decode().strip()
    after = Exchange(tmp_path, free_port(), None, known=True)
    after.port = port
    async with after.line(key) as line:
        conversation_id = (await line.start())["sessionId"]
        begun = time.monotonic()
        speaking = asyncio.create_task(_speak(line))
        await line.send("input.text", text="Tell me everything.")
        last = ""
        while time.monotonic() - begun < 5:
            last = (await line.until("transcript.delta"))["text"]
        doomed.kill()
        lasted_s = time.monotonic() - begun
        speaking.cancel()
        await doomed.wait()
    said = int(last.strip(" .w"))

    async with after.app.serving("127.0.0.1", port):
        conversation, turns = after.services.conversations.get("ada", conversation_id)
    assert conversation.outcome == "ended"
    assert [turn.prompt for turn in turns] == ["Tell me everything."]
    assert turns[0].interrupted
    kept = int(turns[0].result.answer.split()[-1].strip(".w"))
    assert said - kept <= MOST_LOST_S * WORDS_A_SECOND
    with wave.open(io.BytesIO(after.platform.recordings.get(audio_key("ada", "a1", conversation_id)))) as file:
        assert lasted_s - file.getnframes() / file.getframerate() <= MOST_LOST_S
    assert left_in(tmp_path) == []


def left_in(data: Path) -> list[Path]:
    return list((data / "staging" / "voice").iterdir())


async def _speak(line: Line) -> None:
    while True:
        await line.socket.send(bytes(640))
        await asyncio.sleep(0.02)


class TestSpool:
    def test_the_folder_of_a_living_process_is_not_abandoned(self, tmp_path: Path) -> None:
        alive, other = Spool(tmp_path, "p1"), Spool(tmp_path, "p2")
        alive.open()
        other.open()
        with other.abandoned() as folders:
            assert folders == []
        alive.close()
        other.close()
        assert list(tmp_path.iterdir()) == []

    def test_what_a_process_could_not_keep_is_left_for_the_next(self, tmp_path: Path) -> None:
        first, second = Spool(tmp_path, "p1"), Spool(tmp_path, "p2")
        first.open()
        (first.folder / "c1.call").write_text("[]")
        first.close()
        second.open()
        with second.abandoned() as folders:
            assert folders == [tmp_path / "p1"]
        second.close()


class TestJournal:
    async def test_it_holds_the_turn_in_progress(self, tmp_path: Path) -> None:
        journal = TurnJournal("ada", "c1", tmp_path)
        journal.asked("Why?")
        journal.answered("Because ")
        journal.answered("so.")
        async with asyncio.timeout(5):
            while (found := unfinished(tmp_path / "c1.call")) is None or not found.answer:
                await asyncio.sleep(0.01)
        assert (found.prompt, found.answer) == ("Why?", "Because so.")
        await journal.close()
        assert unfinished(tmp_path / "c1.call") is None

    def test_one_that_cannot_be_read_is_none(self, tmp_path: Path) -> None:
        (tmp_path / "c1.call").write_text("{")
        assert unfinished(tmp_path / "c1.call") is None
