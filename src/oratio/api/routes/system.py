"""Routes of health, metrics, the embedded issuer's keys, and this installation's settings."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from pydantic.alias_generators import to_camel
from starlette.concurrency import run_in_threadpool

from oratio import __version__
from oratio.api import metrics
from oratio.api.context import InContext, answers, reply
from oratio.errors import NotFound
from oratio.protocol.http import ReadinessView, SystemView

router = APIRouter(tags=["system"])

BUILTIN = "builtin"
_RULES = "rules over your documents, without a language model: it quotes the documents, never invents, and says so"


@router.get("/healthz", response_model=None)
async def healthz() -> Response:
    """Answer while this process runs."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz", response_model=None, responses={200: {"model": ReadinessView}, 503: {"model": ReadinessView}})
async def readyz(context: InContext) -> Response:
    """Check each dependency of this process, by name."""
    found = await context.readiness.checks()
    ready = all(check.ok for check in found.values())
    return reply(ReadinessView(ready=ready, checks=found), 200 if ready else 503)


@router.get("/metrics", response_model=None, response_class=PlainTextResponse)
def show_metrics(context: InContext) -> Response:
    """Return the metrics as Prometheus text."""
    return Response(context.metrics.text(), headers={"Content-Type": metrics.CONTENT_TYPE})


@router.get("/.well-known/jwks.json", response_model=None, responses={404: answers(200, None)[404]})
async def jwks(context: InContext) -> Response:
    """Return the public keys of the embedded issuer."""
    issuer = context.platform.token_issuer
    if issuer is None:
        raise NotFound("this service does not issue tokens", hint="use your own issuer's keys")
    keys = await run_in_threadpool(issuer.jwks)
    return JSONResponse(dict(keys), headers={"Cache-Control": "public, max-age=300"})


@router.get("/api/system", response_model=None, responses={200: {"model": SystemView}})
async def system(context: InContext) -> Response:
    """Show the platform, the model and the limits of this installation."""
    settings = context.platform.settings
    if settings.platform == "local" and context.readiness.sandbox is None:
        await context.readiness.checks()
    urls = {"api": settings.api_base, "voice": settings.voice_base, "prefect": settings.prefect_url}
    if settings.platform == "local":
        urls["console"] = settings.local_url("console")
    limits = ("max_files", "max_total_bytes", "max_file_bytes", "max_sop_chars", "max_description_chars")
    return reply(
        SystemView(
            version=__version__,
            platform=settings.platform,
            environment=settings.environment,
            model=settings.models.model,
            answers_by=_RULES if settings.models.model == BUILTIN else f"the language model {settings.models.model}",
            speech=settings.speech_models.speech,
            sandbox=context.readiness.sandbox,
            urls=urls,
            limits={to_camel(name): settings.value(name) for name in limits},
        )
    )
