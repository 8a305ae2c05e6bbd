"""Every state of every page in a browser: it comes about, and axe finds nothing serious in it in either theme."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.console.support import (
    troubles,  # noqa: F401 - each state puts itself on the list
)
from tests.console.support.axe import lasting
from tests.console.support.browser import Watched
from tests.console.support.scene import STATES, Scene
from tests.console.support.stage import ConsoleStage, stage

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("stage"), pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleStage]:
    with stage(tmp_path_factory.mktemp("console")) as started:
        yield started


@pytest.fixture(scope="module")
def visitor(browser: Browser, console: ConsoleStage) -> Iterator[Watched]:
    with console.visitor(browser, clean=False) as visiting:
        yield visiting


@pytest.mark.parametrize("name", STATES)
def test_state_can_be_read_by_everyone_in_both_themes(console: ConsoleStage, visitor: Watched, name: str) -> None:
    console.fresh()
    console.sign_in(visitor)
    STATES[name](Scene(console, visitor))
    found: dict[str, list[str]] = {}
    for theme in ("light", "dark"):
        visitor.theme(theme)
        broken = lasting(visitor.page, colours_only=theme == "dark")
        found |= {theme: broken} if broken else {}
    assert found == {}
    assert visitor.faults == []
