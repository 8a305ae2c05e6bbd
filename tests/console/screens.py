"""Pictures of every page and state in both themes: `python -m tests.console.screens [NAME…]`.

They stand on an API in memory, and go to `tests/console/screens/` as small PNGs.
"""

import sys
import tempfile
from pathlib import Path

from tests.console.support import (
    troubles,  # noqa: F401 - each state puts itself on the list
)
from tests.console.support.browser import CHROMIUM, chromium
from tests.console.support.scene import STATES, Scene
from tests.console.support.stage import stage

FOLDER = Path(__file__).parent / "screens"


def main(names: list[str]) -> int:
    """Take them; the exit code is 1 when a state did not come about."""
    if CHROMIUM is None:
        sys.stderr.write("there is no Chromium on this machine\n")
        return 1
    FOLDER.mkdir(exist_ok=True)
    failed = 0
    with (
        tempfile.TemporaryDirectory() as data,
        stage(Path(data)) as console,
        chromium("--use-fake-device-for-media-stream") as browser,
    ):
        for name in names or STATES:
            console.fresh()
            with console.visitor(browser, clean=False) as visitor:
                try:
                    STATES[name](Scene(console, visitor))
                except Exception as error:
                    sys.stderr.write(f"{name}: {str(error).splitlines()[0]}\n")
                    failed = 1
                for theme in ("light", "dark"):
                    visitor.theme(theme)
                    visitor.picture(FOLDER / f"{name}-{theme}.png")
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
