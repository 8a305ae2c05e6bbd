"""Who is signed in: an operator token in an HttpOnly cookie, checked against the API when it is given."""

import asyncio
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from console.state import api_base
from oratio.client import Client
from oratio.errors import NotAuthenticated, OratioError

COOKIE = "oratio_token"
_MAX_FORM = 16_384
_SECONDS = 12 * 3600


async def sign_in(request: Request) -> Response:
    """Take the token of the sign-in form; a bad one comes back to the form with a reason."""
    if not _same_origin(request):
        return Response("sign in from the console's own page", status_code=403)
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MAX_FORM:
            return Response("the form is too large", status_code=413)
    token = parse_qs(body.decode("utf-8", "replace")).get("token", [""])[0].strip()
    problem = await asyncio.to_thread(_problem_of, token)
    response = RedirectResponse(f"/?signin={problem}" if problem else "/", status_code=303)
    if not problem:
        secure = request.url.scheme == "https"
        response.set_cookie(COOKIE, token, max_age=_SECONDS, httponly=True, samesite="strict", secure=secure)
    return response


async def sign_out(request: Request) -> Response:
    if not _same_origin(request):
        return Response("sign out from the console's own page", status_code=403)
    response = RedirectResponse("/", status_code=303)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return response


def _same_origin(request: Request) -> bool:
    origin = request.headers.get("origin")
    return origin is None or origin.split("//", 1)[-1] == request.headers.get("host")


def _problem_of(token: str) -> str:
    """A word for the sign-in page, or `""` for a token the API takes."""
    if not token:
        return "empty"
    try:
        with Client(api_base(), token, timeout_s=10) as client:
            client.agents(limit=1)
    except NotAuthenticated:
        return "refused"
    except OratioError:
        return "unreachable"
    return ""
