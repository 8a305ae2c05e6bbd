"""The 32 attempts. Each is a function that raises when it is stopped, and whose docstring is its name."""

import ctypes
import errno
import mmap
import os
import resource
import signal
import socket
import threading
from collections.abc import Callable

from oratio.agent_host.sandbox import kernel
from oratio.agent_host.sandbox.syscalls import number

MIB = 1024 * 1024


class AttemptStopped(Exception):
    """The attempt came to nothing although no call failed."""


def read_passwd() -> None:
    """Read /etc/passwd"""
    with open("/etc/passwd", "rb") as file:
        file.read(1)


def list_root() -> None:
    """List the machine's root folder"""
    if not {"etc", "home", "var"} & set(os.listdir("/")):
        raise AttemptStopped


def read_parent_environment() -> None:
    """Read another process's environment"""
    with open("/proc/1/environ", "rb") as file:
        file.read(1)


def list_processes() -> None:
    """See other processes"""
    if sum(name.isdigit() for name in os.listdir("/proc")) < 2:
        raise AttemptStopped


def write_tmp() -> None:
    """Write to /tmp"""
    path = f"/tmp/oratio-probe-{os.getpid()}"  # noqa: S108 - the point of the probe
    with open(path, "wb") as file:
        file.write(b"x")
    os.unlink(path)


def poison_library() -> None:
    """Write among Python's libraries"""
    path = f"{os.path.dirname(os.__file__)}/oratio_probe_{os.getpid()}.py"
    with open(path, "wb"):
        os.unlink(path)


def fill_disk() -> None:
    """Write 100 MB to a file"""
    path = f"/tmp/oratio-probe-{os.getpid()}"  # noqa: S108
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        with open(path, "wb", buffering=0) as file:
            for _ in range(100):
                file.write(bytes(MIB))
    finally:
        if os.path.exists(path):
            os.unlink(path)


def make_device() -> None:
    """Make a device file for the machine's memory"""
    os.mknod(f"/tmp/oratio-probe-{os.getpid()}-mem", 0o020600, os.makedev(1, 1))  # noqa: S108


def connect_tcp() -> None:
    """Open a TCP socket"""
    socket.socket(socket.AF_INET, socket.SOCK_STREAM).close()


def connect_udp() -> None:
    """Open a UDP socket"""
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()


def open_netlink() -> None:
    """Open a netlink socket"""
    socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0).close()


def open_unix() -> None:
    """Open a unix socket (Docker's, D-Bus)"""
    socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).close()


def datagram_pair() -> None:
    """Make a datagram pair, which can be sent to any path"""
    for end in socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM):
        end.close()


def execute() -> None:
    """Start a program"""
    # A path that is not there: what is asked is whether the kernel refuses the call itself.
    _reaches("execve", b"/oratio-probe", None, None)


def fork() -> None:
    """Fork"""
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def spawn() -> None:
    """Fork and execute in one (posix_spawn)"""
    pid = os.posix_spawn("/bin/true", ["true"], {})
    os.waitpid(pid, 0)


def new_user_namespace() -> None:
    """Make a user namespace"""
    os.unshare(os.CLONE_NEWUSER)


def mount() -> None:
    """Mount a file system"""
    kernel.mount("tmpfs", "/tmp", "tmpfs", 0)  # noqa: S108


def become_root() -> None:
    """Be or become root"""
    if os.geteuid() != 0:
        os.setuid(0)


def trace() -> None:
    """Trace a process"""
    _reaches("ptrace", 16, os.getppid() or 1, 0, 0)  # PTRACE_ATTACH


def read_memory() -> None:
    """Read another process's memory"""
    _reaches("process_vm_readv", os.getppid() or 1, 0, 0, 0, 0, 0)


def signal_others() -> None:
    """Signal another process"""
    parent = os.getppid()
    if parent == 0:
        raise AttemptStopped
    os.kill(parent, 0)


def load_bpf() -> None:
    """Reach bpf"""
    _reaches("bpf", 0, 0, 0)


def use_keyring() -> None:
    """Reach the kernel's key ring"""
    _reaches("keyctl", 0, -3, 0)


def set_up_io_uring() -> None:
    """Reach io_uring"""
    _reaches("io_uring_setup", 0, 0)


def fault_handling() -> None:
    """Reach userfaultfd"""
    _reaches("userfaultfd", 1)


def hidden_memory() -> None:
    """Make a file in memory (memfd)"""
    _reaches("memfd_create", b"probe", 0)


def shared_memory() -> None:
    """Make shared memory"""
    _reaches("shmget", 0, 4096, 0o600)


def allocate() -> None:
    """Allocate 3 GB"""
    mmap.mmap(-1, 3072 * MIB).close()


def many_threads() -> None:
    """Start 200 threads"""
    done = threading.Event()
    threads = []
    try:
        for _ in range(200):
            thread = threading.Thread(target=done.wait, daemon=True)
            thread.start()
            threads.append(thread)
    finally:
        done.set()
        for thread in threads:
            thread.join()


def raise_limits() -> None:
    """Raise its own limits"""
    for which in (resource.RLIMIT_AS, resource.RLIMIT_NOFILE, resource.RLIMIT_CPU):
        _, hard = resource.getrlimit(which)
        if hard == resource.RLIM_INFINITY:
            return
        resource.setrlimit(which, (hard + 1, hard + 1))


def inherited_secrets() -> None:
    """Find a descriptor or a secret left over by its parents"""
    for descriptor in range(3, 256):
        try:
            kind = os.fstat(descriptor).st_mode
        except OSError:
            continue
        if (kind & 0o170000) != 0o140000:  # only sockets are left: the one it listens on and its control socket
            return
    if any(word in name for name in os.environ for word in ("KEY", "TOKEN", "SECRET", "PASSWORD", "ORATIO")):
        return
    raise AttemptStopped


ATTEMPTS: tuple[Callable[[], None], ...] = (
    inherited_secrets, read_passwd, list_root, read_parent_environment, list_processes, write_tmp,
    poison_library, fill_disk, make_device,
    connect_tcp, connect_udp, open_netlink, open_unix, datagram_pair, execute, fork, spawn, new_user_namespace, mount,
    become_root, trace, read_memory, signal_others, load_bpf, use_keyring, set_up_io_uring, fault_handling,
    hidden_memory, shared_memory, allocate, many_threads, raise_limits,
)  # fmt: skip


def attempt_all() -> dict[str, bool]:
    """Each attempt by name, and whether it succeeded."""
    return {str(attempt.__doc__): _succeeds(attempt) for attempt in ATTEMPTS}


def _succeeds(attempt: Callable[[], None]) -> bool:
    try:
        attempt()
    except (OSError, MemoryError, ValueError, RuntimeError, AttemptStopped):
        return False
    return True


def _reaches(name: str, *arguments: int | bytes | None) -> None:
    """Make a system call with arguments that mean nothing: any error but a refusal says that the kernel looked."""
    value = number(kernel.architecture(), name)
    assert value is not None
    prepared = [ctypes.c_char_p(entry) if isinstance(entry, bytes) else entry for entry in arguments]
    try:
        kernel.syscall(value, *prepared, what=name)
    except OSError as error:
        if error.errno in (errno.EPERM, errno.ENOSYS, errno.EACCES):
            raise
