"""Resource limits of an agent process; they work on any Unix and in every tier."""

import resource

MIB = 1024 * 1024
ADDRESS_SPACE_BYTES = 1024 * MIB
OPEN_FILES = 256
FILE_BYTES = 16 * MIB
THREADS = 64
CPU_SECONDS = 600
"""Over the process's whole life; turns have limits of their own, in wall-clock time, at the host."""


def apply(*, own_user: bool) -> None:
    """Set them; none can be raised again.

    Args:
        own_user: The process has its user id to itself, so that counting the threads of that user counts its own.
    """
    _lower(resource.RLIMIT_AS, ADDRESS_SPACE_BYTES)
    _lower(resource.RLIMIT_NOFILE, OPEN_FILES)
    _lower(resource.RLIMIT_FSIZE, FILE_BYTES)
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_MEMLOCK, 0)
    _lower(resource.RLIMIT_CPU, CPU_SECONDS)
    if own_user:
        _lower(resource.RLIMIT_NPROC, THREADS)


def _lower(which: int, value: int) -> None:
    _, hard = resource.getrlimit(which)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(which, (value, value))
