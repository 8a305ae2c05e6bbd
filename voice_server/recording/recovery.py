"""Keeps what calls of a process that died have left: the turn they were in, their recordings, their end."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from oratio.errors import NotFound, OratioError
from oratio.ports.object_store import ObjectStore
from voice_server.recording.spool import Spool
from voice_server.recording.transcript_writer import Conversations
from voice_server.recording.turn_journal import SUFFIX, unfinished
from voice_server.recording.wav_recorder import recover_recordings

logger = logging.getLogger(__name__)


async def recover(
    spool: Spool, conversations: Conversations, recordings: ObjectStore, begun: Callable[[str, str], bool]
) -> None:
    """Args:
    started: Whether a conversation of (tenant, conversation id) is on record.
    """
    with spool.abandoned() as folders:
        for folder in folders:
            for path in sorted(folder.glob(f"*{SUFFIX}")):
                await _end(path, conversations)
            await asyncio.to_thread(recover_recordings, folder, recordings, begun)
            for draft in folder.glob("*.draft"):
                draft.unlink(missing_ok=True)


async def _end(path: Path, conversations: Conversations) -> None:
    """Put the turn that was cut off into the record, and close the conversation."""
    call = unfinished(path)
    try:
        if call is not None and call.prompt is not None:
            await conversations.spoken(
                call.user_id,
                call.conversation_id,
                prompt=call.prompt,
                heard=call.answer,
                latency_ms=None,
                dead_air_ms=0,
            )
        if call is not None:
            await conversations.close(call.user_id, call.conversation_id)
            logger.warning("conversation_id=<%s> | kept what a crash left of a call", call.conversation_id)
    except NotFound:
        pass  # The agent was deleted since.
    except OratioError as error:
        logger.warning("journal=<%s> | not kept, tried again at the next start: %s", path.stem, error.code)
        return
    await asyncio.to_thread(path.unlink, missing_ok=True)
