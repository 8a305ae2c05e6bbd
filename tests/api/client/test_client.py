"""The typed client, blocking and async, against the real application on a real socket."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from oratio.client import AsyncClient, Brief, Client
from oratio.domain.storage_layout import audio_key
from oratio.errors import (
    AgentFailed,
    Conflict,
    InvalidInput,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    TooLarge,
    Unavailable,
)
from oratio.protocol.http import Answer
from tests.api.conftest import World
from tests.api.live import serving

BRIEF = Brief(
    agent_name="Help desk",
    agent_type="text",
    sop="1. Greet.",
    knowledge_base_description="Devices.",
    human_handoff_description="Asked for.",
    descriptions={"plans": {"": "Prices"}},
)
FILES: list[tuple[str, Path | bytes]] = [("manual.md", b"# Manual\n"), ("plans/prices.csv", b"plan,price\n")]


@pytest.fixture
def base(world: World) -> Iterator[str]:
    with serving(world) as base:
        yield base


@pytest.fixture
def client(world: World, base: str) -> Iterator[Client]:
    with Client(base, world.token()) as client:
        yield client


def test_a_folder_on_disk_becomes_an_agent(world: World, client: Client, telecom: Path) -> None:
    told: list[tuple[int, int]] = []

    made = client.create_agent(
        Brief(
            agent_name="Telecom", agent_type="voice", sop="1. Greet.", knowledge_base_description="Support.",
            human_handoff_description="Asked for.",
        ),
        telecom / "workflows",
        progress=lambda sent, length: told.append((sent, length)),
    )  # fmt: skip

    version = client.version(made.agent_id, 1)
    on_disk = {path.relative_to(telecom / "workflows").as_posix(): path.stat().st_size
               for path in (telecom / "workflows").rglob("*") if path.is_file()}  # fmt: skip
    assert {file.path: file.size for file in version.files} == on_disk
    assert told[-1][0] == told[-1][1]


def test_strange_names_arrive_as_they_are(client: Client) -> None:
    names = ['5" tv.md', "100%25.md", "a%2Fb.md", "caf\u00e9/men\u00fc.md", "semi;colon=x.md", "it's.md"]

    made = client.create_agent(BRIEF, [(name, b"# A\n") for name in [*names, "plans/x.md"]])

    assert [file.path for file in client.version(made.agent_id, 1).files] == sorted([*names, "plans/x.md"])


def test_every_call_of_an_agents_life(world: World, client: Client, tmp_path: Path) -> None:
    made = client.create_agent(BRIEF, FILES, idempotency_key="k1")
    assert client.create_agent(BRIEF, FILES, idempotency_key="k1").agent_id == made.agent_id
    assert client.agent(made.agent_id).folder_file_descriptions == BRIEF.descriptions
    assert [agent.agent_id for agent in client.all_agents()] == [made.agent_id]
    world.go_live("alice", made.agent_id)
    assert [event.status for event in client.events(made.agent_id) if event.kind == "status"] == ["creating", "active"]

    answer = client.ask(made.agent_id, "Hello")
    again = list(client.ask_stream(made.agent_id, "And?", session_id=answer.session_id))
    assert "".join(part for part in again if isinstance(part, str)) == answer.answer
    assert isinstance(again[-1], Answer)
    assert again[-1].session_id == answer.session_id
    assert [head.turns for head in client.conversations(made.agent_id).conversations] == [2]
    assert [turn.prompt for turn in client.conversation(answer.session_id).transcript] == ["Hello", "And?"]

    key = client.create_key(made.agent_id, "Web", scopes=["invoke"])
    with Client(client.base_url, key.key) as keyed:
        assert keyed.ask(made.agent_id, "Hello").answered
        with pytest.raises(NotAllowed):
            keyed.agents()
        with pytest.raises(NotAllowed):
            keyed.voice_ticket(made.agent_id)
        client.revoke_key(made.agent_id, key.key_id)
        with pytest.raises(NotAuthenticated):
            keyed.ask(made.agent_id, "Hello")
    assert client.keys(made.agent_id).keys[0].revoked_at is not None
    assert client.voice_ticket(made.agent_id).ticket

    with pytest.raises(NotFound):
        client.recording(answer.session_id, tmp_path / "none.wav")
    assert not (tmp_path / "none.wav").exists()
    world.platform.recordings.put(audio_key("alice", made.agent_id, answer.session_id), b"RIFF", tags={})
    client.recording(answer.session_id, tmp_path / "call.wav")
    assert (tmp_path / "call.wav").read_bytes() == b"RIFF"

    assert client.create_version(made.agent_id, Brief(sop="1. Wave."), delete_files=["manual.md"]).version == 2
    assert [version.version for version in client.versions(made.agent_id).versions] == [2, 1]
    assert client.delete(made.agent_id).status == "deleting"
    with pytest.raises(Conflict):
        client.retry(made.agent_id)


def test_events_are_followed_while_they_happen(world: World, client: Client) -> None:
    made = client.create_agent(BRIEF, FILES)
    events = client.events(made.agent_id)
    assert next(events).status == "creating"

    threading.Thread(target=world.go_live, args=("alice", made.agent_id)).start()

    assert list(events)[-1].status == "active"


def test_the_log_tells_what_has_happened_and_no_more(world: World, client: Client) -> None:
    made = client.create_agent(BRIEF, FILES)
    assert [event.status for event in client.log(made.agent_id).events] == ["creating"]
    world.go_live("alice", made.agent_id)
    news = client.log(made.agent_id, after=1).events
    assert [event.status for event in news if event.kind == "status"] == ["active"]
    assert [event.seq for event in news] == list(range(2, 2 + len(news)))


def test_refusals_raise_the_errors_they_came_from(world: World, client: Client) -> None:
    with pytest.raises(InvalidInput) as refused:
        client.create_agent(Brief(agent_name="x"), FILES)
    assert ("sop",) in [problem.loc for problem in refused.value.problems]
    with pytest.raises(TooLarge):
        client.create_agent(BRIEF, [("plans/big.md", b"x" * 50_000_001)])
    with pytest.raises(NotFound):
        client.agent("none")
    with Client(client.base_url) as stranger, pytest.raises(NotAuthenticated):
        stranger.agents()
    made = client.create_agent(BRIEF, FILES)
    world.go_live("alice", made.agent_id)
    world.runtime.failure_after_delta = AgentFailed("the agent stopped")
    with pytest.raises(AgentFailed):
        list(client.ask_stream(made.agent_id, "Hello"))
    world.runtime.failure = AgentFailed("the agent stopped")
    with pytest.raises(AgentFailed):
        client.ask(made.agent_id, "Hello")


def test_a_server_that_is_away_is_one_clear_error() -> None:
    with Client("http://127.0.0.1:9", "token") as client, pytest.raises(Unavailable, match=r"127\.0\.0\.1:9"):
        client.agents()


def test_a_folder_with_links_is_refused_before_anything_is_sent(client: Client, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# A")
    (tmp_path / "link.md").symlink_to("/etc/passwd")
    with pytest.raises(InvalidInput) as refused:
        client.create_agent(BRIEF, tmp_path)
    assert refused.value.problems[0].loc == ("files", "link.md")
    with pytest.raises(InvalidInput, match="no folder"):
        client.create_agent(BRIEF, tmp_path / "missing")
    with pytest.raises(InvalidInput, match="cannot be read"):
        client.create_agent(BRIEF, [("gone.md", tmp_path / "gone.md")])


async def test_the_async_client_does_the_same(world: World, base: str, telecom: Path) -> None:
    async with AsyncClient(base, world.token()) as client:
        made = await client.create_agent(BRIEF, [*FILES, ("manual2.md", telecom / "tech_support_manual.md")])
        world.go_live("alice", made.agent_id)
        assert [agent.agent_id async for agent in client.all_agents()] == [made.agent_id]
        assert [event.status async for event in client.events(made.agent_id)][-1] == "active"
        parts = [part async for part in client.ask_stream(made.agent_id, "Hello")]
        assert isinstance(parts[-1], Answer)
        assert (await client.ask(made.agent_id, "Hello")).answered
        assert (await client.system()).model == "builtin"
        with pytest.raises(NotFound):
            await client.agent("none")
