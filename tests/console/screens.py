"""Pictures of every page in both themes, from a browser: `python -m tests.console.screens`.

Starts an Oratio of its own, makes the sample agent in it, and writes small PNGs to `tests/console/screens/`.
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Literal
from urllib.parse import urlencode

from playwright.sync_api import Browser, Page

from tests.console.browser import CHROMIUM, Watched, chromium
from tests.e2e.installation import TELECOM, Installation

FOLDER = Path(__file__).parent / "screens"
SIZE = {"width": 1280, "height": 800}
SECTIONS = (
    "Overview", "Talk", "Knowledge", "Generated files", "Rehearsal", "Versions", "Conversations", "Access", "Settings",
)  # fmt: skip
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def main() -> int:
    if CHROMIUM is None:
        sys.stderr.write("there is no Chromium on this machine\n")
        return 1
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as data, chromium() as browser:
        oratio = Installation(Path(data) / "data")
        try:
            oratio.up()
            _pictures(browser, oratio)
        finally:
            oratio.down()
    return 0


def _pictures(browser: Browser, oratio: Installation) -> None:
    token = oratio.oratio("token").strip()
    first = True
    agent = ""
    for theme in THEMES:
        context = browser.new_context(viewport=SIZE, color_scheme=theme)  # type: ignore[arg-type]
        watched = Watched(context, f"http://127.0.0.1:{oratio.base + 2}")
        shot = _taker(watched, theme)
        watched.open("/")
        watched.page.get_by_label("Operator token").wait_for()
        shot("sign-in")
        watched.sign_in(token)
        if first:
            shot("agents-empty")
            _form(watched.page, shot)
            oratio.json(*oratio.create(TELECOM, "--exclude", "main_policy.md", "--exclude", "LICENSE", "--no-wait"))
            agent = oratio.json("agents", "list")["agents"][0]["agentId"]
            watched.open(f"/agent?id={agent}")
            watched.page.get_by_text("is being made").wait_for()
            shot("creating")
            watched.page.get_by_role("heading", name="Endpoints").wait_for(timeout=240_000)
            for question in ("Which path covers Picture/Group Messaging?", "I want to talk to a human"):
                oratio.oratio("ask", agent, question)
        watched.open("/")
        watched.page.get_by_text("Telecom").first.wait_for()
        shot("agents")
        for section in SECTIONS:
            watched.open(f"/agent?{urlencode({'id': agent, 'section': section})}")
            watched.page.get_by_role("heading", name="Telecom").wait_for()
            if section == "Talk":
                watched.page.get_by_test_id("stChatInputTextArea").fill("Which path covers Picture/Group Messaging?")
                watched.page.keyboard.press("Enter")
                watched.page.get_by_text("Why it says that").wait_for()
            shot(section.split()[0].lower())
        watched.section("Conversations")
        watched.page.get_by_role("link", name="Open").first.click()
        watched.page.get_by_text("Conversation of").wait_for()
        shot("conversation")
        watched.open("/system")
        watched.page.get_by_role("heading", name="Health").wait_for()
        shot("health")
        watched.open("/agent?id=gone")
        watched.page.get_by_text("There is no such agent").wait_for()
        shot("not-found")
        if not first:
            _form(watched.page, shot)
        first = False
        context.close()


def _form(page: Page, shot: Callable[[str], None]) -> None:
    """The four steps, with the telecom folder chosen."""
    page.goto(page.url.split("/", 3)[0] + "//" + page.url.split("/")[2] + "/create")
    page.get_by_role("textbox", name="Name").wait_for()
    shot("create-basics")
    page.get_by_role("button", name="Next").click()
    page.get_by_label("Folder of documents").set_input_files(TELECOM)
    page.get_by_label("Description of tech_support_manual.md").fill("What each check and each tool does")
    page.keyboard.press("Enter")
    shot("create-knowledge")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("textbox", name="When should a human take over?").wait_for()
    shot("create-handoff")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Create agent").wait_for()
    shot("create-review")


def _taker(watched: Watched, theme: str) -> Callable[[str], None]:
    def shot(name: str) -> None:
        watched.idle()
        # Streamlit fades new parts in.
        watched.page.wait_for_timeout(500)
        watched.page.screenshot(path=FOLDER / f"{name}-{theme}.png", scale="css")

    return shot


if __name__ == "__main__":
    sys.exit(main())
