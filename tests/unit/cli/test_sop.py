"""`oratio sop check`: what it prints, and its exit codes."""

import json
from pathlib import Path

import pytest

from oratio.cli.main import invoke

LOANS = "1. Ask for the amount.\n2. If the amount is above 5,000 euros, transfer the caller to a manager.\n"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _file(text: str) -> str:
    Path("sop.md").write_text(text, encoding="utf-8")
    return "sop.md"


def test_a_sound_sop_is_read_back_with_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["sop", "check", _file(LOANS)]) == 0

    printed = capsys.readouterr().out
    assert "  If the amount is above 5,000 €:   [2]\n    Hand over to a manager.   [2]" in printed
    assert printed.endswith("0 errors, 0 warnings\n")


def test_warnings_alone_are_exit_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["sop", "check", _file("1. Greet {{name}}.\n")]) == 0

    assert "warning: line 1: “{{name}}” is a placeholder" in capsys.readouterr().out


def test_an_error_is_exit_1_and_names_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["sop", "check", _file(LOANS + "3. The password is Sommer2024.\n")]) == 1

    printed = capsys.readouterr()
    assert "error: line 3: this looks like a secret" in printed.out
    assert "Sommer2024" not in printed.err


def test_json_and_mermaid_are_alone_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    name = _file(LOANS)

    assert invoke(["sop", "check", name, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["ok"] is True
    assert found["flow"]["schemaVersion"] == 2
    assert found["readBack"][0]["heading"] is True
    assert invoke(["sop", "check", name, "--mermaid"]) == 0
    assert capsys.readouterr().out.startswith("flowchart TD\n")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot read sop.md: No such file"),
        (b"\xff\xfe\x00\xd8", "is no UTF-8 text"),
        (b" \n", "the SOP is empty"),
    ],
)
def test_an_unusable_file_is_one_line(content: bytes | None, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    if content is not None:
        Path("sop.md").write_bytes(content)

    assert invoke(["sop", "check", "sop.md"]) == 1

    assert said in capsys.readouterr().err
