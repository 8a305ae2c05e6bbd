"""Check that the ports of a service table are free."""

import socket
from collections.abc import Iterable

from oratio.cli.supervisor.service import SupervisedService
from oratio.errors import Conflict


def busy(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As servers do: a port whose last connections are still closing is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def require_free(services: Iterable[SupervisedService]) -> None:
    """Check every port of the table.

    Raises:
        Conflict: Names each service whose port is taken, and the port.
    """
    taken = [
        f"port {service.address.port} ({service.name})"
        for service in services
        if service.address is not None and busy(*service.address)
    ]
    if taken:
        verb = "is" if len(taken) == 1 else "are"
        raise Conflict(
            f"{', '.join(taken)} {verb} in use", hint="stop what uses it, or choose other ports with --ports BASE"
        )
