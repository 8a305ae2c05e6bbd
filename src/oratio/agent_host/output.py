"""Output of an agent process, stdout and stderr: read slowly, cleaned, and kept apart from the host's own log lines."""

import asyncio
import logging
import os

logger = logging.getLogger(__name__)

BYTES_PER_SECOND = 64 * 1024
_PAUSE_S = 1.0
_MAX_LINE = 500


def cleaned(data: bytes) -> str:
    """One printable line: control characters, terminal escapes and line ends are escaped, bad UTF-8 too."""
    text = data.decode(errors="backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class OutputTap:
    """Reads one end of a pipe, at most 64 KiB a second; past that the agent waits for its own writes.

    Lines go to the log at DEBUG, tagged as untrusted: an agent may print what a caller said.
    """

    def __init__(self, descriptor: int, agent_id: str) -> None:
        self._descriptor = descriptor
        self._agent_id = agent_id
        self._allowance = BYTES_PER_SECOND
        self._resume: asyncio.TimerHandle | None = None
        self.total_bytes = 0
        self._loop = asyncio.get_running_loop()
        os.set_blocking(descriptor, False)
        self._loop.add_reader(descriptor, self._readable)

    def close(self) -> None:
        if self._descriptor >= 0:
            self._loop.remove_reader(self._descriptor)
            if self._resume is not None:
                self._resume.cancel()
            os.close(self._descriptor)
            self._descriptor = -1

    def _readable(self) -> None:
        try:
            data = os.read(self._descriptor, min(self._allowance, 8192))
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            return
        self.total_bytes += len(data)
        for line in data.splitlines():
            logger.debug("agent_id=<%s> | untrusted output: %s", self._agent_id, cleaned(line[:_MAX_LINE]))
        self._allowance -= len(data)
        if self._allowance <= 0:
            self._loop.remove_reader(self._descriptor)
            self._resume = self._loop.call_later(_PAUSE_S, self._continue)

    def _continue(self) -> None:
        self._allowance = BYTES_PER_SECOND
        self._loop.add_reader(self._descriptor, self._readable)
