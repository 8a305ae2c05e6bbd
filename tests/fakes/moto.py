"""A moto server on a free port of this machine; clients find it by `AWS_ENDPOINT_URL`."""

import logging
import threading
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

type BucketFault = Callable[[str], tuple[str, str, str] | None]
"""Why S3 refuses a call on a bucket: status line, code and message; None when it does not."""


class FaultyBuckets:
    """moto knows neither foreign owners nor other regions of buckets."""

    def __init__(self, application: Any, fault: BucketFault) -> None:
        self._application = application
        self._fault = fault

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        found = self._fault(str(environ["PATH_INFO"]).strip("/").partition("/")[0])
        if found is None:
            answer: Iterable[bytes] = self._application(environ, start_response)
            return answer
        status, code, message = found
        body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message></Error>".encode()
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        headers = [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))]
        if code == "PermanentRedirect":
            headers.append(("x-amz-bucket-region", "eu-north-1"))
        start_response(status, headers)
        return [body] if environ["REQUEST_METHOD"] != "HEAD" else []


class OneAtATime:
    """moto checks a condition and writes in two steps; AWS does both as one, so requests must not overlap."""

    def __init__(self, application: Any) -> None:
        self._application = application
        self._lock = threading.Lock()

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        with self._lock:
            return list(self._application(environ, start_response))


@contextmanager
def moto_server(bucket_fault: BucketFault = lambda _: None) -> Iterator[str]:
    """The address of a running, empty server."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    application = FaultyBuckets(OneAtATime(DomainDispatcherApplication(create_backend_app)), bucket_fault)
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
