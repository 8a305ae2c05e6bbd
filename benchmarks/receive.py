"""The least that a server can do with an upload: read it from a loopback socket and write it, each file synced."""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

BLOCK = 1 << 18


def plain(source: Path, target: Path) -> float:
    """Seconds to send every file of a folder, one request each over one connection, until the last is on the disk."""
    target.mkdir()
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.receive", str(target)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    connection = http.client.HTTPConnection("127.0.0.1", int(process.stdout.readline()), timeout=60)
    try:
        begun = time.perf_counter()
        for path in sorted(source.iterdir()):
            connection.request("PUT", f"/{path.name}", _blocks(path), {"Content-Length": str(path.stat().st_size)})
            connection.getresponse().read()
        return time.perf_counter() - begun
    finally:
        connection.close()
        process.wait(10)
        process.stdout.close()


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block


def _serve(target: Path) -> None:
    """One connection's requests, until it closes."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        sys.stdout.write(f"{server.getsockname()[1]}\n")
        sys.stdout.flush()
        connection, _ = server.accept()
    with connection, connection.makefile("rb") as reader:
        while line := reader.readline():
            name, left = line.split()[1].decode().strip("/"), 0
            while (header := reader.readline()) != b"\r\n":
                if header.lower().startswith(b"content-length:"):
                    left = int(header.split(b":")[1])
            with (target / name).open("wb") as file:
                while left:
                    block = reader.read1(min(BLOCK, left))
                    file.write(block)
                    left -= len(block)
                file.flush()
                os.fsync(file.fileno())
            connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
