"""Assembly of the HTTP application."""

import time
from collections.abc import Callable

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from oratio import __version__
from oratio.api import problems
from oratio.api.agent_events import Watchers
from oratio.api.context import ApiContext
from oratio.api.metrics import ApiMetrics
from oratio.api.middleware.auth_middleware import Guard
from oratio.api.middleware.limits import CallLimits
from oratio.api.middleware.observability_middleware import Observe
from oratio.api.readiness import Readiness
from oratio.api.routes import (
    agents,
    analytics,
    calls,
    conversations,
    invocations,
    keys,
    sops,
    system,
    uploads,
    versions,
    webhooks,
)
from oratio.api.schema.openapi import describe
from oratio.api.uploads.upload_receiver import UploadReceiver
from oratio.bootstrap import Platform, Services


class Application:
    """ASGI application: observed, guarded, then routed. `routes` is the FastAPI inside."""

    def __init__(self, outer: ASGIApp, routes: FastAPI) -> None:
        self._outer = outer
        self.routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._outer(scope, receive, send)


def create_app(
    platform: Platform,
    services: Services,
    *,
    stopping: Callable[[], bool] = lambda: False,
    now: Callable[[], float] = time.monotonic,
) -> Application:
    """Return the application over a platform.

    Args:
        platform: The ports.
        services: The use cases over them.
        stopping: Returns True once the process is stopping; open event streams then end.
        now: Seconds on a clock that only goes forward, for the limits on calls.
    """
    settings = platform.settings
    app = FastAPI(
        title="Oratio",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        separate_input_output_schemas=False,
    )
    metrics = ApiMetrics(services.agents.unfinished)
    app.state.context = ApiContext(
        platform=platform,
        services=services,
        receiver=UploadReceiver(services.uploads, settings),
        metrics=metrics,
        watchers=Watchers(services.agents, metrics, stopping),
        readiness=Readiness(platform),
        stopping=stopping,
    )
    parts = (agents, analytics, versions, uploads, keys, invocations, conversations, calls, webhooks, sops, system)
    problems.install(app, [route for part in parts for route in part.router.routes])
    for part in parts:
        app.include_router(part.router)
    describe(app)
    guard = Guard(
        app,
        identity=platform.identity,
        access=services.access,
        kept=services.kept_uploads,
        limits=CallLimits(settings, now=now),
        max_upload_bytes=settings.limits.max_total_bytes,
        max_file_bytes=settings.limits.max_file_bytes,
    )
    return Application(Observe(guard, metrics=metrics), app)
