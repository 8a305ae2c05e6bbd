"""The main job, from outside: a folder in, an agent out that answers from it with sources."""

import functools
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.installation import Installation

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("e2e"), pytest.mark.timeout(600)]

MANUAL, WORKFLOW = "tech_support_manual.md", "tech_support_workflow.md"
PATH_1 = "workflows/tech_support_path1_no_service.pdf"
PATH_2 = "workflows/tech_support_path2_mobile_data.pdf"
PATH_3 = "workflows/tech_support_path3_mms.pdf"

ANSWERED = [
    ("What does check_sim_status do?", "working correctly", {MANUAL, WORKFLOW}),
    ("What is MMS?", "extension of sms", {MANUAL}),
    ("What internet speed counts as slow?", "'excellent'", {MANUAL, WORKFLOW}),
    ("What should the user do after resetting the APN settings?", "reboot_device", {MANUAL, WORKFLOW}),
    ("What should I do when a VPN makes the speed drop?", "disconnect", {MANUAL, WORKFLOW}),
    ("Which permissions does the messaging app need?", "storage", {MANUAL, WORKFLOW}),
    ("Does enabling roaming cost the user anything?", "no cost", {WORKFLOW, PATH_2}),
    ("In the path 1 flow chart, what happens after the payment request for the overdue bill?", "payment", {PATH_1}),
    ("In path 2, what happens if the user confirms the refuel?", "refuel", {PATH_2}),
    ("Which path covers Picture/Group Messaging?", "path 3", {PATH_3}),
]
UNANSWERED = ["What are your opening hours?", "Who is the CEO of the company?", "How do I set up voicemail?"]


@pytest.fixture(scope="session")
def http(oratio: Installation) -> Iterator[httpx.Client]:
    with oratio.client() as client:
        yield client


def asked(http: httpx.Client, agent: str, question: str) -> dict[str, Any]:
    answer = http.post(f"/api/agents/{agent}/invocations", json={"prompt": question})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_status_shows_six_healthy_services(oratio: Installation) -> None:
    services = {entry["name"]: entry for entry in oratio.json("status")["services"]}
    assert set(services) == {"api", "console", "voice", "prefect", "flows", "agent-host"}
    assert all(entry["healthy"] and entry["pid"] and entry["startedAt"] for entry in services.values())
    assert all(entry["rssBytes"] > 10_000_000 for entry in services.values())
    assert services["api"]["url"] == oratio.api


def test_second_up_on_the_same_folder_is_refused(oratio: Installation) -> None:
    assert "already runs on" in oratio.refused("up", code=2)


def test_busy_port_is_refused_by_name(oratio: Installation, tmp_path: Path) -> None:
    other = Installation(tmp_path / "other")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", other.base + 1))
        taken.listen()
        line = other.refused("up", "--ports", str(other.base), code=2)
    assert f"port {other.base + 1} (voice) is in use" in line


def test_created_agent_shows_its_steps_its_code_and_its_rehearsal(oratio: Installation, agent: str) -> None:
    detail = oratio.json("agents", "show", agent)
    assert [step["status"] for step in detail["progress"]] == ["succeeded"] * 7
    assert detail["knowledgeBase"]["status"] == "ready"
    assert detail["knowledgeBase"]["problems"] == []
    assert "def build_agent(" in oratio.oratio("agents", "show", "Telecom", "--code")
    assert oratio.json("agents", "show", agent[:8], "--rehearsal")["rehearsal"]["results"]
    (version,) = oratio.json("agents", "versions", agent)["versions"]
    assert (version["version"], version["status"]) == (1, "live")


@pytest.mark.parametrize(("question", "words", "files"), ANSWERED, ids=[question for question, _, _ in ANSWERED])
def test_answer_comes_from_the_right_file(
    http: httpx.Client, agent: str, question: str, words: str, files: set[str]
) -> None:
    answer = asked(http, agent, question)
    assert answer["answered"]
    assert words in answer["answer"].lower()
    assert {citation["path"] for citation in answer["citations"]} & files


@pytest.mark.parametrize("question", UNANSWERED)
def test_what_the_documents_do_not_say_is_not_answered(http: httpx.Client, agent: str, question: str) -> None:
    answer = asked(http, agent, question)
    assert (answer["answered"], answer["citations"]) == (False, [])


def test_caller_who_wants_a_human_is_handed_over(oratio: Installation, agent: str) -> None:
    assert oratio.json("ask", agent, "I want to talk to a human")["handoff"]["reason"]
    assert "hand-off: " in oratio.oratio("ask", agent, "I want to talk to a human")


def test_answer_for_people_names_its_source_with_page(oratio: Installation, agent: str) -> None:
    printed = oratio.oratio("ask", agent, "Which path covers Picture/Group Messaging?")
    assert f"{PATH_3}, page 1" in printed


def test_chat_keeps_one_conversation(oratio: Installation, agent: str, http: httpx.Client) -> None:
    oratio.oratio("ask", agent, stdin="What is MMS?\nWhat does check_sim_status do?\n\n")
    (newest, *_) = http.get(f"/api/agents/{agent}/conversations").json()["conversations"]
    assert newest["turns"] == 2


def test_api_key_talks_until_it_is_revoked(oratio: Installation, agent: str) -> None:
    made = oratio.json("keys", "create", agent, "--name", "e2e")
    with httpx.Client(base_url=oratio.api, headers={"Authorization": f"Bearer {made['key']}"}, timeout=60) as caller:
        ask = functools.partial(caller.post, f"/api/agents/{agent}/invocations", json={"prompt": "What is MMS?"})
        assert ask().json()["answered"]
        assert made["key"] not in oratio.oratio("keys", "list", agent)
        oratio.oratio("keys", "revoke", agent, made["keyId"])
        assert ask().status_code == 401


def test_another_tenant_sees_nothing(oratio: Installation, agent: str) -> None:
    token = oratio.oratio("token", "--user", "somebody-else").strip()
    there = ("--api", oratio.api, "--token", token)
    assert json.loads(oratio.run("agents", "list", "--json", *there).stdout) == {"agents": []}
    assert oratio.run("agents", "show", agent, *there).returncode == 1
    with oratio.client("somebody-else") as client:
        assert client.get(f"/api/agents/{agent}").status_code == 404
        assert client.delete(f"/api/agents/{agent}").status_code == 404
        assert client.post(f"/api/agents/{agent}/invocations", json={"prompt": "What is MMS?"}).status_code == 404
    assert oratio.json("agents", "show", agent)["status"] == "active"


def test_unknown_agent_is_one_clear_line(oratio: Installation) -> None:
    assert "there is no agent 'nobody'" in oratio.refused("ask", "nobody", "Hello?")


def test_agent_without_a_readable_document_fails_with_step_and_reason(oratio: Installation, tmp_path: Path) -> None:
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.4\nthis is no PDF")
    (tmp_path / "empty.txt").write_bytes(b"")
    done = oratio.run(*oratio.create(tmp_path, name="Broken"), "--data", str(oratio.data))
    assert done.returncode == 1
    assert "failed in provision_knowledge_base (no_documents_indexed)" in done.stderr
    assert "oratio: broken.pdf is not in the knowledge base" in done.stderr
    again = oratio.run("agents", "retry", "Broken", "--data", str(oratio.data))
    assert again.returncode == 1
    assert "no_documents_indexed" in again.stderr
    assert oratio.json("agents", "show", "Broken")["status"] == "failed"
    oratio.oratio("agents", "delete", "Broken")


def test_deleted_agent_leaves_nothing(oratio: Installation, tmp_path: Path, http: httpx.Client) -> None:
    (tmp_path / "hours.md").write_text("# Opening hours\n\nThe shop is open from nine to five on weekdays.\n")
    made = oratio.json(*oratio.create(tmp_path, name="Short-lived"))
    gone = made["agentId"]
    assert oratio.json("agents", "delete", gone) == {"agentId": gone, "status": "deleted"}
    assert http.get(f"/api/agents/{gone}").status_code == 404
    places = ("objects", "knowledge", "agents", "staging")
    left = [path for place in places for path in (oratio.data / place).rglob("*") if gone in str(path)]
    assert left == []
    assert all(entry["agentId"] != gone for entry in oratio.json("agents", "list")["agents"])
