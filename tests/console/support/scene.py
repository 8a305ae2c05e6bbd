"""Where a state of a page is brought about, and the list of all of them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlencode

from playwright.sync_api import Page

from tests.console.support.browser import Watched
from tests.console.support.fake_api import SOP, FakeApi
from tests.console.support.stage import ConsoleStage


@dataclass(frozen=True)
class Scene:
    """Where a state is set up: the stage, and a visitor's browser."""

    stage: ConsoleStage
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


def whole_draft(scene: Scene) -> str:
    """A form with nothing missing, at its last step."""
    return scene.draft(
        "returns.md", "products/lamps.md", agent_name="Lamp shop", sop=SOP, knowledge_base_description="For returns",
        human_handoff_description="When asked", descriptions={"returns.md": "How goods are sent back"}, step=3,
    )  # fmt: skip
