"""Posts webhooks over HTTP, to the open internet alone."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import httpx

from oratio.domain import webhook as rules
from oratio.ports.webhooks import Sent, WebhookSender

TIMEOUT_S = 10.0
_CONNECT_S = 3.0

type Resolve = Callable[[str, int], Awaitable[list[str]]]


class HttpWebhookSender(WebhookSender):
    """Connects to the address that was checked: a name that resolves otherwise the next moment gains nothing."""

    def __init__(self, *, allow_private: bool, resolve: Resolve | None = None) -> None:
        """Prepare; nothing is sent yet.

        Args:
            allow_private: Also call private addresses, and plain http.
            resolve: Host and port to IP addresses; the system's resolver, by default.
        """
        self._allow_private = allow_private
        self._resolve = resolve or _addresses
        self._verify: ssl.SSLContext | None = None

    async def send(self, url: str, body: bytes, headers: dict[str, str]) -> Sent:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                return await self._send(url, body, headers)
        except TimeoutError:
            return Sent(False, f"no answer within {TIMEOUT_S:.0f} s")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return Sent(False, type(error).__name__)
        except (OSError, UnicodeError):
            return Sent(False, "the host was not found")

    async def _send(self, url: str, body: bytes, headers: dict[str, str]) -> Sent:
        if reason := rules.url_problem(url, allow_private=self._allow_private):
            return Sent(False, f"the address {reason}")
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        addresses = await self._resolve(host, port)
        if not self._allow_private and not all(map(rules.is_public, addresses)):
            return Sent(False, "the host is on this machine or a private network")
        address = addresses[0]
        shown = f"[{address}]" if ":" in address else address
        target = parts._replace(netloc=f"{shown}:{port}").geturl()
        # netloc without user information, which `url_problem` refuses.
        sent = {**headers, "Host": parts.netloc}
        client = httpx.AsyncClient(
            timeout=httpx.Timeout(TIMEOUT_S, connect=_CONNECT_S),
            trust_env=False,
            follow_redirects=False,
            verify=await self._certificates(),
        )
        names = {"sni_hostname": host}
        async with client, client.stream("POST", target, content=body, headers=sent, extensions=names) as response:
            return Sent(response.is_success, f"answered {response.status_code}")

    async def _certificates(self) -> ssl.SSLContext:
        """Loaded once, in a thread: it takes longer than most deliveries."""
        if self._verify is None:
            self._verify = await asyncio.to_thread(ssl.create_default_context)
        return self._verify


async def _addresses(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]
