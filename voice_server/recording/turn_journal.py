"""The turn in progress on the disk, so that a process that dies takes at most a second of it along.

What is settled is in the records; this file holds what is not: the question, and the answer as far as it has come.
"""

import asyncio
import contextlib
import json
import logging
import os
from pathlib import Path
from typing import NamedTuple

logger = logging.getLogger(__name__)

SUFFIX = ".call"
_EVERY_S = 1.0


class UnfinishedTurn(NamedTuple):
    """A call that was cut off; `prompt` is None between turns."""

    user_id: str
    conversation_id: str
    prompt: str | None
    answer: str


class TurnJournal:
    """One call's file; written in a thread, at most once a second.

    Args:
        folder: None keeps none.
    """

    def __init__(self, user_id: str, conversation_id: str, folder: Path | None) -> None:
        # A string, not a path: before Python 3.12.5 every part of a path stays in memory for good (gh-113993).
        self._path = f"{folder}/{conversation_id}{SUFFIX}" if folder is not None else None
        self._state = UnfinishedTurn(user_id, conversation_id, None, "")
        self._dirty = False
        self._writing: asyncio.Task[None] | None = None

    def asked(self, prompt: str) -> None:
        self._change(self._state._replace(prompt=prompt, answer=""))

    def answered(self, text: str) -> None:
        """More of the answer, if it is one to keep."""
        if self._state.prompt is not None:
            self._change(self._state._replace(answer=self._state.answer + text))

    def settled(self) -> None:
        """The turn is in the records."""
        self._change(self._state._replace(prompt=None, answer=""))

    def _change(self, state: UnfinishedTurn) -> None:
        self._state, self._dirty = state, True
        if self._path is not None and (self._writing is None or self._writing.done()):
            self._writing = asyncio.create_task(self._write(self._path), name="journal")

    async def _write(self, path: str) -> None:
        while self._dirty:
            self._dirty = False
            try:
                await asyncio.to_thread(_store, path, json.dumps(self._state))
            except OSError as error:
                logger.warning(
                    "conversation_id=<%s> | journal stopped: %s", self._state.conversation_id, error.strerror
                )
                return
            await asyncio.sleep(_EVERY_S)

    async def close(self) -> None:
        """Everything is in the records."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.wait([self._writing])
        if self._path is not None:
            await asyncio.to_thread(_forget, self._path)


def _store(path: str, text: str) -> None:
    draft = path.removesuffix(SUFFIX) + ".draft"
    os.makedirs(os.path.dirname(path), exist_ok=True, mode=0o700)
    with open(draft, "w") as file:
        file.write(text)
    os.rename(draft, path)


def _forget(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def unfinished(path: Path) -> UnfinishedTurn | None:
    """What a journal says, None when it cannot be read."""
    try:
        user_id, conversation_id, prompt, answer = json.loads(path.read_text())
        return UnfinishedTurn(user_id, conversation_id, prompt, answer)
    except (OSError, ValueError):
        return None
