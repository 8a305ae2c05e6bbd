"""The fake's HTTP side: a thread a request, one port a service, as their paths collide."""

import logging
import sys
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from botocore import xform_name

from tests.fakes.aws.calls import RecordedCall
from tests.fakes.aws.model import AwsError, BrokenFake, ServiceAnswer, ServiceModel
from tests.fakes.aws.state import CloudState

logger = logging.getLogger(__name__)

type Handler = Callable[[dict[str, Any]], Mapping[str, Any]]


class FakeService:
    """One service on a port of its own.

    Args:
        handlers: Holds a method for each operation it knows, by its snake_case name.
        unlocked: Operations that stream or wait, and so run beside the others.
    """

    def __init__(
        self, name: str, world: CloudState, handlers: object, *, unlocked: frozenset[str] = frozenset()
    ) -> None:
        self._service = ServiceModel(name)
        self._world = world
        self._handlers = handlers
        self._unlocked = unlocked
        fake = self

        class Request(_Request):
            service = fake

        self._server = _Server(("127.0.0.1", 0), Request)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def serve(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> ServiceAnswer:
        """Route, check, act, check again."""
        found = self._service.match(method, path)
        if found is None:
            return self._service.error(None, AwsError("UnknownOperationException", f"no operation at {method} {path}"))
        operation, uri = found
        params: dict[str, Any] = {}
        try:
            self._require_signature(headers)
            params = self._service.parse(operation, uri, query, headers, body)
            self._strike(operation.name)
            self._require_pace(operation.name, params)
            handler: Handler | None = getattr(self._handlers, xform_name(operation.name), None)
            if handler is None:
                raise AwsError("UnknownOperationException", f"the fake does not know {operation.name}")
            if operation.name in self._unlocked:
                result = handler(params)
            else:
                with self._world.lock:
                    result = handler(params)
            answer = self._service.answer(operation, result)
        except AwsError as error:
            self._note(operation.name, params, error.code)
            return self._service.error(operation, error)
        except BrokenFake as error:
            logger.exception("the fake's own answer is wrong")
            self._note(operation.name, params, "BrokenFake")
            return self._service.error(operation, AwsError("InternalFailure", str(error)))
        self._note(operation.name, params, "")
        return answer

    def _require_signature(self, headers: Mapping[str, str]) -> None:
        if not headers.get("authorization", "").startswith("AWS4-HMAC-SHA256 "):
            raise AwsError("UnrecognizedClientException", "the request is not signed")

    def _strike(self, operation: str) -> None:
        if self._world.faults.take("throttle", operation):
            raise AwsError("ThrottlingException", "Rate exceeded")
        if fault := self._world.faults.take("error", operation):
            raise AwsError(fault.data["code"], fault.data["message"])

    def _require_pace(self, operation: str, params: Mapping[str, Any]) -> None:
        passed = self._world.rates.over(self._service.name, operation, params)
        for rate in passed:
            self._world.calls.violated(rate)
        if passed:
            raise AwsError("ThrottlingException", "Rate exceeded")

    def _note(self, operation: str, params: Mapping[str, Any], error: str) -> None:
        self._world.calls.note(RecordedCall(self._world.now(), self._service.name, operation, params, error))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no fault of the server's."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Request(BaseHTTPRequestHandler):
    service: FakeService
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.service.serve(self.command, path, query, headers, body)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if isinstance(answer.body, bytes):
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)
            return
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            for piece in answer.body:
                self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            self.wfile.write(b"0\r\n\r\n")
        except OSError:
            self.close_connection = True  # the client went away
        finally:
            if (close := getattr(answer.body, "close", None)) is not None:
                close()

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = _serve

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""
