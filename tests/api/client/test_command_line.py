"""`oratio agents diff|replay` and `oratio webhooks` against a running API."""

import json
from collections.abc import Callable, Iterator

import httpx
import pytest

from oratio.cli.main import invoke
from oratio.settings import Settings
from tests.api.agents.test_comparing import TwoMinds, replayable, two_versions
from tests.api.conftest import World
from tests.api.live import serving


@pytest.fixture
def world(configure: Callable[..., Settings]) -> World:
    world = World(configure())
    world.use_runtime(TwoMinds())
    return world


@pytest.fixture
def base(world: World) -> Iterator[str]:
    with serving(world) as base:
        yield base


class Shell:
    """`oratio … --api URL --token T`, and what it printed."""

    def __init__(self, base: str, token: str, capsys: pytest.CaptureFixture[str]) -> None:
        self._target = ["--api", base, "--token", token]
        self._capsys = capsys

    def __call__(self, *arguments: str) -> str:
        code = invoke([*arguments, *self._target])
        out, err = self._capsys.readouterr()
        assert code == 0, err
        return out

    def refused(self, *arguments: str) -> str:
        assert invoke([*arguments, *self._target]) == 1
        out, err = self._capsys.readouterr()
        assert out == ""
        assert err.count("\n") == 1
        return err


@pytest.fixture
def oratio(world: World, base: str, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(base, world.token(), capsys)


async def test_a_difference_is_told_to_people_and_to_programs(
    world: World, client: httpx.AsyncClient, oratio: Shell
) -> None:
    agent_id = await two_versions(world, client)

    told = oratio("agents", "diff", agent_id, "2", "--against", "1")
    for words in ("from version 1 to version 2", "replaced  manual.md", "added  new.md", "+2. Offer a refund."):
        assert words in told
    assert json.loads(oratio("agents", "diff", agent_id, "2", "--against", "1", "--json"))["sop"]["addedLines"] == 1
    assert "are the same" in oratio("agents", "diff", agent_id, "1", "--against", "1")
    assert "no version 9" in oratio.refused("agents", "diff", agent_id, "9", "--against", "1")


async def test_a_replay_shows_the_turns_that_differ(world: World, client: httpx.AsyncClient, oratio: Shell) -> None:
    agent_id = await replayable(world, client, ("hello there", "a refund please"))

    told = oratio("agents", "replay", agent_id, "2", "--conversations", "10")
    assert "2 turns, 1 conversation" in told
    assert "> a refund please" in told
    assert "+ A colleague will help. [refunds.md; hand-off: refund]" in told
    assert "hello there" not in told
    report = json.loads(oratio("agents", "replay", agent_id, "2", "--json"))
    assert report["summary"]["changedHandoffs"] == 1


def test_a_webhook_is_made_listed_and_deleted(oratio: Shell) -> None:
    made = json.loads(oratio("webhooks", "create", "https://hooks.example/x", "--event", "agent.active", "--json"))
    assert made["secret"].startswith("whsec_")
    assert made["events"] == ["agent.active"]
    assert oratio("webhooks", "create", "https://hooks.example/y").startswith("whsec_")

    listed = oratio("webhooks", "list")
    assert "https://hooks.example/x" in listed
    assert "conversation.ended" in listed
    oratio("webhooks", "delete", made["webhookId"])
    assert len(json.loads(oratio("webhooks", "list", "--json"))["webhooks"]) == 1
    assert "no webhook" in oratio.refused("webhooks", "delete", made["webhookId"])
    assert "https" in oratio.refused("webhooks", "create", "http://127.0.0.1/x")
