"""The HTTP parser of the API: uvicorn's over llhttp, which takes a body at a tenth of h11's cost, with a bound.

llhttp collects a header line, a chunk extension or a trailer of any length; this stops a sender who sends nothing else.
"""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 64 * 1024
"""Of a request's head, and of whatever stands between two pieces of its body."""


class BoundedHttp(HttpToolsProtocol):
    """Closes a connection that sends more than `MAX_HEAD_BYTES` without completing a head or a piece of a body."""

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
