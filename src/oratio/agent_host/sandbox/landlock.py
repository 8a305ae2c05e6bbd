"""Landlock: a process gives up every file but those named, TCP, and reaching processes outside.

Structures and bits: linux/landlock.h; the system call numbers are the same on every architecture.
"""

import ctypes
import os
from collections.abc import Sequence

from oratio.agent_host.sandbox import kernel

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION = 1
_PATH_BENEATH = 1

READ_FILE = 1 << 2
READ_DIR = 1 << 3
READ = READ_FILE | READ_DIR
# write, remove dir, remove file, make dir, make regular, truncate
WRITE = 1 << 1 | 1 << 4 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 14

# Highest file-system bit each ABI knows: 13 bits at first, then refer, truncate, (net), ioctl on devices.
_FS_BITS = {1: 13, 2: 14, 3: 15, 4: 15}
_FS_BITS_NOW = 16
_NET = 0b11  # bind and connect TCP, from ABI 4
_SCOPED = 0b11  # abstract sockets and signals, from ABI 6


class _Ruleset(ctypes.Structure):
    _fields_ = (("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def abi() -> int:
    """The kernel's Landlock version, 0 when there is none."""
    try:
        return kernel.syscall(_CREATE_RULESET, None, 0, _VERSION, what="landlock")
    except OSError:
        return 0


def restrict(*, readable: Sequence[str], writable: Sequence[str] = ()) -> None:
    """Leave this thread, and what it starts, only reading below `readable` and also writing below `writable`.

    Paths that are not there, or not to be reached, are passed over: a rule can only allow.

    Raises:
        OSError: The kernel has no Landlock.
    """
    version = abi()
    if version < 1:
        raise OSError("the kernel has no Landlock")
    handled = (1 << _FS_BITS.get(version, _FS_BITS_NOW)) - 1
    attributes = _Ruleset(handled, _NET if version >= 4 else 0, _SCOPED if version >= 6 else 0)
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = kernel.syscall(_CREATE_RULESET, ctypes.byref(attributes), size, 0, what="landlock ruleset")
    try:
        for path in readable:
            _allow(ruleset, path, READ & handled)
        for path in writable:
            _allow(ruleset, path, (READ | WRITE) & handled)
        kernel.syscall(_RESTRICT_SELF, ruleset, 0, what="landlock restrict")
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, access: int) -> None:
    try:
        parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        rule = _PathBeneath(access, parent)
        kernel.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0, what="landlock rule")
    finally:
        os.close(parent)
