"""A seccomp filter: which system calls an agent process may still make.

Everything that starts a program or a process, opens or connects a socket, or touches another process, a namespace
or the kernel's own machinery is denied with EPERM. Threads stay possible, and socket pairs for the event loop.
"""

import ctypes
import errno
import os
from dataclasses import dataclass
from typing import NamedTuple

from oratio.agent_host.sandbox import kernel
from oratio.agent_host.sandbox.syscalls import DENIED, HIGHEST_KNOWN, number

# linux/bpf_common.h, linux/seccomp.h, linux/audit.h
_LOAD, _AND = 0x20, 0x54  # ld [k]; and k
_JEQ, _JGE, _JSET, _RET = 0x15, 0x35, 0x45, 0x06
RET_ALLOW, RET_KILL, RET_ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
AUDIT_ARCH = {kernel.AT_X86_64: 0xC000003E, kernel.AT_AARCH64: 0xC00000B7}
_NR, _ARCH, _ARGS = 0, 4, 16  # offsets in struct seccomp_data; arguments are 8 bytes each, low word first
_X32_BIT = 0x40000000
_SECCOMP_MODE_FILTER = 2
_CLONE_THREAD = 0x00010000
_AF_UNIX, _SOCK_STREAM, _SOCK_TYPE_MASK = 1, 1, 0xF
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C


class Instruction(NamedTuple):
    """One classic BPF instruction."""

    code: int
    jt: int
    jf: int
    k: int


class _SockFilter(ctypes.Structure):
    _fields_ = (("code", ctypes.c_uint16), ("jt", ctypes.c_uint8), ("jf", ctypes.c_uint8), ("k", ctypes.c_uint32))


class _SockFprog(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.POINTER(_SockFilter)))


def _load(offset: int) -> Instruction:
    return Instruction(_LOAD, 0, 0, offset)


def _argument(index: int) -> Instruction:
    return _load(_ARGS + 8 * index)


def _deny(code: int) -> Instruction:
    return Instruction(_RET, 0, 0, RET_ERRNO | code)


_ALLOW = Instruction(_RET, 0, 0, RET_ALLOW)
_KILL = Instruction(_RET, 0, 0, RET_KILL)


@dataclass(frozen=True, slots=True)
class _Rule:
    """What follows when a system call has this name: instructions that end in a return on every path."""

    name: str
    body: tuple[Instruction, ...]


# Typing into a terminal (TIOCSTI) and Linux's console calls.
_EITHER_TERMINAL_TRICK = (Instruction(_JEQ, 1, 0, _TIOCSTI), Instruction(_JEQ, 0, 1, _TIOCLINUX))


def _rules(pid: int) -> list[_Rule]:
    refused = _deny(errno.EPERM)
    own = (_argument(0), Instruction(_JEQ, 0, 1, pid), _ALLOW, refused)
    return [
        _Rule("clone3", (_deny(errno.ENOSYS),)),  # its flags lie in memory, out of the filter's sight: libc uses clone
        _Rule("clone", (_argument(0), Instruction(_JSET, 0, 1, _CLONE_THREAD), _ALLOW, refused)),
        # Stream only: a datagram socket could be sent to any path that it can name.
        _Rule(
            "socketpair",
            (
                _argument(0),
                Instruction(_JEQ, 0, 4, _AF_UNIX),
                _argument(1),
                Instruction(_AND, 0, 0, _SOCK_TYPE_MASK),
                Instruction(_JEQ, 0, 1, _SOCK_STREAM),
                _ALLOW,
                refused,
            ),
        ),
        _Rule("kill", own),
        _Rule("tgkill", own),
        _Rule("prlimit64", (_argument(0), Instruction(_JEQ, 1, 0, 0), Instruction(_JEQ, 0, 1, pid), _ALLOW, refused)),
        _Rule("ioctl", (_argument(1), *_EITHER_TERMINAL_TRICK, refused, _ALLOW)),
        *(_Rule(name, (refused,)) for name in DENIED),
    ]  # fmt: skip


def program(architecture: str, pid: int) -> list[Instruction]:
    """The filter for one architecture; `pid` is the process's own id, the only one it may signal."""
    code = [_load(_ARCH), Instruction(_JEQ, 1, 0, AUDIT_ARCH[architecture]), _KILL, _load(_NR)]
    if architecture == kernel.AT_X86_64:
        code += [Instruction(_JGE, 0, 1, _X32_BIT), _KILL]
    code += [Instruction(_JGE, 0, 1, HIGHEST_KNOWN + 1), _deny(errno.ENOSYS)]
    for rule in _rules(pid):
        value = number(architecture, rule.name)
        if value is not None:
            code += [Instruction(_JEQ, 0, len(rule.body), value), *rule.body]
    return [*code, _ALLOW]


def install() -> None:
    """Filter this thread and what it starts, for good; `no_new_privs` must be set.

    Raises:
        OSError: The kernel has no seccomp, or there is no table for this architecture.
    """
    instructions = program(kernel.architecture(), os.getpid())
    array = (_SockFilter * len(instructions))(*(_SockFilter(*instruction) for instruction in instructions))
    filter_ = _SockFprog(len(instructions), array)
    kernel.prctl(kernel.PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(filter_))
