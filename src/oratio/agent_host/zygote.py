"""The warm parent: a process that has imported everything, has no thread, and forks agents.

Started as `python -I -m oratio.agent_host.zygote <descriptor> <tier>` with an empty environment. It holds no
secret, reads no file of any agent, and ends, with all its children, when its socket to the host closes.
"""

import gc
import logging
import os
import select
import signal
import socket
import sys
from typing import Any

from oratio.agent_host.messages import DESCRIPTORS_PER_SPAWN, Inbox, send
from oratio.agent_host.preload import warm_up
from oratio.agent_host.sandbox.confinement import Confinement, Confiner, Tier, confiner


class Zygote:
    """Forks on request, signals on request, reports each exit."""

    def __init__(self, host: socket.socket, confiner: Confiner) -> None:
        self._host = host
        self._confiner = confiner
        self._pids: dict[int, int] = {}  # spawn id by pid
        self._inbox = Inbox()
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def serve(self) -> None:
        """Until the host closes its end."""
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        send(self._host, {"event": "ready", "threads": _threads()})
        while True:
            readable, _, _ = select.select([self._host.fileno(), self._wake_read], [], [])
            if self._wake_read in readable:
                os.read(self._wake_read, 4096)
                self._reap()
            if self._host.fileno() in readable:
                if not self._inbox.receive(self._host):
                    return
                for message in self._inbox.messages():
                    self._handle(message)

    def stop_children(self) -> None:
        for pid in self._pids:
            os.kill(pid, signal.SIGKILL)

    def _handle(self, message: dict[str, Any]) -> None:
        if message["op"] == "spawn":
            descriptors = self._inbox.descriptors[:DESCRIPTORS_PER_SPAWN]
            del self._inbox.descriptors[:DESCRIPTORS_PER_SPAWN]
            self._spawn(message, descriptors)
        else:
            for pid, spawn_id in self._pids.items():
                if spawn_id == message["id"]:
                    os.kill(pid, message["signal"])

    def _spawn(self, message: dict[str, Any], descriptors: list[int]) -> None:
        confinement = Confinement(**message["confinement"])
        pid = self._confiner.fork()
        if pid == 0:
            self._become_agent(message["task"], confinement, descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        self._pids[pid] = message["id"]
        send(self._host, {"event": "started", "id": message["id"], "pid": pid})

    def _become_agent(self, task: str, confinement: Confinement, descriptors: list[int]) -> None:
        """Turn this fork into an agent process; never returns."""
        status = 70
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for inherited in (self._host.detach(), self._wake_read, self._wake_write):
                os.close(inherited)
            listening, control, stdout, stderr = descriptors
            os.dup2(stdout, 1)
            os.dup2(stderr, 2)
            os.close(stdout)
            os.close(stderr)
            from oratio.agent_host.runner import run

            self._confiner.confine(confinement)
            gc.enable()
            status = run(task, socket.socket(fileno=listening), socket.socket(fileno=control))
        except BaseException as error:
            os.write(2, f"agent process failed: {type(error).__name__}\n".encode())
        finally:
            os._exit(status)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            spawn_id = self._pids.pop(pid, None)
            if spawn_id is not None:
                code = os.waitstatus_to_exitcode(status)
                send(self._host, {"event": "exited", "id": spawn_id, "status": code})


def _threads() -> int:
    """Threads of this process, as the kernel counts them where it says so."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return 1


def main(arguments: list[str]) -> int:
    descriptor, tier = int(arguments[0]), Tier(arguments[1])
    logging.basicConfig(level=logging.WARNING, format="%(name)s %(levelname)s %(message)s")
    host = socket.socket(fileno=descriptor)
    try:
        confining = confiner(tier)
        warm_up()
        confining.prepare()
        zygote = Zygote(host, confining)
    except OSError as error:
        send(host, {"event": "refused", "reason": error.strerror or str(error)})
        return 1
    try:
        zygote.serve()
    except (BrokenPipeError, ConnectionResetError):
        pass  # the host has ended; so does this process
    finally:
        zygote.stop_children()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
