"""A Chromium that notes what must not happen: console errors, failed requests, requests to other hosts."""

import contextlib
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    expect,
    sync_playwright,
)

WAIT_MS = 60_000
expect.set_options(timeout=WAIT_MS)
_ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@contextlib.contextmanager
def chromium(*arguments: str) -> Iterator[Browser]:
    assert CHROMIUM
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*_ARGUMENTS, *arguments])
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def launched(beside: Browser, *arguments: str) -> Iterator[Browser]:
    """Another Chromium, with a microphone of its own, of the Playwright that runs already."""
    browser = beside.browser_type.launch(executable_path=CHROMIUM, args=[*_ARGUMENTS, *arguments])
    try:
        yield browser
    finally:
        browser.close()


_IN_THEME = """name => {
  const style = getComputedStyle(document.querySelector('[data-testid=stApp]'));
  const [red, green, blue] = style.backgroundColor.match(/[0-9]+/g).map(Number);
  return (red + green + blue < 384) === (name === 'dark');
}"""
_STILL = """document.addEventListener("DOMContentLoaded", () => {
  const style = document.createElement("style");
  style.textContent = "*, *::before, *::after { transition: none !important }";
  document.head.append(style);
})"""
_FADED = "() => !document.getAnimations().some(one => one instanceof CSSTransition && one.playState === 'running')"


class Watched:
    """One page and its misdeeds."""

    def __init__(self, context: BrowserContext, base: str, *, hosts: Collection[str] = ()) -> None:
        """`hosts`: others that may be asked, as `name:port`."""
        self.base = base
        self._hosts = {urlsplit(base).netloc, *hosts}
        self.faults: list[str] = []
        self.page: Page = context.new_page()
        self.page.set_default_timeout(WAIT_MS)
        self.page.on("console", self._said)
        self.page.on("request", self._asked)
        self.page.on("response", self._answered)
        self.page.on("pageerror", lambda error: self.faults.append(f"script error: {error}"))

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.faults.append(f"console: {message.text}")

    def _asked(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in ("http", "https", "ws", "wss") and address.netloc not in self._hosts:
            self.faults.append(f"foreign host: {request.url}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self.faults.append(f"{response.status}: {response.url}")

    def open(self, path: str = "/") -> Page:
        self.page.goto(self.base + path)
        return self.page

    def sign_in(self, token: str, path: str = "/") -> Page:
        """Open a page signed out, and sign in there."""
        self.open(path)
        self.page.get_by_label("Operator token").fill(token)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.get_by_role("button", name="Sign out").wait_for()
        return self.page

    def section(self, name: str) -> None:
        """Go to a section of the agent's page."""
        self.page.locator(".st-key-section").get_by_text(name, exact=True).click()
        self.idle()

    def theme(self, name: Literal["light", "dark"]) -> None:
        self.page.emulate_media(color_scheme=name)
        self.page.wait_for_function(_IN_THEME, arg=name, timeout=WAIT_MS)
        # The last of the page's parts follow, and where colours may fade over they do.
        self.page.wait_for_timeout(150)
        self.page.wait_for_function(_FADED, timeout=WAIT_MS)

    def still(self) -> None:
        """From its next page on nothing fades or moves."""
        self.page.add_init_script(_STILL)

    def picture(self, file: Path) -> None:
        """The whole page as far as it goes, at most two screens."""
        height = self.page.evaluate("document.querySelector('[data-testid=stMain]')?.scrollHeight ?? 800")
        self.page.set_viewport_size({"width": 1280, "height": min(max(800, height), 1600)})
        self.page.wait_for_timeout(300)
        self.page.screenshot(path=file, scale="css")
        self.page.set_viewport_size({"width": 1280, "height": 800})

    def idle(self) -> None:
        app = self.page.get_by_test_id("stApp")
        expect(app).to_have_attribute("data-test-script-state", "notRunning", timeout=WAIT_MS)
