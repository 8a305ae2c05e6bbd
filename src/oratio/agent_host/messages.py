"""What the host and its warm parent say to each other, one frame each way at a time.

host → parent    spawn {id, task, confinement} with four descriptors: listening socket, control socket, stdout, stderr
                 signal {id, signal}
parent → host    ready {threads}, started {id, pid}, exited {id, status}; `status` as from `os.waitstatus_to_exitcode`
"""

import json
import socket
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_HEADER = struct.Struct(">I")
DESCRIPTORS_PER_SPAWN = 4
MAX_BYTES = 65536


def send(sock: socket.socket, message: Mapping[str, Any], descriptors: Sequence[int] = ()) -> None:
    body = json.dumps(message).encode()
    data = _HEADER.pack(len(body)) + body
    sent = socket.send_fds(sock, [data], descriptors) if descriptors else sock.send(data)
    sock.sendall(data[sent:])


class Inbox:
    """Puts frames back together from what a stream socket delivers, and keeps the descriptors that came along."""

    def __init__(self) -> None:
        self._data = bytearray()
        self.descriptors: list[int] = []

    def receive(self, sock: socket.socket) -> bool:
        """Read what is there; False at the end of the stream."""
        data, descriptors, _, _ = socket.recv_fds(sock, MAX_BYTES, DESCRIPTORS_PER_SPAWN)
        self._data += data
        self.descriptors += descriptors
        return bool(data)

    def messages(self) -> Iterator[dict[str, Any]]:
        while len(self._data) >= _HEADER.size:
            (length,) = _HEADER.unpack_from(self._data)
            if len(self._data) < _HEADER.size + length:
                return
            body = bytes(self._data[_HEADER.size : _HEADER.size + length])
            del self._data[: _HEADER.size + length]
            yield json.loads(body)
