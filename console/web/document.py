"""HTML of the page: Streamlit's own, with its server's address set.

Without that the page looks for the server below its own path first, and each deep link opens with two 404s.
"""

import base64
import hashlib
import re
from functools import cache
from typing import NamedTuple
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from console.pages import own_address
from console.web.assets import ROOT, preloads
from console.web.identity import RETURN_COOKIE, by_provider, token_of

_BOOT = "window.__streamlit = {BACKEND_BASE_URL: location.origin + '/', MAIN_PAGE_BASE_URL: location.origin + '/'};"
_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_FAVICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#0f5fa8"/>'
    '<g stroke="#fff" stroke-width="3" stroke-linecap="round"><path d="M8 13v6M13 8v16M19 11v10M24 14v4"/></g></svg>'
)


class PageDocument(NamedTuple):
    """HTML and the CSP hashes of its inline scripts."""

    html: str
    script_hashes: tuple[str, ...]


def rewritten(html: str) -> PageDocument:
    """Return Streamlit's document with our title and icon, and the server's address before its first script."""
    html = re.sub(r"<title>.*?</title>", "<title>Oratio</title>", html, count=1)
    html = html.replace('href="./favicon.png"', 'href="/favicon.svg" type="image/svg+xml"', 1)
    html = html.replace("<script", f"<script>{_BOOT}</script>\n    <script", 1)
    # Deep links are one level below the root only, but an absolute address holds for any.
    html = re.sub(r'((?:src|href)=")\./', r"\1/", html)
    ahead = "".join(f'<link rel="modulepreload" href="{path}">' for path in preloads() if f'"{path}"' not in html)
    html = html.replace("</head>", f"{ahead}</head>", 1)
    digests = (hashlib.sha256(text.encode()).digest() for text in _INLINE_SCRIPT.findall(html))
    return PageDocument(html, tuple(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests))


@cache
def current() -> PageDocument:
    """Return the installed Streamlit's document, rewritten."""
    return rewritten((ROOT / "index.html").read_text())


async def document(request: Request) -> Response:
    """Serve the page; after a sign-in at a provider, the one that asked for it."""
    back = own_address(unquote(request.cookies.get(RETURN_COOKIE, "")))
    if request.url.path == "/" and back != "/" and by_provider() and token_of(request.cookies):
        response: Response = RedirectResponse(back, status_code=303)
        response.delete_cookie(RETURN_COOKIE)
        return response
    return HTMLResponse(current().html, headers={"Cache-Control": "no-cache"})


async def home(request: Request) -> Response:
    """Serve the first page, which has no name in Streamlit's addresses."""
    return RedirectResponse(request.url.replace(path="/"), status_code=307)


async def favicon(_request: Request) -> Response:
    return Response(_FAVICON, media_type="image/svg+xml", headers={"Cache-Control": "public, max-age=86400"})
