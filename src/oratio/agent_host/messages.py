"""Messages between the host and its warm parent, one frame each way at a time.

host → parent    spawn {id, task, confinement} with four descriptors: listening socket, control socket, stdout, stderr
                 signal {id, signal}
parent → host    ready {threads}, started {id, pid}, exited {id, status}; `status` as from `os.waitstatus_to_exitcode`
"""

import socket
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from oratio.agentkit.platform.framing import encode, take_frames

DESCRIPTORS_PER_SPAWN = 4
MAX_BYTES = 65536


def send(sock: socket.socket, message: Mapping[str, Any], descriptors: Sequence[int] = ()) -> None:
    """Send one message, with descriptors of this process."""
    data = encode(message)
    sent = socket.send_fds(sock, [data], descriptors) if descriptors else sock.send(data)
    sock.sendall(data[sent:])


class Inbox:
    """Frames put back together from what a stream socket delivers, and the descriptors that came along."""

    def __init__(self) -> None:
        self._data = bytearray()
        self.descriptors: list[int] = []

    def receive(self, sock: socket.socket) -> bool:
        """Read what is there; return False at the end of the stream."""
        data, descriptors, _, _ = socket.recv_fds(sock, MAX_BYTES, DESCRIPTORS_PER_SPAWN)
        self._data += data
        self.descriptors += descriptors
        return bool(data)

    def messages(self) -> Iterator[dict[str, Any]]:
        return take_frames(self._data)
