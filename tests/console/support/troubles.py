"""What goes wrong, and how each page tells it: the API, the session, the folder, the microphone, a fault of ours."""

import os
import time

import httpx

from oratio.domain.agents.agent import AgentStatus
from oratio.domain.agents.brief import AgentType
from tests.console.support.fake_api import agent, problem, refused_connection
from tests.console.support.scene import Scene, state, whole_draft

FILES, UNREADABLE = 3_000, 40


@state("session-ended")
def _(scene: Scene) -> None:
    scene.api.broken = lambda _request: problem(401, "not_authenticated")
    scene.open("/")
    scene.see("Your session has expired")


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


@state("create-basics-long-sop")
def _(scene: Scene) -> None:
    scene.open("/create", draft=scene.draft(agent_name="A", sop="1. Say it.\n" * 12_000))
    scene.see("at most 100,000 are allowed")


@state("create-refused")
def _(scene: Scene) -> None:
    errors: list[dict[str, object]] = [{"loc": ["files", "returns.md"], "msg": "is a program, not a document"}]
    scene.api.refusals["POST", "/api/agents"] = problem(422, "invalid_input", "1 file cannot be used", errors)
    scene.open("/create", draft=whole_draft(scene))
    scene.page.get_by_role("button", name="Create agent").click()
    scene.see("and the draft is kept")


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
    scene.see("This was changed elsewhere")


@state("create-sop-of-10-mb")
def _(scene: Scene) -> None:
    scene.open("/create", draft=scene.draft(agent_name="A", sop="1. Say hello to them.\n" * 460_000))
    scene.see("at most 100,000 are allowed")


@state("talk-refused")
def _(scene: Scene) -> None:
    scene.api.add(agent("a"))
    scene.api.refusals["POST", "/api/agents/a/invocations"] = problem(502, "agent_failed", "the agent did not answer")
    page = scene.open("/agent", id="a", section="Talk")
    page.get_by_test_id("stChatInputTextArea").fill("A long question")
    page.keyboard.press("Enter")
    scene.see("What you asked")


@state("api-slow")
def _(scene: Scene) -> None:
    scene.api.add(agent("a"))
    scene.visitor.open("/")
    scene.see("Agent a")
    scene.visitor.idle()
    scene.api.hold()
    scene.page.get_by_test_id("stSidebar").get_by_role("link", name="Conversations").click()
    scene.see("Waiting for the Oratio API")


@state("api-too-slow")
def _(scene: Scene) -> None:
    scene.api.add(agent("a"))
    scene.api.refusals["GET", "/api/agents/a"] = problem(504, "unavailable", "records did not answer in time")
    scene.open("/agent", id="a")
    scene.see("Nothing you typed is lost")
    scene.page.get_by_role("button", name="Try again").wait_for()


@state("create-knowledge-3000-files-40-unreadable")
def _(scene: Scene) -> None:
    """Half of the forty are of a type that is not read, half are not what their names say."""
    folder = scene.stage.settings.data / "folder"
    draft = scene.draft(step=1)
    at = int(time.time()) - 1_000
    for number in range(FILES):
        name = f"part-{number // 100:02}/file-{number:04}"
        bad = number % (FILES // UNREADABLE) == 0
        kind = ".md" if not bad else ".exe" if number % 2 else ".pdf"
        file = folder / f"{name}{kind}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"# About part {number}\n")
        os.utime(file, (at, at))
        if not bad:  # sent before: what is there already is not sent again
            place = scene.stage.drafts.place("operator", draft, f"{name}{kind}")
            place.parent.mkdir(parents=True, exist_ok=True)
            os.link(file, place)
    scene.open("/create", draft=draft)
    with scene.noted():
        scene.page.get_by_label("Folder of documents").set_input_files(folder)
        scene.see("20 left out, 20 failed")
    scene.see("2,960 files are more than the 1,000 an agent can have")
    scene.page.get_by_text("and 32 more").wait_for()
    scene.visitor.idle()
