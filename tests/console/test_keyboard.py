"""Everything an operator does to make an agent and talk with it, with the keyboard alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from oratio.domain.agents.agent import AgentStatus
from tests.console.support.browser import Watched
from tests.console.support.fake_api import TOKEN, agent
from tests.console.support.stage import ConsoleStage, stage

# Keys come faster than any person's, and a page under load falls behind them: not beside other tests.
pytestmark = [pytest.mark.browser, pytest.mark.soak, pytest.mark.xdist_group("stage"), pytest.mark.timeout(300)]

MOST_STOPS = 60
# The element that has the focus, however deep in shadow roots, by the name that is read out, and whether it is marked.
_FOCUSED = """() => {
  let here = document.activeElement;
  while (here?.shadowRoot?.activeElement) here = here.shadowRoot.activeElement;
  const style = getComputedStyle(here), name = here.getAttribute('aria-label') || here.labels?.[0]?.innerText;
  return [name || here.innerText || here.value || here.tagName, here.matches(':focus-visible')];
}"""


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleStage]:
    with stage(tmp_path_factory.mktemp("console")) as started:
        yield started


@pytest.fixture
def visitor(browser: Browser, console: ConsoleStage) -> Iterator[Watched]:
    with console.visitor(browser) as visiting:
        visiting.page.context.clear_cookies()
        yield visiting


def tab_to(page: Page, name: str, *, back: bool = False) -> None:
    """Press Tab until the element of that name has the focus, which must be marked."""
    passed = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        here, marked = page.evaluate(_FOCUSED)
        passed.append(here[:40])
        if name in here and len(here) < len(name) + 40:  # not a part of the page that holds it
            assert marked, f"nothing shows that {name} has the focus"
            return
    raise AssertionError(f"Tab does not lead to {name}: {passed}")


def press(watched: Watched, name: str, then: Locator) -> None:
    """Press a button, and wait for what comes of it."""
    tab_to(watched.page, name)
    watched.page.keyboard.press("Enter")
    then.wait_for()
    watched.idle()


def write(watched: Watched, name: str, text: str) -> None:
    tab_to(watched.page, name)
    watched.page.keyboard.type(text)


def test_agent_is_made_and_talked_with_by_keyboard_alone(
    console: ConsoleStage, visitor: Watched, tmp_path: Path
) -> None:
    console.fresh()
    page = visitor.open("/create")
    page.get_by_label("Operator token").wait_for()
    write(visitor, "Operator token", TOKEN)
    page.keyboard.press("Enter")
    page.get_by_role("textbox", name="Name").wait_for()
    visitor.idle()

    write(visitor, "Name", "Lamp shop")
    tab_to(page, "Text chat")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    press(visitor, "Use the example", page.get_by_text("350 of 100,000 characters"))
    press(visitor, "Next", page.get_by_role("button", name="Choose a folder"))

    (tmp_path / "shop").mkdir()
    for name in ("returns.md", "lamps.md"):
        (tmp_path / "shop" / name).write_text(f"# About {name}\n")
    # Told early: the browser is asked to hand choosers over beside what follows, and Enter may be faster.
    page.on("filechooser", lambda _chooser: None)
    tab_to(page, "Choose a folder")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(tmp_path / "shop")
    expect(page.get_by_text("2 of 2 files are there")).to_be_visible()
    visitor.idle()
    write(visitor, "When should the agent consult the documents?", "For returns")
    page.keyboard.press("Control+Enter")
    visitor.idle()
    tab_to(page, "Close all")
    page.keyboard.press("Tab")  # one stop for the whole tree; the arrows go on from there
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.type("How goods come back")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 of 2 files described")).to_be_visible()
    press(visitor, "Next", page.get_by_role("button", name="It never hands over"))
    press(visitor, "It never hands over", page.get_by_text("check_circle when to hand over"))
    press(visitor, "Next", page.get_by_role("button", name="Create agent"))
    press(visitor, "Create agent", page.get_by_role("heading", name="is being made"))
    assert b"How goods come back" in console.api.called("POST", "/api/agents")[0]
    console.api.add(agent("made", AgentStatus.ACTIVE))
    page.get_by_role("heading", name="Endpoints").wait_for()
    visitor.idle()
    tab_to(page, "Overview")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.get_by_test_id("stChatInputTextArea").wait_for()
    visitor.idle()
    write(visitor, "Ask the agent", "Can I return it?")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Why it says that")).to_be_visible()
