"""Webhooks: their events, retries, and the signature of a delivery."""

import base64
import hmac
import ipaddress
import json
import socket
from enum import StrEnum
from hashlib import sha256
from typing import Any
from urllib.parse import SplitResult, urlsplit

from oratio.domain.refs import Value

MAX_URL_CHARS = 2_000
# Seconds before each further try; after the last one a delivery is given up, 20 hours after the first.
RETRY_AFTER_S = (2, 10, 30, 120, 600, 1_800, 3_600, 10_800, 21_600, 32_400)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_6TO4 = ipaddress.ip_network("2002::/16")


class WebhookEvent(StrEnum):
    AGENT_ACTIVE = "agent.active"
    AGENT_FAILED = "agent.failed"
    VERSION_ACTIVATED = "version.activated"
    CONVERSATION_ENDED = "conversation.ended"
    HANDOFF_REQUESTED = "handoff.requested"
    HANDOFF_FAILED = "handoff.failed"


class Webhook(Value):
    """One address of a tenant; its secret is derived, so nothing that signs is in the record."""

    webhook_id: str
    user_id: str
    url: str
    events: tuple[WebhookEvent, ...]
    created_at: int


class Delivery(Value):
    """One event on its way to one webhook.

    Attributes:
        seq: The order in which events happened, over all tenants.
        event_id: The same for each webhook and for each attempt.
        attempts: Tries so far, this one included.
    """

    seq: int
    event_id: str
    webhook_id: str
    user_id: str
    agent_id: str
    event: WebhookEvent
    at: int
    data: dict[str, Any]
    attempts: int = 0


def body_of(delivery: Delivery) -> bytes:
    """What is sent: the same bytes at every try."""
    told = {
        "id": delivery.event_id,
        "type": delivery.event,
        "createdAt": delivery.at,
        "agentId": delivery.agent_id,
        "data": delivery.data,
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")


def secret_of(pepper: bytes, webhook_id: str) -> str:
    """The webhook's secret, from the server's own."""
    return "whsec_" + hmac.new(pepper, f"webhook:{webhook_id}".encode(), sha256).hexdigest()


def signature(secret: str, timestamp_s: int, body: bytes) -> str:
    """The header `Oratio-Signature`: `t=<seconds>,v1=<hex HMAC-SHA256 of "<seconds>.<body>">`."""
    signed = hmac.new(secret.encode(), f"{timestamp_s}.".encode() + body, sha256).hexdigest()
    return f"t={timestamp_s},v1={signed}"


def standard_signature(secret: str, event_id: str, timestamp_s: int, body: bytes) -> str:
    """Return the header `webhook-signature` of Standard Webhooks 1.0: `v1,<base64 HMAC-SHA256>`.

    Signed is `<id>.<seconds>.<body>`. The key is what the secret after `whsec_` is the base64 of: our 64 hexadecimal
    digits are base64 as well, of 48 bytes, so one secret serves both headers.
    """
    key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    signed = hmac.new(key, f"{event_id}.{timestamp_s}.".encode() + body, sha256).digest()
    return f"v1,{base64.b64encode(signed).decode()}"


def signature_headers(secret: str, event_id: str, timestamp_s: int, body: bytes) -> dict[str, str]:
    """Return the headers that a receiver checks a delivery by: those of Standard Webhooks, and our own."""
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": standard_signature(secret, event_id, timestamp_s, body),
        "Oratio-Signature": signature(secret, timestamp_s, body),
    }


def next_try_ms(attempts: int, now_ms: int) -> int | None:
    """When a delivery that failed `attempts` times is tried again; None when it is given up."""
    if attempts > len(RETRY_AFTER_S):
        return None
    return now_ms + RETRY_AFTER_S[attempts - 1] * 1000


def url_problem(url: str, *, allow_private: bool) -> str | None:
    """What is wrong with a webhook's address as it is written, or None; names are resolved when it is used."""
    if len(url) > MAX_URL_CHARS or any(ord(char) <= 32 or ord(char) == 127 for char in url):
        return f"must be one address of at most {MAX_URL_CHARS} characters without spaces"
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises for a port that is none
    except ValueError:
        return "is not an address"
    schemes = ("https", "http") if allow_private else ("https",)
    if parts.scheme not in schemes or not parts.hostname:
        return "must begin with https:// and name a host"
    if parts.username is not None or parts.password is not None or "\\" in url:
        return "must not hold a user name, a password or a backslash"
    if parts.fragment:
        return "must not hold a fragment"
    if not allow_private and _names_private(parts):
        return "is an address of this machine or a private network"
    return None


def _names_private(parts: SplitResult) -> bool:
    host = (parts.hostname or "").rstrip(".")
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
        return True
    try:
        return not is_public(host)
    except ValueError:
        pass
    try:
        # The C library also reads 127.1, 0x7f000001 and 2130706433 as addresses.
        return not is_public(socket.inet_ntoa(socket.inet_aton(host)))
    except (OSError, UnicodeEncodeError):
        return False


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet, also when it wraps another.

    Raises:
        ValueError: Not an IP address.
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped
        if found in _NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        elif found in _6TO4:
            inner = ipaddress.IPv4Address((int(found) >> 80) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return found.is_global and not found.is_multicast and not found.is_reserved
