"""Bad input is refused in one line that names it, before anything is kept."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.installation import TELECOM, Installation

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("e2e"), pytest.mark.timeout(600)]


def binary_named_text(folder: Path) -> list[str]:
    (folder / "notes.txt").write_bytes(b"MZ\x90\x00" + bytes(200))
    return []


def link_out(folder: Path) -> list[str]:
    (folder / "passwords.txt").symlink_to("/etc/passwd")
    return []


def differ_only_in_case(folder: Path) -> list[str]:
    (folder / "FAQ.md").write_text("one")
    (folder / "faq.md").write_text("two")
    return []


def describes_what_is_not_there(folder: Path) -> list[str]:
    (folder.parent / "descriptions.json").write_text('{"missing.pdf": "The catalogue"}')
    return ["--descriptions", str(folder.parent / "descriptions.json")]


def descriptions_not_json(folder: Path) -> list[str]:
    (folder.parent / "descriptions.json").write_text("{")
    return ["--descriptions", str(folder.parent / "descriptions.json")]


def own_metadata(folder: Path) -> list[str]:
    (folder / "a.txt.metadata.json").write_text("{}")
    return []


def unreadable_type(folder: Path) -> list[str]:
    (folder / "tool.exe").write_bytes(b"MZ")
    return []


def blank_name(_folder: Path) -> list[str]:
    return ["--name", " "]


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (binary_named_text, "notes.txt"),
        (link_out, "passwords.txt"),
        (differ_only_in_case, "FAQ.md"),
        (describes_what_is_not_there, "missing.pdf"),
        (descriptions_not_json, "folderFileDescriptions"),
        (own_metadata, "a.txt.metadata.json"),
        (unreadable_type, "tool.exe"),
        (blank_name, "agentName"),
    ],
)
def test_bad_folder_is_refused_by_name(
    oratio: Installation, tmp_path: Path, spoil: Callable[[Path], list[str]], named: str
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "good.md").write_text("# Good\n\nThis file is fine.\n")
    options = spoil(folder)
    before = oratio.json("agents", "list")
    assert named in oratio.refused(*oratio.create(folder, *options))
    assert oratio.json("agents", "list") == before
    staging = oratio.data / "staging"
    # Recordings of calls under way are staged there too, below a folder of each voice process.
    assert not [path for path in staging.rglob("*") if path.is_file() and not path.is_relative_to(staging / "voice")]


def test_empty_folder_is_refused(oratio: Installation, tmp_path: Path) -> None:
    assert "holds no documents" in oratio.refused(*oratio.create(tmp_path))


def test_missing_sop_is_refused(oratio: Installation, tmp_path: Path) -> None:
    assert "none.md is not a file" in oratio.refused(*oratio.create(TELECOM, sop=tmp_path / "none.md"))


def test_sop_over_the_limit_is_refused(oratio: Installation, tmp_path: Path) -> None:
    (tmp_path / "sop.md").write_text("Greet the caller.\n" * 10_000)
    assert "sop" in oratio.refused(*oratio.create(TELECOM, sop=tmp_path / "sop.md"))


def test_path_that_climbs_out_is_refused(oratio: Installation) -> None:
    form = {"agentName": "A", "agentType": "text", "sop": "Greet.", "knowledgeBaseDescription": "k"}
    form["humanHandoffDescription"] = "h"
    with oratio.client() as client:
        answer = client.post("/api/agents", data=form, files=[("files", ("../../etc/cron.d/job", b"text"))])
    assert answer.status_code == 422
    assert "../../etc/cron.d/job" in answer.text


def test_request_without_a_token_is_refused(oratio: Installation) -> None:
    done = oratio.run("agents", "list", "--api", oratio.api, "--token", "not-a-token")
    assert done.returncode == 1
    assert done.stderr.startswith("oratio: ")


def test_unknown_option_is_a_usage_error(oratio: Installation) -> None:
    assert "No such option" in oratio.refused("status", "--colour", code=2)


def test_nothing_running_is_told_with_its_mend(tmp_path: Path) -> None:
    line = Installation(tmp_path / "data").refused("agents", "list")
    assert "start it with `oratio up`" in line
