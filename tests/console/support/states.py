"""Every page of the console in every state it can be in, each brought about as it would come about."""

from oratio.domain.agents.agent import AgentStatus, StepStatus
from oratio.domain.agents.brief import AgentType
from oratio.domain.conversations.conversation import Channel, Conversation
from oratio.domain.knowledge.knowledge_base import DocumentProblem
from tests.console.support.fake_api import HANDOFF, NOW, FakeApi, a_live_call, agent
from tests.console.support.scene import STATES, Scene, state, whole_draft

SECTIONS = (
    "Overview", "Talk", "Knowledge", "Generated files", "Rehearsal", "Versions", "Conversations", "Access", "Settings",
)  # fmt: skip


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


@state("create-basics")
def _(scene: Scene) -> None:
    scene.open("/create", draft=scene.draft())
    scene.page.get_by_role("textbox", name="Name").wait_for()


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


@state("create-throw-away")
def _(scene: Scene) -> None:
    scene.open("/create", draft=scene.draft(agent_name="A"))
    scene.page.get_by_role("button", name="Start over").click()
    scene.page.get_by_role("dialog").wait_for()


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
    scene.see("is being deleted, with")


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


@state("knowledge-searched")
def _(scene: Scene) -> None:
    populate(scene.api)
    scene.open("/agent", id="a", section="Knowledge")
    scene.page.get_by_label("Try a search").fill("How do I send it back?")
    scene.page.get_by_role("button", name="Search", exact=True).click()
    scene.see("alike in meaning")


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
    scene.see("No conversations yet")


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
    scene.see("No conversations in this time")


@state("live-none")
def _(scene: Scene) -> None:
    scene.open("/live")
    scene.see("No calls in progress")


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


@state("agent-rehearsing")
def _(scene: Scene) -> None:
    made = agent("a", AgentStatus.CREATING)
    playing = made.progress[4].model_copy(
        update={"status": StepStatus.RUNNING, "started_at": NOW, "detail": "2 of 4 scenarios, 1 passed"}
    )
    scene.api.add(made.model_copy(update={"progress": (*made.progress[:2], playing, *made.progress[5:])}))
    scene.api.planned = ("Answers from returns.md", "A tool times out")
    scene.open("/agent", id="a")
    scene.see("A tool times out")


@state("overview-phone-sample")
def _(scene: Scene) -> None:
    scene.api.add(agent("a", agent_type=AgentType.VOICE))
    scene.open("/agent", id="a")
    scene.page.get_by_text("Samples to copy").click()
    scene.page.get_by_role("tab", name="Phone").click()
    scene.see("Oratio takes no phone calls itself")


@state("versions-replayed")
def _(scene: Scene) -> None:
    populate(scene.api)
    scene.open("/agent", id="a", section="Versions")
    scene.page.get_by_role("button", name="Replay", exact=True).click()
    scene.see("Within 14 days.")


@state("conversation-recording")
def _(scene: Scene) -> None:
    populate(scene.api)
    scene.open("/conversation", id="c1")
    scene.page.get_by_role("list", name="Transcript; choose a line to hear it").get_by_text(
        "Can I return it?"
    ).wait_for()
