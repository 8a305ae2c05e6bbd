"""Operators who sign in at an outside provider: a real provider process, a real console, a browser."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import jwt
import pytest
from playwright.sync_api import Browser, expect

from tests.console.support.browser import Watched
from tests.console.support.fake_api import agent, problem
from tests.console.support.stage import ConsoleStage, stage
from tests.e2e.installation import free_base

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("stage"), pytest.mark.timeout(180)]

DEEP = "/conversations?outcome=handed_off"


@contextmanager
def a_provider() -> Iterator[str]:
    """The address of an OIDC provider process."""
    port = free_base()
    process = subprocess.Popen(
        [sys.executable, "-m", "oidc_provider_mock", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    issuer = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                if httpx.get(f"{issuer}/.well-known/openid-configuration").is_success:
                    break
            except httpx.HTTPError:
                time.sleep(0.1)
        yield issuer
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    with a_provider() as issuer:
        yield issuer


@pytest.fixture(scope="module")
def console(provider: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleStage]:
    data = tmp_path_factory.mktemp("console")
    secret = {"ORATIO_CONSOLE_OIDC_CLIENT_SECRET": "of-the-console"}
    with stage(data, environment=secret, jwt_issuer=provider, console_oidc_client_id="oratio-console") as started:
        keys = jwt.PyJWKClient(httpx.get(f"{provider}/.well-known/openid-configuration").json()["jwks_uri"])
        started.api.accepts = lambda token: _holds(token, keys, provider)
        started.api.add(agent("a"))
        yield started


def _holds(token: str, keys: jwt.PyJWKClient, issuer: str) -> bool:
    """What the real API checks of a provider's token."""
    try:
        key = keys.get_signing_key_from_jwt(token)
        claims = jwt.decode(token, key, ["RS256"], audience="oratio-console", issuer=issuer)
    except jwt.PyJWTError:
        return False
    return bool(claims["sub"] == "ada")


def authorize(visitor: Watched) -> None:
    visitor.page.get_by_role("button", name="Sign in").click()
    visitor.page.get_by_label("sub").fill("ada")
    visitor.page.get_by_role("button", name="Authorize", exact=True).click()
    visitor.page.get_by_role("button", name="Sign out").wait_for()


def test_signing_in_leads_back_to_the_deep_link_and_a_refused_token_asks_again(
    console: ConsoleStage, browser: Browser, provider: str
) -> None:
    with console.visitor(browser, clean=False) as visitor:
        visitor.page.context.clear_cookies()
        visitor.open(DEEP)
        authorize(visitor)
        assert visitor.page.url == console.base + DEEP
        assert "_streamlit_user" not in visitor.page.evaluate("document.cookie")

        visitor.open("/agent?id=a")
        expect(visitor.page.get_by_role("heading", name="Agent a")).to_be_visible()
        assert visitor.page.request.get(f"{console.base}/conversations/none/audio").status == 404

        console.api.broken = lambda _request: problem(401, "not_authenticated")
        visitor.page.reload()
        expect(visitor.page.get_by_text("Your session has expired")).to_be_visible()
        console.api.broken = None
        authorize(visitor)
        assert visitor.page.url == f"{console.base}/agent?id=a"


def test_own_sign_in_form_is_not_there(console: ConsoleStage) -> None:
    assert httpx.post(f"{console.base}/session/sign-in", data={"token": "x"}).status_code == 404
