"""Draws `terminal.svg`: a real session against a running Oratio, as a picture for the README.

python docs/pictures/terminal.py --data DIR
"""

import argparse
import io
import os
import re
import shlex
import subprocess
from pathlib import Path

from rich.console import Console
from rich.text import Text

SAMPLE = "examples/telecom/documents"
CREATE = (
    f"oratio agents create {SAMPLE} --exclude main_policy.md --name Telecom --type text"
    f" --sop {SAMPLE}/main_policy.md"
    ' --knowledge-description "For technical support questions"'
    ' --handoff-description "When the caller asks for a human"'
)
SESSION = (
    ("oratio status", "oratio status"),
    ("oratio agents create telecom-support --name Telecom --sop main_policy.md …", CREATE),
    (
        'oratio ask Telecom "How do I reset my APN settings?"',
        'oratio ask Telecom "How do I reset my APN settings?"',
    ),
    ('oratio ask Telecom "Who is the CEO?"', 'oratio ask Telecom "Who is the CEO?"'),
    ('oratio ask Telecom "I want to talk to a person"', 'oratio ask Telecom "I want to talk to a person"'),
)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", required=True)
    data = arguments.parse_args().data
    console = Console(record=True, width=104, file=io.StringIO())
    for shown, command in SESSION:
        console.print(Text.assemble(("$ ", "bold green"), (shown, "bold")))
        done = subprocess.run(
            [*shlex.split(command), "--data", data],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "COLUMNS": "104"},
        )
        console.print(Text.from_ansi(done.stdout.rstrip()))
        console.print()
    target = Path(__file__).with_name("terminal.svg")
    picture = console.export_svg(title="Oratio")
    target.write_text(re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL))  # no font from outside


if __name__ == "__main__":
    main()
