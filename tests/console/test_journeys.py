"""An operator's day in a real browser, against a whole Oratio."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from console.web.identity import COOKIE
from oratio.speech.local import weights
from tests.console.support.browser import CHROMIUM, Watched, chromium, launched
from tests.console.support.sound import microphone_of, recognised, tap
from tests.e2e.installation import Installation

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.xdist_group("e2e"),
    pytest.mark.timeout(600),
]

MADE_MS = 240_000
CALL_MS = 120_000
SAVED_MS = 3_000  # a draft is saved 1.2 s after the last key


def fill(page: Page, label: str, text: str) -> None:
    """Type into a field and leave it, as a person does."""
    field = page.get_by_role("textbox", name=label, exact=True)
    field.fill(text)
    field.blur()


def next_step(page: Page, field: str) -> None:
    """Go to the wizard's next step and wait for a field of it: two presses in one run of the page count as one."""
    page.locator(".st-key-step_next").get_by_role("button").click()
    page.get_by_label(field, exact=True).first.wait_for()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A Chromium whose microphone asks a question of the telecom documents."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine")
    if weights.missing_packages():
        pytest.skip("the speech packages are not installed")
    question = tmp_path_factory.mktemp("microphone") / "question.wav"
    # Asked again after a while: on a busy machine the first may come before anybody listens.
    asked = "Which path covers picture and group messaging?"
    with chromium(*microphone_of(question, asked, silence_after_s=45, again=True)) as started:
        yield started


@pytest.fixture(scope="module")
def agent(browser: Browser, oratio: Installation, token: str, telecom: Path) -> str:
    """The telecom agent, made in the console from the sample folder with descriptions; its id."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    watched = Watched(context, f"http://127.0.0.1:{oratio.base + 2}")
    page = watched.sign_in(token)
    page.locator(".st-key-new_agent").get_by_role("button").click()
    fill(page, "Name", "Telecom help")
    page.get_by_text("Voice calls").click()
    next_step(page, "When should the agent consult the documents?")

    page.get_by_label("Folder of documents").set_input_files(telecom)
    expect(page.get_by_text("7 of 7 files are there")).to_be_visible()
    page.get_by_label("Description of tech_support_manual.md").fill("What each check and each tool does")
    page.keyboard.press("Enter")
    page.get_by_label("Description of workflows/", exact=True).fill("Flow charts of the three troubleshooting paths")
    page.get_by_role("button", name="Leave out LICENSE").click()
    expect(page.get_by_label("Description of LICENSE")).to_have_count(0)
    expect(page.get_by_text("1 of 6 files described")).to_be_visible()
    fill(page, "When should the agent consult the documents?", "Any question about phone service, data or MMS")

    page.get_by_role("button", name="Back").click()
    page.get_by_role("textbox", name="Standard operating procedure (SOP)").wait_for()
    watched.idle()
    page.get_by_role("combobox", name="Or take a file of the folder").click()
    page.get_by_role("option", name="main_policy.md").click()
    page.get_by_role("button", name="Take it as SOP").click()
    expect(page.get_by_role("textbox", name="Standard operating procedure (SOP)")).to_have_value(
        re.compile("# Telecom Agent Policy")
    )

    next_step(page, "When should the agent consult the documents?")
    next_step(page, "When should a human take over?")
    fill(page, "When should a human take over?", "When the caller asks for a human or the problem cannot be solved")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("5 files", exact=False).first).to_be_visible()
    page.get_by_role("button", name="Create agent").click()

    expect(page.get_by_text("Version 1 is being made")).to_be_visible()
    expect(page.get_by_role("heading", name="Endpoints")).to_be_visible(timeout=MADE_MS)
    expect(page.get_by_text("7 of 7 steps")).to_be_visible()
    found = parse_qs(urlsplit(page.url).query)["id"][0]
    context.close()
    assert watched.faults == []
    return found


def test_agent_made_in_the_console_has_the_words_that_were_typed(oratio: Installation, agent: str) -> None:
    detail = oratio.json("agents", "show", agent)
    assert detail["status"] == "active"
    assert detail["folderFileDescriptions"] == {
        "tech_support_manual.md": "What each check and each tool does",
        "workflows": {"": "Flow charts of the three troubleshooting paths"},
    }
    assert detail["sop"].startswith("# Telecom Agent Policy")
    assert "main_policy.md" not in str(detail["folderFileDescriptions"])


def test_deep_link_survives_signing_in_and_signing_out_closes_it(watched: Watched, token: str, agent: str) -> None:
    address = f"/agent?id={agent}&section=Knowledge"
    page = watched.sign_in(token, address)
    expect(page.get_by_text("workflows/tech_support_path3_mms.pdf")).to_be_visible()
    assert "section=Knowledge" in page.url
    assert page.evaluate("document.cookie").find("oratio_token") < 0
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("Operator token").wait_for()
    watched.open(address)
    expect(page.get_by_label("Operator token")).to_be_visible()


def test_wrong_token_is_refused_on_the_same_page(watched: Watched, agent: str) -> None:
    page = watched.open(f"/agent?id={agent}")
    page.get_by_label("Operator token").fill("not.a.token")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Invalid or expired token")).to_be_visible()
    assert f"id={agent}" in page.url


def test_answer_shows_its_sources_and_the_lines_of_the_procedure(watched: Watched, token: str, agent: str) -> None:
    page = watched.sign_in(token, f"/agent?id={agent}&section=Talk")
    page.get_by_test_id("stChatInputTextArea").fill("Which path covers Picture/Group Messaging?")
    page.keyboard.press("Enter")
    expect(page.get_by_text("tech_support_path3_mms.pdf").first).to_be_visible()
    page.get_by_test_id("stChatInputTextArea").fill("I want to talk to a human")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Handed over:")).to_be_visible()
    page.get_by_test_id("stChatInputTextArea").fill("I want to pay my overdue bill")
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile(r"SOP line \d+")).first).to_be_visible()
    watched.section("Conversations")
    expect(page.get_by_text("handed over").first).to_be_visible()
    page.get_by_role("link", name="Open").first.click()
    expect(page.get_by_text("Picture/Group Messaging").first).to_be_visible()


def test_call_in_the_page_is_answered_aloud_with_its_sources(watched: Watched, token: str, agent: str) -> None:
    tap(watched.page.context)
    page = watched.sign_in(token, f"/agent?id={agent}&section=Talk")
    page.get_by_role("button", name="Call", exact=True).click()
    said = page.get_by_role("list", name="Transcript of the call").get_by_role("listitem")
    expect(said.filter(has_text="Caller").filter(has_text="messaging").first).to_be_visible(timeout=CALL_MS)
    expect(page.get_by_text("Why it said that").first).to_be_visible(timeout=CALL_MS)
    expect(page.get_by_text("tech_support_path3_mms.pdf").first).to_be_visible()
    expect(page.get_by_text("first sound after")).to_be_visible()
    expect(page.get_by_text("Listening", exact=True)).to_be_visible(timeout=CALL_MS)
    answer = said.filter(has_text="Agent").first.locator(".said").inner_text()
    page.get_by_role("button", name="Hang up").click()
    expect(page.get_by_text("You ended the call.")).to_be_visible()
    expected, heard = (set(re.findall(r"[a-z]{4,}", text.lower())) for text in (answer, recognised(page)))
    assert len(expected & heard) >= len(expected) / 2, (answer, heard)


def test_operator_takes_a_call_over_in_a_second_browser(
    watched: Watched, operator: Watched, token: str, agent: str
) -> None:
    caller = watched.sign_in(token, f"/agent?id={agent}&section=Talk")
    caller.get_by_role("button", name="Call without microphone").click()
    expect(caller.get_by_text("Listening", exact=True)).to_be_visible(timeout=CALL_MS)

    desk = operator.sign_in(token, "/live")
    desk.get_by_role("button", name="Open").first.click()
    desk.get_by_role("button", name="Listen", exact=True).click()
    expect(desk.get_by_text("Listening; the agent has the call")).to_be_visible()
    desk.get_by_label("Whisper to the agent").fill("Be brief")
    desk.keyboard.press("Enter")
    expect(desk.get_by_text("Whispered to the agent: Be brief")).to_be_visible()

    desk.get_by_role("button", name="Take over by keyboard").click()
    expect(desk.get_by_text("You have the call")).to_be_visible()
    expect(caller.get_by_text("A human has joined.")).to_be_visible()
    caller.get_by_label("Type to the agent").fill("Are you a person?")
    caller.keyboard.press("Enter")
    desk_says = desk.get_by_role("list", name="Transcript of the call").get_by_role("listitem")
    expect(desk_says.filter(has_text="Are you a person?")).to_be_visible()
    desk.get_by_label("Say to the caller").fill("Yes, I am Ada")
    desk.keyboard.press("Enter")
    expect(caller.get_by_text("Yes, I am Ada")).to_be_visible()

    desk.get_by_role("button", name="Hand back").click()
    expect(caller.get_by_text("The agent has the call again.")).to_be_visible()
    desk.get_by_role("button", name="End call").click()
    desk.get_by_role("button", name="Yes, end it for the caller").click()
    expect(caller.get_by_text("An operator ended the call.")).to_be_visible()
    expect(desk.get_by_text("No calls in progress")).to_be_visible()


def test_operator_takes_a_call_over_by_voice_and_is_heard(
    watched: Watched, browser: Browser, oratio: Installation, token: str, agent: str, tmp_path: Path
) -> None:
    tap(watched.page.context)
    caller = watched.sign_in(token, f"/agent?id={agent}&section=Talk")
    caller.get_by_role("button", name="Call without microphone").click()
    expect(caller.get_by_text("Listening", exact=True)).to_be_visible(timeout=CALL_MS)

    said = "Hello, this is the service desk. Please restart your telephone now."
    voice = microphone_of(tmp_path / "operator.wav", said, silence_before_s=2, silence_after_s=3, again=True)
    with launched(browser, *voice) as another:
        operator = Watched(another.new_context(), watched.base, hosts=[f"127.0.0.1:{oratio.base + 1}"])
        desk = operator.sign_in(token, "/live")
        desk.get_by_role("button", name="Open").first.click()
        desk.get_by_role("button", name="Listen", exact=True).click()
        desk.get_by_role("button", name="Take over by voice").click()
        expect(desk.get_by_text("You have the call: speak or type")).to_be_visible(timeout=CALL_MS)
        expect(caller.get_by_text("A human has joined.")).to_be_visible()
        wanted = set(re.findall(r"[a-z]{5,}", said.lower()))
        heard: set[str] = set()
        until = time.monotonic() + CALL_MS / 1000
        while len(wanted & heard) < len(wanted) / 2 and time.monotonic() < until:
            caller.wait_for_timeout(2_000)
            heard = set(re.findall(r"[a-z]{5,}", recognised(caller).lower()))
        desk.get_by_role("button", name="Hand back").click()
        expect(caller.get_by_text("The agent has the call again.")).to_be_visible()
        assert operator.faults == []
    caller.get_by_role("button", name="Hang up").click()
    assert len(wanted & heard) >= len(wanted) / 2, heard


def test_what_was_written_and_rehearsed_can_be_read(watched: Watched, token: str, agent: str) -> None:
    page = watched.sign_in(token, f"/agent?id={agent}&section=Generated+files")
    expect(page.get_by_text("def build_agent").first).to_be_visible()
    page.get_by_text("SOP coverage").click()
    expect(page.get_by_text("lines are used")).to_be_visible()
    watched.section("Rehearsal")
    expect(page.get_by_text("rehearsal passed")).to_be_visible()


def test_key_is_shown_once_and_can_be_revoked(watched: Watched, token: str, agent: str) -> None:
    page = watched.sign_in(token, f"/agent?id={agent}&section=Access")
    page.get_by_label("Name").fill("Web shop")
    page.get_by_role("button", name="Create key").click()
    key = page.get_by_text(re.compile(r"^orat_live_\w{50,}$"))
    expect(key).to_be_visible()
    page.get_by_role("button", name="Revoke").first.click()
    expect(key).to_have_count(0)
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("revoked", exact=True).first).to_be_visible()


def test_draft_survives_a_reload_in_the_middle_of_a_sentence(watched: Watched, token: str) -> None:
    page = watched.sign_in(token, "/create")
    field = page.get_by_role("textbox", name="Standard operating procedure (SOP)")
    field.press_sequentially("1. Say hello.")
    expect(page.get_by_text("13 of 100,000 characters")).to_be_visible()
    page.reload()
    expect(page.get_by_role("textbox", name="Standard operating procedure (SOP)")).to_have_value("1. Say hello.")


def test_ended_session_asks_to_sign_in_and_keeps_the_draft(watched: Watched, token: str) -> None:
    page = watched.sign_in(token, "/create")
    fill(page, "Name", "Half typed, then more")
    watched.idle()
    page.wait_for_timeout(SAVED_MS)
    ended = {"name": COOKIE, "value": token[:-8] + "AAAAAAAA", "url": watched.base}
    page.context.add_cookies([ended])  # type: ignore[list-item]
    page.reload()
    expect(page.get_by_text("Your session has expired")).to_be_visible()
    page.get_by_label("Operator token").fill(token)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("Name")).to_have_value("Half typed, then more")


def test_new_version_is_built_compared_and_rolled_back(watched: Watched, token: str, agent: str) -> None:
    page = watched.sign_in(token, f"/agent?id={agent}")
    page.get_by_role("button", name="New version").click()
    page.get_by_text("3 · Hand-off").click()
    fill(page, "When should a human take over?", "When the caller asks for a human, or reports a stolen phone")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Build version").click()
    expect(page.get_by_text("Version 2 is being made")).to_be_visible()
    expect(page.get_by_text("version 2", exact=True)).to_be_visible(timeout=MADE_MS)

    watched.section("Generated files")
    page.get_by_label("Compare with").click()
    page.get_by_role("option", name="1").click()
    expect(page.get_by_text("+++ version 2/agent_file.py").first).to_be_visible()
    watched.section("Versions")
    page.get_by_role("button", name="Roll back to it").click()
    page.get_by_role("button", name="Switch", exact=True).click()
    expect(page.get_by_text("version 1", exact=True)).to_be_visible()


@contextmanager
def nothing_can_be_written(oratio: Installation) -> Iterator[None]:
    """A plain file stands where generated code is kept: the step that writes it fails."""
    code = oratio.data / "objects" / "oratio-generated-code"
    aside = code.with_name("aside")
    code.rename(aside)
    code.touch()
    try:
        yield
    finally:
        code.unlink()
        aside.rename(code)


def test_broken_creation_is_retried_where_it_stopped_and_the_agent_deleted_by_its_name(
    watched: Watched, oratio: Installation, token: str, agent: str
) -> None:
    page = watched.sign_in(token)
    page.locator(".st-key-new_agent").get_by_role("button").click()
    page.get_by_role("button", name="Start over").click()
    page.get_by_role("button", name="Throw away").click()
    # What is typed while the old form still stands would be the old draft's.
    expect(page.get_by_role("dialog")).to_be_hidden()
    watched.idle()
    fill(page, "Name", "Short-lived")
    page.get_by_role("button", name="Use the example").click()
    page.get_by_role("button", name="Next").click()
    page.get_by_label("Files to add").set_input_files(
        {"name": "hours.md", "mimeType": "text/markdown", "buffer": b"# Hours\n\nOpen from nine to five on weekdays.\n"}
    )
    expect(page.get_by_text("1 of 1 files are there")).to_be_visible()
    fill(page, "When should the agent consult the documents?", "For opening hours")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="It never hands over").click()
    page.get_by_role("button", name="Next").click()
    with nothing_can_be_written(oratio):
        page.get_by_role("button", name="Create agent").click()
        expect(page.get_by_text("Write the agent failed")).to_be_visible(timeout=MADE_MS)
        expect(page.get_by_text("What was tried")).to_be_visible()
    page.get_by_role("button", name="Retry from this step").click()
    expect(page.get_by_text("7 of 7 steps")).to_be_visible(timeout=MADE_MS)
    expect(page.get_by_text("started again, attempt 2").first).to_be_visible()
    watched.section("Settings")
    delete = page.get_by_role("button", name="Delete agent")
    expect(delete).to_be_disabled()
    fill(page, "Type the agent's name to delete it", "Short-lived")
    delete.click()
    expect(page.get_by_role("heading", name="Agents")).to_be_visible()
    expect(page.get_by_text("Short-lived", exact=True)).to_have_count(0, timeout=MADE_MS)
