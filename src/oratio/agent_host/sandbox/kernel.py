"""Calls into the kernel that Python does not offer, through the C library."""

import ctypes
import os
import platform

AT_X86_64 = "x86_64"
AT_AARCH64 = "aarch64"
ARCHITECTURES = (AT_X86_64, AT_AARCH64)

# Numbers: linux/prctl.h
PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_SET_NO_NEW_PRIVS = 38

# The same numbers on both architectures; linux/mount.h, linux/fcntl.h
_OPEN_TREE, _MOVE_MOUNT = 428, 429
_OPEN_TREE_CLONE, _AT_RECURSIVE, _MOVE_MOUNT_F_EMPTY_PATH, _AT_FDCWD = 1, 0x8000, 4, -100

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def architecture() -> str:
    """`x86_64` or `aarch64`.

    Raises:
        OSError: This machine is neither; there are no tables for it.
    """
    machine = {"amd64": AT_X86_64, "arm64": AT_AARCH64}.get(platform.machine().lower(), platform.machine().lower())
    if machine not in ARCHITECTURES or ctypes.sizeof(ctypes.c_void_p) != 8:
        raise OSError(f"no system call table for {machine}")
    return machine


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def syscall(number: int, *arguments: object, what: str) -> int:
    """A raw system call; every plain integer is passed as 64 bits."""
    prepared = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    return _checked(_libc.syscall(ctypes.c_long(number), *prepared), what)


def prctl(option: int, *values: object) -> None:
    prepared = [ctypes.c_ulong(value) if isinstance(value, int) else value for value in values]
    padded = prepared + [ctypes.c_ulong(0)] * (4 - len(prepared))
    _checked(_libc.prctl(ctypes.c_int(option), *padded), f"prctl {option}")


def mount(source: str, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    arguments = [value.encode() if value is not None else None for value in (source, target, kind)]
    _checked(_libc.mount(*arguments, ctypes.c_ulong(flags), data.encode() if data else None), f"mount {target}")


def unmount(target: str, flags: int) -> None:
    _checked(_libc.umount2(target.encode(), ctypes.c_int(flags)), f"umount {target}")


def lift(path: str) -> int:
    """A descriptor that holds a copy of the mount at a path, with all below it; needs Linux 5.2."""
    flags = _OPEN_TREE_CLONE | _AT_RECURSIVE | os.O_CLOEXEC
    return syscall(_OPEN_TREE, _AT_FDCWD, ctypes.c_char_p(path.encode()), flags, what=f"open_tree {path}")


def put_down(mount_descriptor: int, path: str) -> None:
    """Attach a lifted mount at a path; closes the descriptor."""
    nothing, target = ctypes.c_char_p(b""), ctypes.c_char_p(path.encode())
    syscall(
        _MOVE_MOUNT, mount_descriptor, nothing, _AT_FDCWD, target, _MOVE_MOUNT_F_EMPTY_PATH, what=f"move_mount {path}"
    )
    os.close(mount_descriptor)
