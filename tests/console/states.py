"""Every page of the console in every state it can be in, each brought about as it would come about."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlencode

import httpx
from playwright.sync_api import Page

from oratio.domain.agent import AgentStatus
from oratio.domain.brief import AgentType
from oratio.domain.conversation import Channel, Conversation
from oratio.domain.knowledge_base import DocumentProblem
from tests.console.browser import Watched
from tests.console.fake_api import HANDOFF, NOW, SOP, FakeApi, a_live_call, agent, problem, refused_connection
from tests.console.stage import Stage

SECTIONS = (
    "Overview", "Talk", "Knowledge", "Generated files", "Rehearsal", "Versions", "Conversations", "Access", "Settings",
)  # fmt: skip


@dataclass(frozen=True)
class Scene:
    """Where a state is set up: the stage, and a visitor's browser."""

    stage: Stage
    visitor: Watched

    @property
    def api(self) -> FakeApi:
        return self.stage.api

    @property
    def page(self) -> Page:
        return self.visitor.page

    def open(self, path: str, **query: str) -> Page:
        page = self.visitor.open(f"{path}?{urlencode(query)}" if query else path)
        self.visitor.idle()
        return page

    def see(self, text: str) -> None:
        self.page.get_by_text(text).first.wait_for()

    @contextmanager
    def noted(self) -> Iterator[None]:
        """While this lasts, refusals that a browser notes of its own requests are no faults."""
        before = list(self.visitor.faults)
        yield
        self.visitor.faults[:] = before

    def draft(self, *files: str, **fields: object) -> str:
        """A draft as it stands on the disk; its id."""
        draft = self.stage.drafts.start("operator", **fields)
        for path in files:
            place = self.stage.drafts.place("operator", draft.draft_id, path)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(f"# About {path}\n")
        return draft.draft_id


type Setup = Callable[[Scene], None]
STATES: dict[str, Setup] = {}


def state(name: str) -> Callable[[Setup], Setup]:
    def keep(setup: Setup) -> Setup:
        STATES[name] = setup
        return setup

    return keep


@state("sign-in")
def _(scene: Scene) -> None:
    scene.page.context.clear_cookies()
    scene.open("/")
    scene.see("Sign in to Oratio")


@state("sign-in-refused")
def _(scene: Scene) -> None:
    scene.page.context.clear_cookies()
    scene.open("/", signin="refused")
    scene.see("not valid")


@state("session-ended")
def _(scene: Scene) -> None:
    scene.api.broken = lambda _request: problem(401, "not_authenticated")
    scene.open("/")
    scene.see("Your session has expired")


@state("agents-none")
def _(scene: Scene) -> None:
    scene.open("/")
    scene.see("No agent yet")


@state("agents")
def _(scene: Scene) -> None:
    for status in AgentStatus:
        scene.api.add(agent(f"{status}", status))
    scene.open("/")
    scene.see("Agent failed")


@state("agents-no-match")
def _(scene: Scene) -> None:
    scene.api.add(agent("a"))
    scene.open("/")
    scene.page.get_by_label("Search").fill("nobody")
    scene.page.keyboard.press("Enter")
    scene.see("No agent matches")


@state("api-down")
def _(scene: Scene) -> None:
    scene.api.broken = refused_connection
    scene.open("/")
    scene.see("The Oratio API does not answer")


@state("api-down-later")
def _(scene: Scene) -> None:
    scene.api.add(agent("a", AgentStatus.CREATING))
    scene.open("/")
    scene.see("Agent a")
    scene.api.broken = refused_connection
    scene.see("This is what it said")


@state("api-failing")
def _(scene: Scene) -> None:
    scene.api.add(agent("a"))
    scene.api.refusals["GET", "/api/agents/a/versions/1"] = httpx.Response(500, json={"code": "x", "detail": "no"})
    scene.open("/agent", id="a", section="Knowledge")
    scene.page.get_by_role("button", name="Try again").wait_for()


@state("fault-in-one-part")
def _(scene: Scene) -> None:
    scene.api.add(agent("a"))
    scene.api.nonsense = True
    scene.open("/agent", id="a", section="Generated files")
    scene.page.get_by_text("SOP coverage").click()
    scene.see("Something went wrong in this part")
    scene.page.get_by_role("heading", name="Agent a").wait_for()


@state("create-basics")
def _(scene: Scene) -> None:
    scene.open("/create", draft=scene.draft())
    scene.page.get_by_role("textbox", name="Name").wait_for()


@state("create-basics-long-sop")
def _(scene: Scene) -> None:
    scene.open("/create", draft=scene.draft(agent_name="A", sop="1. Say it.\n" * 12_000))
    scene.see("at most 100,000 are allowed")


@state("create-knowledge-none")
def _(scene: Scene) -> None:
    scene.open("/create", draft=scene.draft(step=1))
    scene.page.get_by_role("button", name="Choose a folder").wait_for()


@state("create-knowledge")
def _(scene: Scene) -> None:
    files = ("returns.md", "products/lamps.md", "products/bulbs/led.md", "hours.txt")
    texts = {"products/": "Everything that is sold", "returns.md": "How goods are sent back"}
    scene.open("/create", draft=scene.draft(*files, step=1, descriptions=texts))
    scene.page.get_by_role("treegrid").wait_for()


@state("create-handoff")
def _(scene: Scene) -> None:
    scene.open("/create", draft=scene.draft(step=2))
    scene.see("When should a human take over?")


@state("create-review-missing")
def _(scene: Scene) -> None:
    scene.open("/create", draft=scene.draft(step=3))
    scene.see("Still missing")


@state("create-review")
def _(scene: Scene) -> None:
    scene.open("/create", draft=whole_draft(scene))
    scene.page.get_by_role("button", name="Create agent").wait_for()


@state("create-refused")
def _(scene: Scene) -> None:
    errors: list[dict[str, object]] = [{"loc": ["files", "returns.md"], "msg": "is a program, not a document"}]
    scene.api.refusals["POST", "/api/agents"] = problem(422, "invalid_input", "1 file cannot be used", errors)
    scene.open("/create", draft=whole_draft(scene))
    scene.page.get_by_role("button", name="Create agent").click()
    scene.see("the draft is kept as it is")


@state("create-throw-away")
def _(scene: Scene) -> None:
    scene.open("/create", draft=scene.draft(agent_name="A"))
    scene.page.get_by_role("button", name="Start over").click()
    scene.page.get_by_role("dialog").wait_for()


def whole_draft(scene: Scene) -> str:
    """A form with nothing missing, at its last step."""
    return scene.draft(
        "returns.md", "products/lamps.md", agent_name="Lamp shop", sop=SOP, knowledge_base_description="For returns",
        human_handoff_description="When asked", descriptions={"returns.md": "How goods are sent back"}, step=3,
    )  # fmt: skip


@state("agent-creating")
def _(scene: Scene) -> None:
    scene.api.add(agent("a", AgentStatus.CREATING))
    scene.open("/agent", id="a")
    scene.see("is being made")


@state("agent-failed")
def _(scene: Scene) -> None:
    scene.api.add(agent("a", AgentStatus.FAILED))
    scene.open("/agent", id="a")
    scene.see("The SOP says nothing to do")


@state("agent-deleting")
def _(scene: Scene) -> None:
    scene.api.add(agent("a", AgentStatus.DELETING))
    scene.open("/agent", id="a")
    scene.see("is being taken down")


@state("agent-gone")
def _(scene: Scene) -> None:
    scene.open("/agent", id="gone")
    scene.see("There is no such agent")


def _section(section: str) -> None:
    @state(f"agent-{section.lower().replace(' ', '-')}")
    def _(scene: Scene) -> None:
        populate(scene.api)
        scene.open("/agent", id="a", section=section)
        scene.page.get_by_role("heading", name="Agent a").wait_for()


for name in SECTIONS:
    _section(name)


def populate(api: FakeApi) -> None:
    """An agent with a document that failed, a key and conversations."""
    api.add(agent("a"))
    api.problems = (DocumentProblem(path="returns.md", reason="page 2 holds no text"),)
    for number in range(3):
        api.conversations[f"c{number}"] = Conversation(
            user_id="operator", agent_id="a", conversation_id=f"c{number}", version=1,
            channel=Channel.VOICE if number else Channel.TEXT, started_at=NOW + number * 60_000,
            updated_at=NOW + number * 60_000 + 45_000, turns=1 + number, outcome="ended" if number else "handed_off",
            handoff=None if number else HANDOFF,
        )  # fmt: skip


@state("talk-answered")
def _(scene: Scene) -> None:
    scene.api.add(agent("a"))
    page = scene.open("/agent", id="a", section="Talk")
    page.get_by_test_id("stChatInputTextArea").fill("Can I return it?")
    page.keyboard.press("Enter")
    scene.see("Why it says that")
    scene.visitor.idle()


@state("call-microphone-denied")
def _(scene: Scene) -> None:
    scene.api.add(agent("a", agent_type=AgentType.VOICE))
    scene.open("/agent", id="a", section="Talk")
    scene.page.get_by_role("button", name="Call", exact=True).click()
    scene.see("The microphone was not allowed")
    scene.page.get_by_role("button", name="Call without microphone").wait_for()


@state("call-refused")
def _(scene: Scene) -> None:
    scene.api.add(agent("a", agent_type=AgentType.VOICE))
    scene.api.refusals["POST", "/api/agents/a/voice-tickets"] = problem(429, "rate_limited", "20 calls go on already")
    scene.open("/agent", id="a", section="Talk")
    with scene.noted():
        scene.page.get_by_role("button", name="Call without microphone").click()
        scene.see("The call was refused: 20 calls go on already")


@state("create-session-ended-in-the-middle")
def _(scene: Scene) -> None:
    draft = whole_draft(scene)
    scene.open("/create", draft=draft)
    scene.api.broken = lambda _request: problem(401, "not_authenticated")
    scene.page.get_by_role("button", name="Create agent").click()
    scene.see("Your session has expired")
    assert scene.stage.drafts.get("operator", draft).agent_name == "Lamp shop"


@state("version-changed-in-another-tab")
def _(scene: Scene) -> None:
    scene.api.add(agent("a"))
    scene.api.refusals["POST", "/api/agents/a/versions/2/activate"] = problem(409, "conflict", "version 3 is live")
    scene.open("/agent", id="a", section="Versions")
    scene.page.get_by_role("button", name="Activate").click()
    scene.page.get_by_label("Why it is right all the same").fill("It is right")
    scene.page.keyboard.press("Control+Enter")
    scene.page.get_by_role("button", name="Switch", exact=True).click()
    scene.see("This changed elsewhere meanwhile")


@state("create-sop-of-10-mb")
def _(scene: Scene) -> None:
    scene.open("/create", draft=scene.draft(agent_name="A", sop="1. Say hello to them.\n" * 460_000))
    scene.see("at most 100,000 are allowed")


@state("knowledge-searched")
def _(scene: Scene) -> None:
    populate(scene.api)
    scene.open("/agent", id="a", section="Knowledge")
    scene.page.get_by_label("Try a search").fill("How do I send it back?")
    scene.page.get_by_role("button", name="Search", exact=True).click()
    scene.see("alike in meaning")


@state("talk-refused")
def _(scene: Scene) -> None:
    scene.api.add(agent("a"))
    scene.api.refusals["POST", "/api/agents/a/invocations"] = problem(502, "agent_failed", "the agent did not answer")
    page = scene.open("/agent", id="a", section="Talk")
    page.get_by_test_id("stChatInputTextArea").fill("A long question")
    page.keyboard.press("Enter")
    scene.see("What you asked")


@state("generated-coverage")
def _(scene: Scene) -> None:
    scene.api.add(agent("a"))
    scene.open("/agent", id="a", section="Generated files")
    scene.page.get_by_text("SOP coverage").click()
    scene.see("lines are used")


@state("generated-difference")
def _(scene: Scene) -> None:
    scene.api.add(agent("a"))
    scene.open("/agent", id="a", section="Generated files")
    scene.page.get_by_label("Compare with").click()
    scene.page.get_by_role("option", name="2").click()
    scene.see("VERSION = 2")


@state("versions-sign-for-failed")
def _(scene: Scene) -> None:
    scene.api.add(agent("a"))
    scene.open("/agent", id="a", section="Versions")
    scene.page.get_by_role("button", name="Activate").click()
    scene.see("Its rehearsal failed")


@state("access-new-key")
def _(scene: Scene) -> None:
    scene.api.add(agent("a"))
    scene.open("/agent", id="a", section="Access")
    scene.page.get_by_label("Name").fill("Web shop")
    scene.page.get_by_role("button", name="Create key").click()
    scene.see("Copy the key now")


@state("access-revoke")
def _(scene: Scene) -> None:
    STATES["access-new-key"](scene)
    scene.page.get_by_role("button", name="Revoke").first.click()
    scene.page.get_by_role("dialog").wait_for()


@state("conversation")
def _(scene: Scene) -> None:
    populate(scene.api)
    scene.open("/conversation", id="c0")
    scene.see("Can I return it?")


@state("conversations")
def _(scene: Scene) -> None:
    populate(scene.api)
    scene.open("/conversations")
    scene.page.get_by_role("button", name="Look").first.wait_for()


@state("conversations-none")
def _(scene: Scene) -> None:
    scene.open("/conversations")
    scene.see("Nobody has talked yet")


@state("conversation-drawer")
def _(scene: Scene) -> None:
    populate(scene.api)
    scene.open("/conversations")
    scene.page.get_by_role("button", name="Look").first.click()
    scene.page.get_by_role("dialog").get_by_text("Can I return it?").first.wait_for()


@state("analytics")
def _(scene: Scene) -> None:
    populate(scene.api)
    scene.open("/analytics")
    scene.see("Per agent")
    scene.page.wait_for_timeout(1_000)


@state("analytics-none")
def _(scene: Scene) -> None:
    scene.open("/analytics")
    scene.see("Nobody has talked in this time")


@state("live-none")
def _(scene: Scene) -> None:
    scene.open("/live")
    scene.see("Nobody is talking now")


@state("live")
def _(scene: Scene) -> None:
    scene.api.live = [a_live_call("one"), a_live_call("two", handoff=True)]
    scene.open("/live", call="two")
    scene.page.get_by_role("button", name="Listen").wait_for()


@state("health")
def _(scene: Scene) -> None:
    scene.open("/system")
    scene.page.get_by_role("heading", name="Health").wait_for()


@state("sandbox-below-a")
def _(scene: Scene) -> None:
    scene.api.sandbox = "C"
    scene.api.add(agent("a"))
    scene.open("/")
    scene.see("sandbox tier C")
