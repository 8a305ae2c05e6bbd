"""`python -m tests.fakes.nova WORDS`: the fake as a process, which answers every caller with so many words."""

import sys
import tempfile
from pathlib import Path

from tests.fakes.nova import NovaFake, NovaTurn

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, NovaFake(Path(folder)) as fake:
        fake.echo = NovaTurn("Hello.", ("word " * int(sys.argv[1]),))
        sys.stdout.write(f"{fake.url} {fake.authority}\n")
        sys.stdout.flush()
        sys.stdin.read()
