"""Readiness checks of each dependency; answers are kept for a second."""

import asyncio
import time
from collections.abc import Callable

import httpx
from starlette.concurrency import run_in_threadpool

from oratio.bootstrap import Platform
from oratio.protocol.http import Check

_TIMEOUT_S = 2.0
_KEEP_S = 1.0
_PROBE = "readyz"


class Readiness:
    """Dependencies of one platform. Prefect and the agent host are asked over HTTP on this machine."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._lock = asyncio.Lock()
        self._known: dict[str, Check] = {}
        self._asked_at = float("-inf")
        self._client: httpx.AsyncClient | None = None
        self.sandbox: str | None = None

    async def checks(self) -> dict[str, Check]:
        async with self._lock:
            if time.monotonic() - self._asked_at >= _KEEP_S:
                self._known = await self._ask()
                self._asked_at = time.monotonic()
            return self._known

    async def _ask(self) -> dict[str, Check]:
        settings = self._platform.settings
        # Kept, because creating one loads the certificate store, which takes longer than all the checks.
        client = self._client = self._client or httpx.AsyncClient(timeout=_TIMEOUT_S, trust_env=False)
        asked = {
            "records": run_in_threadpool(_call, lambda: self._platform.agents.page(_PROBE, limit=1)),
            "objects": run_in_threadpool(_call, lambda: self._platform.documents.exists(f"{_PROBE}/probe")),
            "prefect": _get(client, f"{settings.prefect_url}/health"),
        }
        if settings.platform == "local":
            asked["agent-host"] = self._agent_host(client, settings.local_url("agent-host"))
        return dict(zip(asked, await asyncio.gather(*asked.values()), strict=True))

    async def _agent_host(self, client: httpx.AsyncClient, base: str) -> Check:
        try:
            answer = await client.get(f"{base}/healthz")
            health = answer.json() if answer.is_success else {}
        except (httpx.HTTPError, ValueError):
            return Check(ok=False, detail="does not answer")
        tier = health.get("isolation") if isinstance(health, dict) else None
        self.sandbox = tier if isinstance(tier, str) else None
        return Check(ok=answer.is_success, detail="" if answer.is_success else f"answers {answer.status_code}")


def _call(ask: Callable[[], object]) -> Check:
    try:
        ask()
    except Exception as error:
        return Check(ok=False, detail=type(error).__name__)
    return Check(ok=True)


async def _get(client: httpx.AsyncClient, url: str) -> Check:
    try:
        answer = await client.get(url)
    except httpx.HTTPError:
        return Check(ok=False, detail="does not answer")
    return Check(ok=answer.is_success, detail="" if answer.is_success else f"answers {answer.status_code}")
