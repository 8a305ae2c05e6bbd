"""From HTTP answers to values and to the errors of `oratio.errors`; server-sent events with their data."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx
from pydantic import ValidationError

from oratio import errors
from oratio.domain.agents.agent import AgentStatus
from oratio.domain.agents.journal import AgentEvent
from oratio.errors import FieldProblem, InvalidInput, OratioError, RateLimited, Unavailable
from oratio.protocol import sse
from oratio.protocol.http import Wire


def _classes(root: type[OratioError]) -> Iterator[type[OratioError]]:
    for kind in root.__subclasses__():
        yield kind
        yield from _classes(kind)


_BY_CODE = {kind.code: kind for kind in _classes(OratioError)}
_BY_STATUS: dict[int, type[OratioError]] = {
    401: errors.NotAuthenticated,
    403: errors.NotAllowed,
    404: errors.NotFound,
    409: errors.Conflict,
    413: errors.TooLarge,
    429: errors.RateLimited,
    502: errors.AgentFailed,
}


def error_of(status: int, body: object, retry_after: str | None = None) -> OratioError:
    """The error a problem stands for; unknown codes go by their status."""
    told: dict[str, Any] = body if isinstance(body, dict) else {}
    kind = _BY_CODE.get(str(told.get("code"))) or _BY_STATUS.get(status)
    if kind is None:
        kind = InvalidInput if 400 <= status < 500 else Unavailable
    detail = str(told.get("detail") or f"the server answered {status}")
    if issubclass(kind, InvalidInput):
        listed = told.get("errors")
        entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
        problems = [FieldProblem(tuple(map(str, entry.get("loc", ()))), str(entry.get("msg", ""))) for entry in entries]
        return kind(detail, problems)
    if issubclass(kind, RateLimited):
        return kind(detail, retry_after_s=float(retry_after) if retry_after and retry_after.isdecimal() else 1.0)
    return kind(detail)


def check(response: httpx.Response) -> None:
    """Raise the error of a refused request whose body has been read."""
    if response.is_success:
        return
    try:
        body = response.json()
    except ValueError:
        body = None
    raise error_of(response.status_code, body, response.headers.get("retry-after"))


def parse[W: Wire](response: httpx.Response, model: type[W]) -> W:
    """The answer as a value.

    Raises:
        OratioError: The server refused, or does not speak this contract.
    """
    check(response)
    try:
        return model.model_validate_json(response.content)
    except ValidationError:
        raise Unavailable("the server's answer is not what this version expects", hint="is that an Oratio?") from None


def unreachable(error: httpx.HTTPError | httpx.InvalidURL, base_url: str) -> Unavailable:
    """What a failed connection means to the caller."""
    if isinstance(error, httpx.TimeoutException):
        return Unavailable(f"{base_url} did not answer in time", hint="try again")
    if isinstance(error, sse.NoEventStream):
        return Unavailable(f"{base_url} does not answer with an event stream", hint="is that an Oratio?")
    return Unavailable(f"{base_url} does not answer ({type(error).__name__})", hint="is Oratio running there?")


def is_final(event: AgentEvent) -> bool:
    """Whether an agent's event is one that a creation ends with."""
    return event.kind == "status" and event.status in (AgentStatus.ACTIVE, AgentStatus.FAILED)


class JsonEvent(NamedTuple):
    """One server-sent event with its data parsed."""

    name: str
    seq: int | None
    data: Any


def parsed(event: sse.ServerEvent) -> JsonEvent:
    """Return the event with its data as JSON gives it."""
    return JsonEvent(event.name, event.seq, json.loads(event.data))
