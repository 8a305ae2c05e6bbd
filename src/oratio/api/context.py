"""Context of the routes, and the small helpers that all of them share."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, cast

from fastapi import Depends, Header, Request
from fastapi.responses import Response
from pydantic import BaseModel

from oratio.api.agent_events import Watchers
from oratio.api.caller import Caller
from oratio.api.metrics import ApiMetrics
from oratio.api.readiness import Readiness
from oratio.api.uploads.upload_receiver import UploadReceiver
from oratio.bootstrap import Platform, Services
from oratio.errors import FieldProblem, InvalidInput
from oratio.protocol.problems import MEDIA_TYPE

_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,200}")


@dataclass(frozen=True, slots=True)
class ApiContext:
    """Parts of one application; `stopping` returns True once the process is stopping."""

    platform: Platform
    services: Services
    receiver: UploadReceiver
    metrics: ApiMetrics
    watchers: Watchers
    readiness: Readiness
    stopping: Callable[[], bool]


# Coroutines, though they wait for nothing: FastAPI runs any other dependency in a thread.
async def _context(request: Request) -> ApiContext:
    return cast(ApiContext, request.app.state.context)


async def _caller(request: Request) -> Caller:
    return cast(Caller, request.state.caller)


_IdempotencyHeader = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="1 to 200 printable characters: the same request under the same key is made once in 24 hours.",
    ),
]


async def _idempotency_key(request: Request, _declared: _IdempotencyHeader = None) -> str | None:
    given = request.headers.getlist("idempotency-key")
    if not given:
        return None
    if len(given) > 1 or not _IDEMPOTENCY_KEY.fullmatch(given[0]):
        msg = "must be one header of 1 to 200 printable ASCII characters"
        raise InvalidInput(f"Idempotency-Key {msg}", [FieldProblem(("Idempotency-Key",), msg)])
    return given[0]


InContext = Annotated[ApiContext, Depends(_context)]
ByCaller = Annotated[Caller, Depends(_caller)]
IdempotencyKey = Annotated[str | None, Depends(_idempotency_key)]


def reply(model: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    body = model.model_dump_json(by_alias=True)
    return Response(body, status, headers=dict(headers or {}), media_type="application/json")


MEANINGS = {
    400: "The request's form is malformed",
    401: "No token or key, or an invalid one",
    403: "The token or key does not allow this call",
    404: "Not found for this tenant",
    405: "The address does not support this method",
    408: "The body stopped coming",
    409: "The state of the resource forbids this",
    413: "Over a size limit",
    415: "Unsupported type of body",
    422: "A field or file breaks a rule",
    429: "Over a limit; see Retry-After",
    500: "Server error",
    502: "The agent failed",
    503: "A dependency does not answer; try again",
}
_ALWAYS = (400, 401, 404, 408, 413, 415, 422, 429, 500, 503)
_SCHEMA = {"schema": {"$ref": "#/components/schemas/Problem"}}


def answers(status: int, model: type[BaseModel] | None, *others: int, meaning: str = "Done") -> dict[int | str, Any]:
    """Return the `responses` of a route: the good one, and every refusal as a problem."""
    found: dict[int | str, Any] = {
        code: {"description": MEANINGS[code], "content": {MEDIA_TYPE: _SCHEMA}} for code in sorted({*_ALWAYS, *others})
    }
    found[status] = {"description": meaning, **({"model": model} if model else {})}
    return found
