"""Headers that keep the console's pages to themselves."""

from collections.abc import Mapping
from functools import cache

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.web.document import current


@cache
def _headers() -> Mapping[str, str]:
    # Components of ours and the audio worklet load from blob: addresses; Streamlit's styles are inline.
    policy = {
        "default-src": "'self'",
        "script-src": f"'self' blob: {' '.join(current().script_hashes)}",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": "'self' ws: wss:",
        "media-src": "'self' blob: data:",
        "worker-src": "'self' blob:",
        "object-src": "'none'",
        "frame-ancestors": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
    }
    return {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
    }


def _secure_cookies(message: Message) -> None:
    """Mark Streamlit's own sign-in cookies as for https alone; it does not."""
    message["headers"] = [
        (name, value + b"; Secure" if name.lower() == b"set-cookie" and b"; secure" not in value.lower() else value)
        for name, value in message["headers"]
    ]


class SecurityHeaders:
    """Pure ASGI middleware that adds the security headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _headers().items():
                    headers.setdefault(name, value)
                if scope.get("scheme") == "https":
                    _secure_cookies(message)
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)
