"""The README's four pictures of the console, of a real Oratio: `python docs/pictures/four_pages.py URL TOKEN AGENT`."""

import sys
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

from console.web.identity import COOKIE
from tests.console.support.browser import Watched, chromium

HERE = Path(__file__).parent
SIZE = {"width": 1280, "height": 860}


def main(base: str, token: str, agent: str) -> None:
    with chromium() as browser:
        for name, theme, path, act in (
            ("making", "light", f"/agent?id={agent}", _nothing),
            ("talking", "dark", f"/agent?id={agent}&section=Talk", _ask),
            ("knowledge", "light", f"/agent?id={agent}&section=Knowledge", _search),
            ("analytics", "dark", "/analytics", _nothing),
        ):
            context = browser.new_context(viewport=SIZE, color_scheme=theme)  # type: ignore[arg-type]
            context.add_cookies([{"name": COOKIE, "value": token, "url": base}])
            visitor = Watched(context, base)
            visitor.open(path)
            visitor.idle()
            act(visitor.page)
            visitor.idle()
            visitor.page.wait_for_timeout(1_500)
            picture = Image.open(BytesIO(visitor.page.screenshot())).convert("RGB").quantize(64)
            picture.save(HERE / f"console-{name}.png", optimize=True)
            context.close()


def _nothing(_page: Page) -> None:
    pass


def _ask(page: Page) -> None:
    page.get_by_test_id("stChatInputTextArea").fill("Which path covers picture and group messaging?")
    page.keyboard.press("Enter")
    page.get_by_text("Why it says that").wait_for()


def _search(page: Page) -> None:
    page.get_by_label("Try a search").fill("What do I check when picture messages fail?")
    page.get_by_role("button", name="Search", exact=True).click()
    page.get_by_text("Why: ").first.wait_for()


if __name__ == "__main__":
    main(*sys.argv[1:])
