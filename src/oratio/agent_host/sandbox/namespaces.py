"""Tier A's world: own processes, own network without interfaces, and a root that holds Python and nothing else.

The warm parent moves in once (`enter`, `build_root`); each agent then gets a process namespace, a mount namespace
with its own `/tmp`, and IPC and (where the host is not root) a user namespace of its own. This is what bubblewrap
makes, made here so that a fork of the warm parent can have it: bubblewrap starts a new program, which would import
everything again, and a single bubblewrap round the parent would put all agents in one world.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from oratio.agent_host.sandbox import kernel

NOBODY = 65_534
TMP_BYTES = 64 * 1024 * 1024
_PIVOT_ROOT = {kernel.AT_X86_64: 155, kernel.AT_AARCH64: 41}
# linux/mount.h
_RDONLY, _NOSUID, _NODEV, _NOEXEC, _REMOUNT, _BIND, _REC, _PRIVATE = 1, 2, 4, 8, 32, 4096, 16384, 1 << 18
_MNT_DETACH = 2
_KEPT = {
    os.ST_NOSUID: _NOSUID,
    os.ST_NODEV: _NODEV,
    os.ST_NOEXEC: _NOEXEC,
    os.ST_NOATIME: 1024,
    os.ST_RELATIME: 1 << 21,
}
_SHARED_NAMESPACES = os.CLONE_NEWNS | os.CLONE_NEWNET | os.CLONE_NEWUTS | os.CLONE_NEWIPC | os.CLONE_NEWPID


def enter() -> None:
    """Move into new namespaces and go on as their first process; the process that called stays outside and waits.

    Raises:
        OSError: The machine refuses one of them.
    """
    if os.geteuid() != 0:
        uid, gid = os.geteuid(), os.getegid()
        os.unshare(os.CLONE_NEWUSER)
        _map_user("/proc/self", uid, gid)
    os.unshare(_SHARED_NAMESPACES)
    kernel.mount("none", "/", None, _REC | _PRIVATE)
    pid = os.fork()
    if pid:
        _wait_outside(pid)
    kernel.prctl(kernel.PR_SET_PDEATHSIG, int(signal.SIGKILL))


def _wait_outside(pid: int) -> None:
    """Hold nothing, outlive nothing, pass the exit status on."""
    os.closerange(3, 4096)
    _, status = os.waitpid(pid, 0)
    os._exit(max(0, os.waitstatus_to_exitcode(status)) if os.WIFEXITED(status) else 1)


def _map_user(process: str, uid: int, gid: int, directory: int | None = None) -> None:
    """Become the unprivileged user of the new user namespace, to which `uid` and `gid` of the one above are mapped."""
    for name, line in (("setgroups", "deny"), ("uid_map", f"{NOBODY} {uid} 1"), ("gid_map", f"{NOBODY} {gid} 1")):
        descriptor = os.open(f"{process}/{name}", os.O_WRONLY, dir_fd=directory)
        try:
            os.write(descriptor, line.encode())
        finally:
            os.close(descriptor)


def build_root(readable: Sequence[str]) -> None:
    """Make a new root that holds these folders, read-only at their own paths, and an empty `/tmp`; move into it."""
    kernel.mount("tmpfs", "/tmp", "tmpfs", _NOSUID | _NODEV, "mode=0755,size=1m")  # noqa: S108 - the new root, not a file
    os.makedirs("/tmp/old", mode=0o755)  # noqa: S108
    os.makedirs("/tmp/new/tmp", mode=0o755)  # noqa: S108
    os.chdir("/")
    _pivot("/tmp", "/tmp/old")  # noqa: S108 - what lay below /tmp can be reached through /old
    os.chdir("/")
    kernel.mount("/new", "/new", None, _BIND | _REC)
    for path in readable:
        target = f"/new{path}"
        os.makedirs(target, mode=0o755, exist_ok=True)
        kernel.mount(f"/old{path}", target, None, _BIND | _REC)
        kernel.mount("none", target, None, _BIND | _REMOUNT | _RDONLY | _NOSUID | _NODEV | _kept_flags(target))
    os.makedirs("/new/old", mode=0o755)
    _pivot("/new", "/new/old")
    os.chdir("/")
    kernel.unmount("/old", _MNT_DETACH)
    os.rmdir("/old")
    kernel.mount("none", "/", None, _BIND | _REMOUNT | _RDONLY | _NOSUID | _NODEV)


def _pivot(new_root: str, put_old: str) -> None:
    number = _PIVOT_ROOT[kernel.architecture()]
    arguments = (ctypes.c_char_p(new_root.encode()), ctypes.c_char_p(put_old.encode()))
    kernel.syscall(number, *arguments, what="pivot_root")


def _kept_flags(path: str) -> int:
    """Flags that a mount already has and that a user namespace may not take away."""
    have = os.statvfs(path).f_flag
    return sum(mount_flag for flag, mount_flag in _KEPT.items() if have & flag)


def python_folders() -> list[str]:
    """The folders this interpreter imports from, and this package: no programs, no shared system libraries."""
    package = str(Path(__file__).resolve().parents[2])
    folders = {package, *(os.path.realpath(entry) for entry in sys.path if entry and os.path.isdir(entry))}
    # Of an editable install's `src` and checkout only the package itself; an installed wheel lies among the libraries.
    folders = {path for path in folders if path.endswith("-packages") or not package.startswith(path + os.sep)}
    nested = {folder for folder in folders for other in folders if folder.startswith(other + os.sep)}
    return sorted(folders - nested)


class AgentNamespaces:
    """Gives each fork of the warm parent its own process, mount, IPC and user namespaces.

    Args:
        readable: What the root holds; folders of it that lie below `/tmp` stay visible in the agent's own `/tmp`.
    """

    def __init__(self, readable: Sequence[str]) -> None:
        self._below_tmp = [path for path in readable if path.startswith("/tmp/")]  # noqa: S108 - a comparison
        self._root = os.geteuid() == 0
        self._proc = os.open("/proc", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        self._own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)

    def fork(self) -> int:
        """As `os.fork`; the child is the first process of a new process namespace."""
        os.unshare(os.CLONE_NEWPID)
        try:
            pid = os.fork()
        except OSError:
            os.setns(self._own, os.CLONE_NEWPID)
            raise
        if pid:
            os.setns(self._own, os.CLONE_NEWPID)
        return pid

    def settle(self) -> None:
        """In the child: the rest of its namespaces, an empty `/tmp`, and no way back."""
        if self._root:
            os.unshare(os.CLONE_NEWNS | os.CLONE_NEWIPC)
        else:
            os.unshare(os.CLONE_NEWUSER | os.CLONE_NEWNS | os.CLONE_NEWIPC)
            _map_user("self", NOBODY, NOBODY, self._proc)
        lifted = [(kernel.lift(path), path) for path in self._below_tmp]
        options = f"mode=1777,size={TMP_BYTES}"
        kernel.mount("tmpfs", "/tmp", "tmpfs", _NOSUID | _NODEV | _NOEXEC, options)  # noqa: S108 - a mount point
        for mount_descriptor, path in lifted:
            os.makedirs(path, mode=0o755)
            kernel.put_down(mount_descriptor, path)
        os.close(self._proc)
        os.close(self._own)
