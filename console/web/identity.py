"""Identity of a browser: the operator's token, from our own cookie or from an outside provider's sign-in.

With a provider (`ORATIO_CONSOLE_OIDC_CLIENT_ID`), Streamlit signs in and keeps the tokens in HttpOnly cookies signed
with a secret of ours, so the script and our own routes read them the same way. The API judges the token either way.
"""

import json
import os
import secrets
from collections.abc import Mapping
from functools import cache
from typing import Any

from streamlit.auth_util import get_cookie_with_chunks
from streamlit.web.server.server_util import TOKENS_COOKIE_NAME
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value

from console.backend import settings
from oratio.errors import FieldProblem, InvalidInput

COOKIE = "oratio_token"
RETURN_COOKIE = "oratio_return"
"""The page that asked for a sign-in at a provider, which leads back to `/`; kept for ten minutes."""


def by_provider() -> bool:
    """Return True if an outside provider signs operators in."""
    return settings().console.console_oidc_client_id is not None


def token_of(cookies: Mapping[str, str]) -> str:
    """Return the token in a request's cookies, or `""`."""
    if not by_provider():
        return cookies.get(COOKIE, "")

    def part(name: str) -> bytes | None:
        value = cookies.get(name)
        return decode_signed_value(_cookie_secret(), name, value.encode("latin-1")) if value else None

    held = get_cookie_with_chunks(part, TOKENS_COOKIE_NAME)
    try:
        return str(json.loads(held or b"{}").get(f"{settings().console.console_oidc_token}_token") or "")
    except (ValueError, AttributeError):
        return ""


def provider_secrets() -> dict[str, Any] | None:
    """Return the settings of `st.login`; None where operators sign in by a token of the embedded issuer.

    Raises:
        InvalidInput: The settings of the provider are not complete.
    """
    if not by_provider():
        return None
    known = settings()
    missing = [name for name in ("jwt_issuer", "console_oidc_client_secret") if known.value(name) is None]
    if missing:
        named = ", ".join(f"ORATIO_{name.upper()}" for name in missing)
        raise InvalidInput(f"the console's sign-in also needs {named}", [FieldProblem((missing[0],), "is not set")])
    assert known.identity.jwt_issuer
    assert known.console.console_oidc_client_secret
    address = (known.server.console_url or known.local_url("console")).rstrip("/")
    return {
        "auth": {
            "redirect_uri": f"{address}/oauth2callback",
            "cookie_secret": _cookie_secret(),
            "client_id": known.console.console_oidc_client_id,
            "client_secret": known.console.console_oidc_client_secret.get_secret_value(),
            "server_metadata_url": f"{known.identity.jwt_issuer.rstrip('/')}/.well-known/openid-configuration",
            "expose_tokens": ["id", "access"],
        }
    }


@cache
def _cookie_secret() -> str:
    """Return the secret that signs the cookies: a setting where there are several consoles, else a file of ours."""
    if given := settings().console.console_cookie_secret:
        return given.get_secret_value()
    file = settings().data / "console" / "cookie.key"
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as target:
            target.write(secrets.token_hex(32))
    except FileExistsError:
        pass
    return file.read_text()
