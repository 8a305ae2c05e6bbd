"""A moto server on a free port of this machine; clients find it by `AWS_ENDPOINT_URL`."""

import logging
import threading
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server


class OneAtATime:
    """moto checks a condition and writes in two steps; AWS does both as one, so requests must not overlap."""

    def __init__(self, application: Any) -> None:
        self._application = application
        self._lock = threading.Lock()

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        with self._lock:
            return list(self._application(environ, start_response))


@contextmanager
def moto_server() -> Iterator[str]:
    """The address of a running, empty server."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    application = OneAtATime(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=MotoRequestHandler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    reset(address)  # what is there is the whole process's
    try:
        yield address
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def reset(address: str) -> None:
    """Forget everything the server holds."""
    urllib.request.urlopen(urllib.request.Request(f"{address}/moto-api/reset", method="POST")).close()


@contextmanager
def aws_on(address: str, *services: str) -> Iterator[None]:
    """Let AWS clients made inside reach these services (`DYNAMODB`, `S3`, ...) at an address."""
    with pytest.MonkeyPatch.context() as environment:
        for service in services:
            environment.setenv(f"AWS_ENDPOINT_URL_{service}", address)
        yield
