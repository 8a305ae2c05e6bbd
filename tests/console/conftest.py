from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.console.support.browser import CHROMIUM, Watched, chromium
from tests.e2e.installation import Installation


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for a module: while Playwright runs, no test of the same process may use asyncio."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine")
    # A microphone that nobody has allowed.
    with chromium("--use-fake-device-for-media-stream") as started:
        yield started


@pytest.fixture(scope="session")
def token(oratio: Installation) -> str:
    return oratio.oratio("token").strip()


@pytest.fixture
def watched(browser: Browser, oratio: Installation) -> Iterator[Watched]:
    """A page of a browser of its own, which in the end must have stayed clean."""
    yield from _watched(browser, oratio)


@pytest.fixture
def operator(browser: Browser, oratio: Installation) -> Iterator[Watched]:
    """Another one."""
    yield from _watched(browser, oratio)


def _watched(browser: Browser, oratio: Installation) -> Iterator[Watched]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = Watched(context, f"http://127.0.0.1:{oratio.base + 2}", hosts=[f"127.0.0.1:{oratio.base + 1}"])
    yield page
    context.close()
    assert page.faults == []
