"""Services of this process; tasks are module-level functions and get them here."""

import threading

from oratio.bootstrap import Platform, Services, build_platform, build_services
from oratio.settings import load

_lock = threading.Lock()
_built: tuple[Platform, Services] | None = None


def use(platform: Platform, services: Services) -> None:
    """Make every task of this process work with these."""
    global _built
    with _lock:
        _built = (platform, services)


def _current() -> tuple[Platform, Services]:
    global _built
    with _lock:
        if _built is None:
            platform = build_platform(load())
            _built = (platform, build_services(platform))
        return _built


def platform() -> Platform:
    """Return the ports; built from the settings at the first call of a process that was given none."""
    return _current()[0]


def services() -> Services:
    """Return the services over `platform()`."""
    return _current()[1]
