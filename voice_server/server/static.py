"""What the voice server hands to browsers: the voice module, the widget, and a page to try them on."""

from collections.abc import Mapping
from functools import cache
from urllib.parse import urlsplit

from oratio import web

_SCRIPT, _PAGE, _STYLE = "text/javascript; charset=utf-8", "text/html; charset=utf-8", "text/css; charset=utf-8"
_COMMON = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"}
# Other people's pages load these.
_SHARED = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_OWN = {"Content-Security-Policy": _POLICY, "Permissions-Policy": "microphone=(self), camera=(), geolocation=()"}


@cache
def _pages() -> Mapping[str, tuple[str, str, Mapping[str, str]]]:
    page, script, style = web.demo()
    return {
        "/oratio-voice.js": (web.voice_module(), _SCRIPT, _SHARED),
        "/oratio-voice-worklet.js": (web.worklet(), _SCRIPT, _SHARED),
        "/widget.js": (web.widget(), _SCRIPT, _SHARED),
        "/demo": (page, _PAGE, _OWN),
        "/demo.js": (script, _SCRIPT, {}),
        "/demo.css": (style, _STYLE, {}),
    }


def page(path: str) -> tuple[bytes, dict[str, str]] | None:
    """The body and headers of a page or script, None where there is none."""
    found = _pages().get(urlsplit(path).path)
    if found is None:
        return None
    body, kind, extra = found
    return body.encode(), {"Content-Type": kind, "Cache-Control": "max-age=300", **_COMMON, **extra}
