"""A person who has no manual: from the sign-in to talking with an agent made of the telecom folder, and to a live call.

A whole Oratio and a browser. A person is slower than the driver: each look at a page counts `LOOK_S`, each key `KEY_S`.
"""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, expect

from benchmarks import Row
from tests.console.support.browser import CHROMIUM, Watched, chromium
from tests.e2e.installation import TELECOM, Installation

LOOK_S, KEY_S = 4.0, 0.2
FIVE_MINUTES_S = 300.0
MADE_MS = 600_000
WHEN = "Any question about phone service, mobile data or picture messages"
WHO = "When the caller asks for a human or the problem cannot be solved"


class Person:
    """Somebody at the keyboard: what they did, and how long it took them."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.own_s = 0.0
        self.machine_s = 0.0

    @contextmanager
    def looks(self, keys: int = 0) -> Iterator[None]:
        """One thing done, after a look; until the page has answered."""
        begun = time.perf_counter()
        yield
        self.machine_s += time.perf_counter() - begun
        self.own_s += LOOK_S + keys * KEY_S

    def presses(self, name: str) -> None:
        with self.looks():
            self.page.get_by_role("button", name=name, exact=True).first.click()

    def types(self, label: str, text: str) -> None:
        with self.looks(len(text)):
            field = self.page.get_by_role("textbox", name=label)
            field.fill(text)
            field.blur()


def run() -> Iterator[Row]:
    if CHROMIUM is None:
        return
    with tempfile.TemporaryDirectory() as scratch:
        oratio = Installation(Path(scratch) / "data")
        oratio.up()
        try:
            with chromium("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream") as browser:
                base = f"http://127.0.0.1:{oratio.base + 2}"
                visitor = Watched(browser.new_context(viewport={"width": 1280, "height": 860}), base)
                yield from _first_agent(visitor, oratio.oratio("token").strip())
                yield from _calls(visitor)
        finally:
            oratio.down()


def _first_agent(visitor: Watched, token: str) -> Iterator[Row]:
    person, page = Person(visitor.page), visitor.page
    with person.looks(10):  # the command that prints the token; the token itself is pasted
        visitor.sign_in(token)
    person.presses("Make the first one")
    person.types("Name", "Telecom support")
    with person.looks():
        page.get_by_text("Voice calls").click()
    person.presses("Next")
    with person.looks():
        page.get_by_label("Folder of documents").set_input_files(TELECOM)
        expect(page.get_by_text("7 of 7 files are there")).to_be_visible()
    person.types("When should the agent consult the documents?", WHEN)
    person.types("Description of tech_support_manual.md", "What each check and each tool does")
    person.presses("Back")
    with person.looks():
        page.get_by_role("combobox", name="Or take a file of the folder").click()
        page.get_by_role("option", name="main_policy.md").click()
    person.presses("Take it as SOP, and leave it out of the knowledge")
    visitor.idle()
    person.presses("Next")
    page.get_by_role("button", name="Export JSON").wait_for()
    person.presses("Next")
    person.types("When should a human take over?", WHO)
    person.presses("Next")
    person.presses("Create agent")
    begun = time.perf_counter()
    page.get_by_role("heading", name="Endpoints").wait_for(timeout=MADE_MS)
    made_s = time.perf_counter() - begun
    with person.looks():
        page.locator(".st-key-section").get_by_text("Talk", exact=True).click()
        page.get_by_test_id("stChatInputTextArea").wait_for()
    question = "Which path covers picture messages?"
    with person.looks(len(question)):
        page.get_by_test_id("stChatInputTextArea").fill(question)
        page.keyboard.press("Enter")
        page.get_by_text("Why it says that").wait_for()
    note = f"{person.machine_s:.0f} s of it the pages', the rest {LOOK_S:g} s a look and {KEY_S:g} s a key"
    yield Row("from sign-in to an answer, own time", person.own_s + person.machine_s, "s", FIVE_MINUTES_S, note=note)
    yield Row("the agent was being made meanwhile", made_s, "s", note="nobody need wait for it")


def _calls(visitor: Watched) -> Iterator[Row]:
    page, waits = visitor.page, []
    for _ in range(4):
        begun = time.perf_counter()
        page.get_by_role("button", name="Call", exact=True).click()
        page.get_by_role("button", name="Hang up").wait_for()
        page.get_by_text("Listening", exact=True).or_(page.get_by_text("Speaking", exact=True)).first.wait_for()
        waits.append(time.perf_counter() - begun)
        page.get_by_role("button", name="Hang up").click()
        page.get_by_text("You ended the call.").wait_for()
    yield Row("click to live call, the first", waits[0], "s", note="the speech models start with it")
    yield Row("click to live call, median of those after it", sorted(waits[1:])[1], "s", 1.0)
