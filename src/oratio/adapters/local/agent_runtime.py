"""Agents on this machine: files here, processes in the agent host."""

import json
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing
from pathlib import Path
from urllib.parse import quote

import httpx

from oratio.adapters.local.runtime_store import RuntimeStore, StoredRuntime, host_token
from oratio.adapters.turn_events import SESSION_HEADER, turn_event, turn_payload
from oratio.domain.conversations.conversation import TurnEvent, TurnResult
from oratio.domain.refs import VersionRef
from oratio.errors import AgentFailed, CodeRejected, Conflict, NotFound, RateLimited, Unavailable
from oratio.ports.agent_runtime import AgentPackage, AgentRuntime, Invocation, RuntimeRef, RuntimeStatus
from oratio.ports.clock import Clock
from oratio.protocol import sse

CREATING_MS = 50
_LOOPBACK_ONLY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
CONNECT_TIMEOUT_S = 2.0
SLACK_S = 5.0
"""How much longer than the deadline the host may take to say that it has passed."""


class LocalAgentRuntime(AgentRuntime):
    """The agent host's client and the keeper of its files.

    Args:
        root: Folder of all runtimes, which the host reads.
        host_url: Base address of the host.
        token_path: File of the secret that both sides share.
        verify: Whether a package's signature covers its bytes; by default only that there is one, as the host checks
            it again before it runs anything.
    """

    def __init__(
        self,
        root: Path,
        host_url: str,
        token_path: Path,
        clock: Clock,
        *,
        verify: Callable[[AgentPackage], bool] | None = None,
    ) -> None:
        self._store = RuntimeStore(root)
        self._host_url = host_url
        self._token_path = token_path
        self._clock = clock
        self._verify = verify or _is_signed

    def ensure_runtime(
        self, ref: VersionRef, package: AgentPackage, *, engine_id: str, tags: Mapping[str, str], token: str
    ) -> RuntimeRef:
        if not self._verify(package):
            raise CodeRejected(
                f"the code of version {ref.version} is not what the review signed", hint="build the version again"
            )
        runtime_id = self._store.runtime_id(ref)
        record = StoredRuntime(
            ref=ref,
            engine_id=engine_id,
            signature=package.signature,
            token=token,
            created_at=self._clock.now_ms(),
            tags=dict(tags),
        )
        return self.runtime(runtime_id, self._store.add(runtime_id, package, record))

    def runtime(self, runtime_id: str, runtime_version: str) -> RuntimeRef:
        age_ms = self._clock.now_ms() - self._store.record(runtime_id, runtime_version).created_at
        status = RuntimeStatus.READY if age_ms >= CREATING_MS else RuntimeStatus.CREATING
        return RuntimeRef(runtime_id, runtime_version, status)

    def ensure_endpoint(self, runtime_id: str, name: str, runtime_version: str) -> None:
        self._store.point(runtime_id, name, runtime_version)

    async def invoke(self, runtime_id: str, qualifier: str, invocation: Invocation) -> AsyncIterator[TurnEvent]:
        payload = turn_payload(invocation) | ({"drill": invocation.drill} if invocation.drill else {})
        timeout = httpx.Timeout(invocation.deadline_ms / 1000 + SLACK_S, connect=CONNECT_TIMEOUT_S)
        finished = False
        try:
            async with (
                self._client(timeout) as client,
                client.stream(
                    "POST",
                    f"/runtimes/{quote(runtime_id, safe='')}/invocations",
                    params={"qualifier": qualifier},
                    headers=_headers(invocation),
                    json=payload,
                ) as response,
            ):
                if response.status_code != httpx.codes.OK:
                    raise _refused(response.status_code, await response.aread())
                async with aclosing(sse.aread(response)) as events:
                    async for found in events:
                        event = turn_event(found.data)
                        finished = isinstance(event, TurnResult)
                        yield event
                        if finished:
                            return
        except httpx.ConnectError:
            raise Unavailable("the agent host does not answer", hint="see `oratio status`") from None
        except httpx.TimeoutException:
            raise AgentFailed("the agent did not answer in time") from None
        except httpx.HTTPError:
            raise AgentFailed("the connection to the agent broke off") from None
        raise AgentFailed("the agent stopped in the middle of its answer")

    def delete_runtime(self, runtime_id: str) -> None:
        headers = {"Authorization": f"Bearer {host_token(self._token_path)}"}
        try:
            httpx.delete(f"{self._host_url}/runtimes/{quote(runtime_id, safe='')}", headers=headers, timeout=10.0)
        except httpx.ConnectError:
            pass  # no host, so no processes of this runtime either
        except httpx.HTTPError:
            raise Unavailable("the agent host does not answer", hint="see `oratio status`") from None
        self._store.delete(runtime_id)

    def _client(self, timeout: httpx.Timeout) -> httpx.AsyncClient:
        # One client a turn, as turns run on many event loops; the shared context spares it reading CA files.
        headers = {"Authorization": f"Bearer {host_token(self._token_path)}"}
        return httpx.AsyncClient(
            base_url=self._host_url, timeout=timeout, headers=headers, trust_env=False, verify=_LOOPBACK_ONLY
        )


def _headers(invocation: Invocation) -> dict[str, str]:
    traced = {"traceparent": invocation.traceparent} if invocation.traceparent else {}
    return {SESSION_HEADER: invocation.session_id, **traced}


def _is_signed(package: AgentPackage) -> bool:
    return bool(package.signature)


def _refused(status: int, body: bytes) -> Exception:
    """The error that a refusal before the answer began stands for."""
    try:
        message = str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        message = f"the agent host answered {status}"
    match status:
        case 404:
            return NotFound(message)
        case 409:
            return Conflict(message)
        case 429:
            return RateLimited(message)
        case 401 | 503:
            return Unavailable(message)
        case _:
            return AgentFailed(message)
