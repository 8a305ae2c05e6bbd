"""Errors as `application/problem+json` (RFC 9457) with a stable `code`."""

import json
import logging
import math
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from oratio.errors import FieldProblem, InvalidInput, NotAuthenticated, OratioError, RateLimited
from oratio.protocol.problems import MEDIA_TYPE, problem_body

logger = logging.getLogger(__name__)

_HTTP_CODES: Mapping[int, str] = {
    400: "malformed_body",
    404: "not_found",
    405: "method_not_allowed",
    408: "request_timeout",
    413: "too_large",
    415: "unsupported_media_type",
}
_HTTP_DETAILS: Mapping[int, str] = {
    400: "the body is not JSON in UTF-8, or nests too deep; send a JSON object",
    404: "there is no such address",
    405: "this address does not support that method",
}
# pydantic's error types of a body that is not an object at all.
_NO_OBJECT = frozenset({"model_attributes_type", "model_type", "dict_type"})
_CLIENT_CLOSED = 499


class Refusal(Exception):
    """Refusal of a request for its HTTP form, before any service saw it."""

    def __init__(self, status: int, code: str, detail: str, problems: Iterable[FieldProblem] = ()) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.problems = tuple(problems)


def problem(
    status: int,
    code: str,
    detail: str,
    problems: Iterable[FieldProblem] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    body = problem_body(status, code, detail, problems)
    return Response(json.dumps(body), status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def of_error(error: OratioError) -> Response:
    headers = {}
    if isinstance(error, NotAuthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, RateLimited):
        headers["Retry-After"] = str(math.ceil(error.retry_after_s))
    elif error.retryable and error.status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = "2"
    problems = error.problems if isinstance(error, InvalidInput) else ()
    return problem(error.status, error.code, str(error), problems, headers)


def of_refusal(error: Refusal) -> Response:
    return problem(error.status, error.code, error.detail, error.problems)


def of_exception(error: Exception) -> Response | None:
    """Return the answer to an error that has one; None means a fault of the server."""
    if isinstance(error, OratioError):
        return of_error(error)
    if isinstance(error, Refusal):
        return of_refusal(error)
    if isinstance(error, ClientDisconnect):
        return Response(status_code=_CLIENT_CLOSED)  # the client has gone; the status is for our own log
    return None


def code_of(error: Exception) -> str:
    """Return the stable code of an error, for metrics."""
    return error.code if isinstance(error, OratioError | Refusal) else "internal"


def internal(request_id: str) -> Response:
    detail = f"server error; see request {request_id} in the server's log"
    return problem(500, "internal", detail)


def install(app: FastAPI, routes: Sequence[BaseRoute]) -> None:
    """Answer every exception that leaves the framework with a problem; `routes` say which methods exist."""

    async def handle(request: Request, error: Exception) -> Response:
        request.state.problem = code_of(error)
        answer = of_exception(error)
        assert answer is not None
        return answer

    async def handle_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        code = _HTTP_CODES.get(error.status_code, "error")
        detail = _HTTP_DETAILS.get(error.status_code, str(error.detail))
        headers = (
            {"Allow": ", ".join(_methods(routes, request.scope["path"]))} if error.status_code == 405 else error.headers
        )
        return problem(error.status_code, code, detail, headers=headers)

    async def handle_invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        problems = [_field_problem(entry) for entry in error.errors()]
        if any(entry["type"] == "json_invalid" for entry in error.errors()):
            return problem(400, "malformed_body", "the body is not JSON; send a JSON object", problems)
        if any(entry["type"] in _NO_OBJECT and entry["loc"] == ("body",) for entry in error.errors()):
            if "json" not in request.headers.get("content-type", ""):
                return problem(415, "unsupported_media_type", "send the body as application/json")
            problems = [FieldProblem(("body",), "must be a JSON object")]
        first = problems[0]
        return problem(422, InvalidInput.code, f"{'.'.join(first.loc) or 'body'}: {first.msg}", problems)

    async def handle_unforeseen(request: Request, _error: Exception) -> Response:
        # The framework raises the error again once this is sent; the outermost layer logs it.
        return internal(request.state.request_id)

    app.add_exception_handler(Exception, handle_unforeseen)
    for kind in (OratioError, Refusal, ClientDisconnect):
        app.add_exception_handler(kind, handle)
    app.add_exception_handler(HTTPException, handle_http)
    app.add_exception_handler(RequestValidationError, handle_invalid)


def _methods(routes: Sequence[BaseRoute], path: str) -> list[str]:
    """Return the methods of an address, over all routes that have it."""
    found = [route for route in routes if isinstance(route, Route) and route.path_regex.match(path)]
    return sorted({method for route in found for method in route.methods or ()})


def _field_problem(entry: Mapping[str, object]) -> FieldProblem:
    """Return a pydantic error without its input value, which may be document text."""
    loc = entry["loc"]
    assert isinstance(loc, tuple)
    names = tuple(str(part) for part in loc)
    if names and names[0] in ("body", "query", "path", "header"):
        names = names[1:]
    return FieldProblem(names, str(entry["msg"]))
