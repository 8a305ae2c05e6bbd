"""Giving up what a process could otherwise do: user, capabilities, new privileges, outliving its parent."""

import ctypes
import os
import signal

from oratio.agent_host.sandbox import kernel

_CAPSET = {kernel.AT_X86_64: 126, kernel.AT_AARCH64: 91}
_CAPABILITY_VERSION_3 = 0x20080522


class _CapHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


def become_user(uid: int) -> None:
    """Be only this user, with the group of the same number and no other; only root can."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def drop_capabilities() -> None:
    """Empty the effective, permitted and inheritable sets."""
    header = _CapHeader(_CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    kernel.syscall(_CAPSET[kernel.architecture()], ctypes.byref(header), ctypes.byref(nothing), what="capset")


def forbid_new_privileges() -> None:
    """No later execve can gain anything; needed before Landlock and seccomp."""
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)


def hide_memory() -> None:
    """No other process of the same user may trace this one or read its memory."""
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)


def die_with_parent() -> None:
    """Be killed when the parent dies. The kernel forgets this at every change of user or capabilities: set it last."""
    kernel.prctl(kernel.PR_SET_PDEATHSIG, int(signal.SIGKILL))
