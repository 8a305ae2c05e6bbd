"""Sign-in session: an operator token in an HttpOnly cookie, checked against the API at sign-in."""

import asyncio
import time
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from console.backend import client, expires_at
from console.pages import own_address
from console.web.identity import COOKIE, by_provider
from oratio.errors import NotAuthenticated, OratioError

_MAX_FORM = 16_384
_LONGEST_S = 12 * 3600


async def sign_in(request: Request) -> Response:
    """Take the token of the sign-in form; a bad one comes back to the same page with a reason."""
    if by_provider():
        return Response("operators sign in at the provider", status_code=404)
    if not same_origin(request):
        return Response("sign in from the console's own page", status_code=403)
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MAX_FORM:
            return Response("the form is too large", status_code=413)
    form = parse_qs(body.decode("utf-8", "replace"))
    token, target = form.get("token", [""])[0].strip(), own_address(form.get("next", ["/"])[0])
    if problem := await asyncio.to_thread(_problem_of, token):
        return RedirectResponse(_with_reason(target, problem), status_code=303)
    response = RedirectResponse(_with_reason(target, None), status_code=303)
    response.set_cookie(
        COOKIE, token, max_age=_lifetime(token), httponly=True, samesite="strict", secure=request.url.scheme == "https"
    )
    return response


async def sign_out(request: Request) -> Response:
    if not same_origin(request):
        return Response("sign out from the console's own page", status_code=403)
    response = RedirectResponse("/", status_code=303)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return response


def same_origin(request: Request) -> bool:
    """Return True if the browser says that the request comes from this console's own pages."""
    origin = request.headers.get("origin")
    return origin is None or origin.split("//", 1)[-1] == request.headers.get("host")


def _with_reason(target: str, reason: str | None) -> str:
    """Return the page to go back to, its query unchanged but for `signin`."""
    address = urlsplit(target)
    query = [(name, value) for name, values in parse_qs(address.query).items() for value in values if name != "signin"]
    if reason:
        query.append(("signin", reason))
    return f"{address.path}?{urlencode(query)}" if query else address.path


def _lifetime(token: str) -> int:
    """Return the cookie's lifetime in seconds: a little past the token's, to tell expired from never signed in."""
    end = expires_at(token)
    return _LONGEST_S if end is None else max(60, min(_LONGEST_S, int(end - time.time()) + 3600))


def _problem_of(token: str) -> str:
    """Return a word for the sign-in page, or `""` for a valid token."""
    if not token or not token.isascii() or not token.isprintable():
        return "refused" if token else "empty"
    try:
        with client(token, timeout_s=10) as api:
            api.agents(limit=1)
    except NotAuthenticated:
        return "refused"
    except OratioError:
        return "unreachable"
    return ""
