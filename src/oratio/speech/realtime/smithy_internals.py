"""Private names of Smithy's HTTP client, the only file that uses them.

Each has a canary in `tests/unit/speech_to_speech/test_internals.py`. The library's client makes a network thread and a
TLS context for each connection, which takes longer than an audio frame; here all connections share them.
"""

from typing import Any

from awscrt import io as crt_io
from smithy_http.aio.crt import AWSCRTHTTPClient, AWSCRTHTTPClientConfig
from smithy_http.aio.crt import _AWSCRTEventLoop as NetworkThread

from oratio.speech.realtime.strands_internals import BedrockHttpClient

__all__ = ["NetworkThread", "SharedTransport"]


class SharedTransport(BedrockHttpClient):
    """One connection's HTTP client over what all connections share."""

    def __init__(self, thread: NetworkThread, tls: crt_io.ClientTlsContext) -> None:
        # Not the base class's own: it would make a TLS context.
        self._config = AWSCRTHTTPClientConfig()
        self._eventloop = thread
        self._client_bootstrap = thread.bootstrap
        self._tls_ctx = tls
        self._socket_options = crt_io.SocketOptions()
        self._connections = {}
        self._closed = False

    def __deepcopy__(self, memo: Any) -> AWSCRTHTTPClient:
        # The client copies its configuration; a copy of this would not be closed with it.
        return self
