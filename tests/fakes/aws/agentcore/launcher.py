"""Runs unzipped agent packages, each as a process of its own: forked from this one, which has done the slow imports.

Reads lines `{"folder", "env"}` and answers `{"pid"}`; ends with everything it started when its input ends. Nothing of
Oratio is imported here: what a package needs of it must be in the package.
"""

import contextlib
import importlib
import json
import os
import runpy
import signal
import sys

SLOW = (
    "bedrock_agentcore.runtime",
    "boto3.session",
    "botocore.eventstream",
    "strands",
    "strands.models.bedrock",
    "uvicorn",
    "uvicorn.protocols.http.h11_impl",
    "uvicorn.loops.asyncio",
)


def run(folder: str, env: dict[str, str]) -> None:
    """In the child: become the package's process."""
    os.setsid()
    os.environ.clear()
    os.environ.update(env)
    os.chdir(folder)
    log = os.open("process.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    sys.path.insert(0, folder)
    status = 1
    try:
        runpy.run_path(f"{folder}/main.py", run_name="__main__")
        status = 0
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else 1
    except BaseException:
        import traceback

        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for name in SLOW:
        importlib.import_module(name)
    print(json.dumps({"ready": True}), flush=True)
    children: list[int] = []
    while line := sys.stdin.readline():
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            run(order["folder"], order["env"])
        children.append(pid)
        print(json.dumps({"pid": pid}), flush=True)
    for pid in children:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
