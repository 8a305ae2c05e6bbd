"""Versions over HTTP."""

import httpx
import pytest

from oratio.domain.agents.version import RehearsalSummary
from oratio.domain.refs import VersionRef
from oratio.domain.storage_layout import CODE_FILE, PLAN_FILE, version_key
from tests.api.conftest import FORM, World, assert_problem, create
from tests.api.schema.test_refusals import FORM_TYPE, form_body


async def _live(world: World, client: httpx.AsyncClient) -> str:
    agent_id = await create(client)
    world.go_live("alice", agent_id)
    return agent_id


async def test_an_update_builds_the_next_version_from_what_it_is_given(world: World, client: httpx.AsyncClient) -> None:
    agent_id = await _live(world, client)

    answer = await client.post(
        f"/api/agents/{agent_id}/versions",
        data={"sop": "1. Say hello.", "deleteFiles": '["plans/prices.csv"]'},
        files=[("files", ("new.md", b"# New\n"))],
    )

    assert answer.status_code == 202
    assert answer.json() == {"agentId": agent_id, "version": 2}
    shown = (await client.get(f"/api/agents/{agent_id}/versions/2")).json()
    assert shown["sop"] == "1. Say hello."
    assert shown["agentName"] == FORM["agentName"]
    assert [file["path"] for file in shown["files"]] == ["manual.md", "new.md"]
    assert (await client.get(f"/api/agents/{agent_id}")).json()["currentVersion"] == 1


@pytest.mark.parametrize(("given", "held"), [({}, True), ({"activate": "false"}, True), ({"activate": "true"}, False)])
async def test_a_new_version_waits_to_be_activated_unless_the_form_says_otherwise(
    world: World, client: httpx.AsyncClient, given: dict[str, str], held: bool
) -> None:
    agent_id = await _live(world, client)
    data = {"sop": "1. Say hello.", **given}

    made = await client.post(f"/api/agents/{agent_id}/versions", content=form_body([], data), headers=FORM_TYPE)

    assert made.status_code == 202
    ref = VersionRef(user_id="alice", agent_id=agent_id, version=2)
    assert world.platform.versions.get(ref).held is held


async def test_an_update_of_texts_alone_needs_no_files(world: World, client: httpx.AsyncClient) -> None:
    agent_id = await _live(world, client)

    answer = await client.post(
        f"/api/agents/{agent_id}/versions", content=form_body([], {"agentName": "New name"}), headers=FORM_TYPE
    )

    assert answer.status_code == 202


async def test_a_bad_update_is_refused_whole(world: World, client: httpx.AsyncClient) -> None:
    agent_id = await _live(world, client)
    url = f"/api/agents/{agent_id}/versions"
    before = world.stored()

    for fields, loc in (
        ({"deleteFiles": "manual.md"}, ("deleteFiles",)),
        ({"deleteFiles": "[1]"}, ("deleteFiles",)),
        ({"deleteFiles": '["none.md"]'}, ("deleteFiles", "none.md")),
        ({"deleteFiles": '["manual.md", "plans/prices.csv"]'}, ("files",)),
        ({"sop": ""}, ("sop",)),
        ({"activate": "yes"}, ("activate",)),
        ({"status": "live"}, ("status",)),
    ):
        answer = await client.post(url, content=form_body([], fields), headers=FORM_TYPE)
        assert_problem(answer, 422, "invalid_input", loc)
    assert world.stored() == before
    assert len((await client.get(url)).json()["versions"]) == 1


async def test_an_agent_that_is_not_active_takes_no_update(client: httpx.AsyncClient) -> None:
    agent_id = await create(client)
    body = form_body([], {"agentName": "New"})
    answer = await client.post(f"/api/agents/{agent_id}/versions", content=body, headers=FORM_TYPE)
    assert_problem(answer, 409, "conflict")


async def test_a_version_shows_what_was_written_for_it(world: World, client: httpx.AsyncClient) -> None:
    agent_id = await _live(world, client)
    world.platform.code.put(version_key("alice", agent_id, 1, CODE_FILE), b"def build_agent(ctx): ...", tags={})
    world.platform.code.put(version_key("alice", agent_id, 1, PLAN_FILE), b'{"steps": []}', tags={})

    shown = (await client.get(f"/api/agents/{agent_id}/versions/1")).json()

    assert shown["code"] == "def build_agent(ctx): ..."
    assert shown["plan"] == {"steps": []}
    assert shown["prompt"] is None
    assert all(len(file["sha256"]) == 64 for file in shown["files"])


async def test_a_failed_rehearsal_goes_live_only_with_a_signed_reason(world: World, client: httpx.AsyncClient) -> None:
    agent_id = await _live(world, client)
    version = world.platform.versions.history("alice", agent_id)[0]
    failed = RehearsalSummary(passed=False, scenarios=2, failures=("hand-off: no human was called",))
    world.platform.versions.save(version.model_copy(update={"rehearsal": failed}))
    for file in (CODE_FILE, "prompt.md"):
        world.platform.code.put(version_key("alice", agent_id, 1, file), b"text", tags={})
    url = f"/api/agents/{agent_id}/versions/1/activate"

    assert_problem(await client.post(url), 409, "rehearsal_failed")
    answer = await client.post(url, json={"overrideReason": "Checked by hand"})

    assert answer.status_code == 200
    assert answer.json()["version"] == 1
    stored = (await client.get(f"/api/agents/{agent_id}/versions/1")).json()["override"]
    assert (stored["reason"], stored["signedBy"]) == ("Checked by hand", "alice")


async def test_numbers_that_are_no_versions_are_refused(world: World, client: httpx.AsyncClient) -> None:
    agent_id = await _live(world, client)
    assert_problem(await client.get(f"/api/agents/{agent_id}/versions/9"), 404, "not_found")
    for number in ("0", "-1", "x", "99999999999999999999"):
        assert_problem(await client.get(f"/api/agents/{agent_id}/versions/{number}"), 422, "invalid_input")
    assert_problem(await client.post(f"/api/agents/{agent_id}/versions/9/activate"), 404, "not_found")
