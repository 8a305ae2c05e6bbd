"""The `application/vnd.amazon.eventstream` format: prelude, headers, payload, two checksums."""

import base64
import json
import struct
import zlib
from collections.abc import Iterator
from typing import Any

from botocore.eventstream import EventStreamBuffer


def encode(headers: dict[str, str], payload: bytes) -> bytes:
    """One message; all headers are strings (type 7)."""
    packed = b"".join(
        struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", 7, len(value)) + value.encode()
        for name, value in headers.items()
    )
    prelude = struct.pack("!II", len(packed) + len(payload) + 16, len(packed))
    message = prelude + struct.pack("!I", zlib.crc32(prelude)) + packed + payload
    return message + struct.pack("!I", zlib.crc32(message))


def event(body: dict[str, Any]) -> bytes:
    payload = json.dumps({"bytes": base64.b64encode(json.dumps({"event": body}).encode()).decode()}).encode()
    headers = {":event-type": "chunk", ":content-type": "application/json", ":message-type": "event"}
    return encode(headers, payload)


def exception(name: str, message: str) -> bytes:
    headers = {":exception-type": name, ":content-type": "application/json", ":message-type": "exception"}
    return encode(headers, json.dumps({"message": message}).encode())


class Incoming:
    """Feed what a client sends, get its events; a signed envelope holds each, an empty one ends the stream."""

    def __init__(self) -> None:
        self._outer = EventStreamBuffer()
        self.signed = True
        self.ended = False

    def feed(self, data: bytes) -> Iterator[dict[str, Any]]:
        self._outer.add_data(data)
        for envelope in self._outer:
            if ":chunk-signature" not in envelope.headers:
                self.signed = False
            if not envelope.payload:
                self.ended = True
                continue
            inner = EventStreamBuffer()
            inner.add_data(envelope.payload)
            for message in inner:
                chunk = json.loads(message.payload)
                yield json.loads(base64.b64decode(chunk["bytes"]))["event"]
