"""Frames of `application/vnd.amazon.eventstream`, as botocore reads them."""

import struct
from binascii import crc32


def frame(event: str, payload: bytes, *, kind: str = "event") -> bytes:
    """One message: prelude (lengths and their CRC), headers, payload, CRC of all."""
    names = {":message-type": kind, ":content-type": "application/json"}
    names[":event-type" if kind == "event" else ":exception-type"] = event
    headers = b"".join(_header(name, value) for name, value in names.items())
    prelude = struct.pack(">II", len(headers) + len(payload) + 16, len(headers))
    message = prelude + struct.pack(">I", crc32(prelude)) + headers + payload
    return message + struct.pack(">I", crc32(message))


def _header(name: str, value: str) -> bytes:
    text = value.encode()
    return bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(text)) + text
