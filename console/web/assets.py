"""Streamlit's own files from memory: a first visit asks for more than a hundred, most of them tiny.

Streamlit reads each from the disk for every visitor, through two threads, uncompressed.
"""

import gzip
import mimetypes
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import streamlit
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

ROOT = Path(streamlit.__file__).parent / "static"
_PREFIX = "/static/"
_COMPRESSED = {".js", ".css", ".svg"}
_IMPORT = re.compile(rb"""(?:from|import)["']\./([\w.-]+\.js)["']""")
# Parts of every page of ours; a browser would learn of each only from the page's first messages.
_PARTS = ("PageLink", "BidiComponent", "Button", "Html", "TextInput", "Selectbox")
# Names hold a hash of the content.
_FOREVER = {"Cache-Control": "public, immutable, max-age=31536000", "Vary": "Accept-Encoding"}


class Assets:
    """Pure ASGI middleware; unknown addresses go to the application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._known: dict[tuple[str, bool], Response] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self._answer(scope) if scope["type"] == "http" and scope["method"] == "GET" else None
        await (answer or self._app)(scope, receive, send)

    def _answer(self, scope: Scope) -> Response | None:
        path: str = scope["path"]
        if not path.startswith(_PREFIX):
            return None
        headers = Headers(scope=scope)
        if "range" in headers:
            return None
        packed = "gzip" in headers.get("accept-encoding", "")
        if (path, packed) not in self._known:
            file = (ROOT / path.lstrip("/")).resolve()
            if not file.is_relative_to(ROOT) or not file.is_file():
                return None
            self._known[path, packed] = _response(file, packed)
        return self._known[path, packed]


def _response(file: Path, packed: bool) -> Response:
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    if packed and file.suffix in _COMPRESSED:
        content = gzip.compress(file.read_bytes(), 6, mtime=0)
        return Response(content, media_type=kind, headers=_FOREVER | {"Content-Encoding": "gzip"})
    return Response(file.read_bytes(), media_type=kind, headers=_FOREVER)


@cache
def preloads() -> tuple[str, ...]:
    """Return addresses of the scripts that our pages need in addition to those in Streamlit's document."""
    scripts = ROOT / "static" / "js"
    waiting = [file.name for part in _PARTS for file in scripts.glob(f"{part}.*.js")]
    found: dict[str, None] = {}
    while waiting:
        if (name := waiting.pop()) not in found and (scripts / name).is_file():
            found[name] = None
            waiting += _imports((scripts / name).read_bytes())
    return tuple(f"/static/js/{name}" for name in sorted(found))


def _imports(script: bytes) -> Iterable[str]:
    return (name.decode() for name in _IMPORT.findall(script))
