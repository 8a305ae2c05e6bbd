"""The command line itself: exit codes, one line of error, and the small rules behind it."""

import json
from pathlib import Path

import pytest

from oratio.adapters.local.clock import SystemClock
from oratio.adapters.local.identity import EmbeddedIssuer
from oratio.cli.calls.ask import sources
from oratio.cli.machine.local import parse_ttl
from oratio.cli.main import invoke
from oratio.cli.output import printable
from oratio.cli.target import pick
from oratio.domain.agents.agent import AgentStatus
from oratio.domain.agents.brief import AgentType
from oratio.domain.conversations.conversation import Citation
from oratio.errors import Conflict, InvalidInput, NotFound
from oratio.protocol.http import AgentSummary


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nonsense"], 2, "No such command 'nonsense'"),
        (["up", "--ports", "80"], 2, "greater than or equal to 1024"),
        (["agents", "create"], 2, "Missing"),
        (["token", "--ttl", "soon"], 1, "'soon' is not a time"),
        (["token", "--user", "a b"], 1, "user must be"),
        (["status"], 1, "nothing runs on"),
        (["ask", "anybody", "Hello?"], 1, "start it with `oratio up`"),
        (["agents", "list", "--api", "http://127.0.0.1:9"], 1, "--token"),
        (["agents", "list", "--api", "http://127.0.0.1:9", "--token", "t"], 1, "does not answer"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_fault_is_one_line_with_its_exit_code(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: list[str],
    code: int,
    said: str,
) -> None:
    monkeypatch.setenv("ORATIO_DATA", str(tmp_path))
    assert invoke(arguments) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("oratio: ")
    assert err.count("\n") == 1
    assert said in err


def test_wrong_setting_is_named(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORATIO_PORT_BASE", "many")
    assert invoke(["settings"]) == 1
    assert "port_base" in capsys.readouterr().err


def test_settings_show_their_source_and_no_secret(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORATIO_API_TOKEN", "very-secret")
    assert invoke(["settings", "--json"]) == 0
    out = capsys.readouterr().out
    assert "very-secret" not in out
    rows = {row["name"]: row for row in json.loads(out)["settings"]}
    assert rows["ORATIO_API_TOKEN"]["source"] == "ORATIO_API_TOKEN"
    assert rows["ORATIO_MODEL"]["source"] == "default"


def test_token_is_one_that_the_embedded_issuer_takes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert invoke(["token", "--data", str(tmp_path), "--user", "ann"]) == 0
    token = capsys.readouterr().out.strip()
    assert EmbeddedIssuer(tmp_path / "keys", SystemClock()).verify(token).user_id == "ann"


def test_status_as_json_lists_every_service_when_nothing_runs(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert invoke(["status", "--json", "--data", str(tmp_path)]) == 1
    services = json.loads(capsys.readouterr().out)["services"]
    assert {entry["name"] for entry in services} == {"api", "console", "voice", "prefect", "flows", "agent-host"}
    assert not any(entry["healthy"] for entry in services)


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("90s", 90), ("30m", 1800), ("1h", 3600), ("7d", 604_800)])
def test_time_to_live(text: str, seconds: int) -> None:
    assert parse_ttl(text) == seconds


@pytest.mark.parametrize("text", ["", "h", "-1h", "1.5h", "1 week"])
def test_what_is_no_time_to_live_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_ttl(text)


def agent(agent_id: str, name: str) -> AgentSummary:
    return AgentSummary(
        agent_id=agent_id,
        agent_name=name,
        status=AgentStatus.ACTIVE,
        agent_type=AgentType.TEXT,
        created_at=1,
        websocket_url=None,
        api_endpoint=None,
    )


AGENTS = [agent("aaaa-1", "Shop"), agent("aabb-2", "Bank"), agent("cccc-3", "Bank"), agent("dddd-4", "aaaa-1")]


@pytest.mark.parametrize(("name", "found"), [("aaaa-1", "aaaa-1"), ("Shop", "aaaa-1"), ("cc", "cccc-3")])
def test_agent_is_found_by_id_name_or_beginning(name: str, found: str) -> None:
    assert pick(AGENTS, name) == found


@pytest.mark.parametrize("name", ["Bank", "aa"])
def test_several_agents_that_fit_are_listed(name: str) -> None:
    with pytest.raises(Conflict, match="2 agents fit"):
        pick(AGENTS, name)


@pytest.mark.parametrize("name", ["", "Shopping"])
def test_no_agent_that_fits_is_not_found(name: str) -> None:
    with pytest.raises(NotFound):
        pick(AGENTS, name)


def test_sources_name_page_and_heading_once() -> None:
    page = Citation(path="a.pdf", excerpt="x", score=0.9, page=3)
    heading = Citation(path="b.md", excerpt="y", score=0.8, heading="Fees")
    assert sources([page, heading, page]) == ["a.pdf, page 3", "b.md, Fees"]


def test_text_cannot_steer_the_terminal() -> None:
    assert printable("a\x1b[2Jb\x9b\u202ec\td\né") == "a?[2Jb??c\td\né"
