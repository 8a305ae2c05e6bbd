"""A real service for the supervisor's tests: answers /healthz, and misbehaves as told.

Usage: small_service.py PORT JOURNAL NAME [die | stubborn | orphan]
"""

import http.server
import os
import signal
import subprocess
import sys
from pathlib import Path


def main(port: int, journal: Path, name: str, habit: str) -> None:
    def note(word: str) -> None:
        with journal.open("a") as file:
            file.write(f"{name} {word} {os.getpid()}\n")

    note("start")
    if habit == "die":
        sys.exit(3)
    if habit == "orphan":
        left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        with journal.open("a") as file:
            file.write(f"{name} left {left.pid}\n")

    def end(_number: int, _frame: object) -> None:
        note("term")
        if habit != "stubborn":
            sys.exit(0)

    signal.signal(signal.SIGTERM, end)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    http.server.HTTPServer(("127.0.0.1", port), Handler).serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4] if len(sys.argv) > 4 else "")
