"""HTTP parser of the API: uvicorn's over llhttp, which reads a body at a tenth of h11's cost, with a bound.

llhttp collects a header line, a chunk extension or a trailer of any length; this stops a sender of nothing else.
"""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 64 * 1024
"""Limit of a request's head, and of anything between two pieces of its body."""


class BoundedHttp(HttpToolsProtocol):
    """Protocol that closes a connection after `MAX_HEAD_BYTES` without a complete head or piece of a body."""

    _outside_a_body = 0

    def data_received(self, data: bytes) -> None:
        self._outside_a_body += len(data)
        super().data_received(data)
        if self._outside_a_body > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("The request's head is too large.")

    def on_headers_complete(self) -> None:
        self._outside_a_body = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._outside_a_body = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._outside_a_body = 0
        super().on_message_complete()
