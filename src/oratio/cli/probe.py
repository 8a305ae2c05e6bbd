"""Health check for containers without curl: `python -m oratio.cli.probe URL` exits 0 when the URL answers 200."""

import sys
import urllib.error
import urllib.request

_WAIT_S = 4.0


def main() -> int:
    if len(sys.argv) != 2 or not sys.argv[1].startswith(("http://127.0.0.1:", "http://localhost:")):
        sys.stderr.write("usage: python -m oratio.cli.probe http://127.0.0.1:PORT/PATH\n")
        return 2
    try:
        with urllib.request.urlopen(sys.argv[1], timeout=_WAIT_S) as answer:  # noqa: S310 - this machine only, see above
            return 0 if answer.status == 200 else 1
    except (OSError, urllib.error.URLError, ValueError):
        return 1


if __name__ == "__main__":
    sys.exit(main())
