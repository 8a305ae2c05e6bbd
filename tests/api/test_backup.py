"""`oratio backup` and `oratio restore`, over a data folder that is being written to."""

import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from oratio.bootstrap import build_platform
from oratio.cli.main import invoke
from oratio.domain.storage_layout import document_key
from oratio.settings import Settings, load
from tests.api.conftest import World, create


@pytest.mark.slow
async def test_a_backup_taken_while_it_is_written_to_is_whole_somewhere_else(
    configure: Callable[..., Settings], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = World(configure())
    async with world.client() as client:
        agent_id = await create(client)
    token, ended = world.token(), threading.Event()
    key = document_key("alice", agent_id, "manual.md")

    def write() -> None:
        number = 0
        while not ended.is_set():
            world.platform.agents.save(world.agent("alice", agent_id))
            world.platform.documents.put(f"alice/other/{number}.md", b"x" * 5_000, tags={"userId": "alice"})
            world.platform.documents.delete(f"alice/other/{number - 3}.md")
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert invoke(["backup", str(tmp_path / "backup"), "--data", str(world.data)]) == 0
    finally:
        ended.set()
        writer.join()
    assert "backed up" in capsys.readouterr().out
    assert invoke(["restore", str(tmp_path / "backup"), "--data", str(tmp_path / "new"), "--json"]) == 0

    assert json.loads(capsys.readouterr().out)["files"] > 5
    again = build_platform(load(data=tmp_path / "new"))
    assert again.agents.get("alice", agent_id).agent_name == "Help desk"
    assert again.documents.get(key) == world.platform.documents.get(key)
    assert again.documents.tags(key) == world.platform.documents.tags(key) != {}
    assert again.identity.verify(token).user_id == "alice"
    for path in (tmp_path / "new", tmp_path / "new" / "oratio.db"):
        assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["backup", "{full}", "--data", "{oratio}"], "not empty"),
        (["backup", "{new}", "--data", "{new}"], "is not a data folder of Oratio"),
        (["restore", "{new}", "--data", "{new}"], "is not a backup"),
        (["restore", "{oratio}", "--data", "{full}"], "not empty"),
        (["backup", "{new}", "--data", "{damaged}"], "cannot be copied"),
    ],
)
def test_a_bad_place_is_one_line_and_nothing_is_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    places = {name: tmp_path / name for name in ("full", "oratio", "new", "damaged")}
    for name in ("full", "oratio", "damaged"):
        places[name].mkdir()
    build_platform(load(data=places["oratio"]))
    (places["full"] / "note.txt").write_text("mine")
    (places["damaged"] / "oratio.db").write_bytes(b"not a database" * 1000)

    assert invoke([argument.format(**places) for argument in arguments]) == 1

    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert said in err
    assert [path.name for path in places["full"].iterdir()] == ["note.txt"]
