"""Uploads file by file: what is held is said, the rest is sent, and a form names the whole."""

import asyncio
import dataclasses
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from oratio.client import AsyncClient, Brief, Client
from oratio.errors import NotAuthenticated
from oratio.services.knowledge.resumable_uploads import MAX_OPEN, TICKET_MS
from oratio.settings import Settings
from tests.api.conftest import FORM, World, assert_problem
from tests.api.live import serving
from tests.api.schema.test_refusals import FORM_TYPE, form_body
from tests.fakes.clock import FakeClock

FOLDER = {"manual.md": b"# Manual\nHold the button.\n", "plans/prices.csv": b"plan,price\nbasic,10\n"}


def _listed(folder: dict[str, bytes] = FOLDER) -> dict[str, Any]:
    files = [{"path": path, "size": len(data), "sha256": _sha(data)} for path, data in folder.items()]
    return {"files": files}


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


async def _begin(client: httpx.AsyncClient, folder: dict[str, bytes] = FOLDER) -> dict[str, Any]:
    answer = await client.post("/api/uploads", json=_listed(folder))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def _send(client: httpx.AsyncClient, upload_id: str, data: bytes, **parts: Any) -> httpx.Response:
    return await client.put(f"/api/uploads/{upload_id}/files/{_sha(data)}", content=data, **parts)


async def _create(client: httpx.AsyncClient, upload_id: str, **headers: str) -> httpx.Response:
    body = form_body([], {**FORM, "uploadId": upload_id})
    return await client.post("/api/agents", content=body, headers={**FORM_TYPE, **headers})


async def test_an_upload_is_taken_up_where_it_stopped(world: World, client: httpx.AsyncClient) -> None:
    begun = await _begin(client)
    assert (begun["complete"], begun["held"]) == (False, [])
    assert (await _send(client, begun["uploadId"], FOLDER["manual.md"])).status_code == 204

    again = await _begin(client)

    assert again["uploadId"] == begun["uploadId"]
    assert again["held"] == ["manual.md"]
    assert [file["path"] for file in again["missing"]] == ["plans/prices.csv"]
    assert_problem(await _create(client, begun["uploadId"]), 409, "conflict")
    await _send(client, begun["uploadId"], FOLDER["plans/prices.csv"])
    assert (await client.get(f"/api/uploads/{begun['uploadId']}")).json()["complete"]


async def test_a_form_that_names_a_complete_upload_makes_the_agent(world: World, client: httpx.AsyncClient) -> None:
    upload_id = (await _begin(client))["uploadId"]
    for data in FOLDER.values():
        await _send(client, upload_id, data)

    made = await _create(client, upload_id, **{"Idempotency-Key": "k"})
    again = await _create(client, upload_id, **{"Idempotency-Key": "k"})

    assert made.status_code == again.status_code == 202, made.text
    assert made.json()["agentId"] == again.json()["agentId"]
    agent_id = made.json()["agentId"]
    version = world.platform.versions.history("alice", agent_id)[0]
    assert [document.path for document in version.documents] == sorted(FOLDER)
    for path, data in FOLDER.items():
        assert world.platform.documents.get(f"alice/{agent_id}/{path}") == data
    assert (await client.delete(f"/api/uploads/{upload_id}")).status_code == 204
    assert world.platform.documents.get(f"alice/{agent_id}/manual.md") == FOLDER["manual.md"]


async def test_a_version_takes_files_from_an_upload_and_from_the_form(world: World, client: httpx.AsyncClient) -> None:
    made = await client.post("/api/agents", data=FORM, files=[("files", ("old.md", b"# Old\n"))])
    agent_id = made.json()["agentId"]
    world.go_live("alice", agent_id)
    upload_id = (await _begin(client))["uploadId"]
    for data in FOLDER.values():
        await _send(client, upload_id, data)

    body = form_body([("files", "new.md", b"# New\n")], {"uploadId": upload_id})
    answer = await client.post(f"/api/agents/{agent_id}/versions", content=body, headers=FORM_TYPE)

    assert answer.status_code == 202, answer.text
    version = world.platform.versions.history("alice", agent_id)[0]
    assert [document.path for document in version.documents] == ["manual.md", "new.md", "old.md", "plans/prices.csv"]


async def test_bytes_other_than_announced_are_not_kept(world: World, client: httpx.AsyncClient) -> None:
    upload_id = (await _begin(client))["uploadId"]
    url = f"/api/uploads/{upload_id}/files/{_sha(FOLDER['manual.md'])}"
    size = len(FOLDER["manual.md"])
    assert_problem(await client.put(url, content=b"x" * size), 422, "invalid_input", ("sha256",))
    assert_problem(await client.put(url, content=b"x"), 422, "invalid_input", ("sha256",))
    assert_problem(await client.put(url, content=b"x" * (size + 1)), 413, "too_large")
    assert_problem(await client.put(f"/api/uploads/{upload_id}/files/{'0' * 64}", content=b"x"), 404, "not_found")
    assert_problem(
        await client.put(f"/api/uploads/{upload_id}/files/x", content=b"x"), 422, "invalid_input", ("sha256",)
    )
    assert (await client.get(f"/api/uploads/{upload_id}")).json()["held"] == []
    assert [path for path in world.stored() if not path.endswith("manifest.json")] == []


async def test_the_same_file_sent_many_times_at_once_is_kept_once(world: World, client: httpx.AsyncClient) -> None:
    upload_id = (await _begin(client))["uploadId"]
    answers = await asyncio.gather(*(_send(client, upload_id, FOLDER["manual.md"]) for _ in range(12)))
    assert {answer.status_code for answer in answers} == {204}
    assert len([path for path in world.stored() if not path.endswith("manifest.json")]) == 1


async def test_a_ticket_sends_the_files_of_its_upload_and_nothing_else(
    configure: Callable[..., Settings],
) -> None:
    world = World(configure())
    async with world.client("alice") as alice, world.client(None) as browser:
        begun = await _begin(alice)
        other = await _begin(alice, {"other.md": b"# Other\n"})
        ticket = {"Authorization": f"Bearer {begun['ticket']}"}
        assert (await _send(browser, begun["uploadId"], FOLDER["manual.md"], headers=ticket)).status_code == 204
        refused = await _send(browser, other["uploadId"], b"# Other\n", headers=ticket)
        assert_problem(refused, 401, "not_authenticated")
        for method, path in (("GET", "/api/agents"), ("GET", f"/api/uploads/{begun['uploadId']}")):
            assert_problem(await browser.request(method, path, headers=ticket), 403, "not_allowed")
        wrong = "1" if begun["ticket"].endswith("0") else "0"
        for forged in (begun["ticket"][:-1] + wrong, "oratup_", "oratup_a.b", "oratup_\u00e9.\u00e9"):
            headers = {"Authorization": f"Bearer {forged}".encode()}
            refused = await _send(browser, begun["uploadId"], FOLDER["manual.md"], headers=headers)
            assert_problem(refused, 401, "not_authenticated")


def test_a_ticket_ends(world: World) -> None:
    kept = world.services.kept_uploads
    clock = FakeClock()
    kept._clock = clock
    ticket, _ = kept.ticket("alice", "a" * 32)
    assert kept.redeem(ticket, "a" * 32) == "alice"
    clock.advance(TICKET_MS / 1000)
    with pytest.raises(NotAuthenticated):
        kept.redeem(ticket, "a" * 32)


async def test_an_upload_is_its_tenants_alone(world: World, client: httpx.AsyncClient) -> None:
    upload_id = (await _begin(client))["uploadId"]
    async with world.client("bob") as bob:
        assert (await _begin(bob))["uploadId"] != upload_id
        assert_problem(await bob.get(f"/api/uploads/{upload_id}"), 404, "not_found")
        assert_problem(await _send(bob, upload_id, FOLDER["manual.md"]), 404, "not_found")
        assert_problem(await _create(bob, upload_id), 422, "invalid_input", ("uploadId",))


async def test_a_bad_list_is_refused_whole(world: World, client: httpx.AsyncClient) -> None:
    good = {"path": "a.md", "size": 1, "sha256": "a" * 64}
    for change, loc in (
        ({"path": "../a.md"}, ("files", "../a.md")),
        ({"path": "/a.md"}, ("files", "/a.md")),
        ({"path": "a.exe"}, ("files", "a.exe")),
        ({"path": "a.md.metadata.json"}, ("files", "a.md.metadata.json")),
        ({"sha256": "A" * 64}, ("files", "0", "sha256")),
        ({"sha256": "../" + "a" * 61}, ("files", "0", "sha256")),
        ({"size": -1}, ("files", "0", "size")),
        ({"size": "1"}, ("files", "0", "size")),
        ({"more": 1}, ("files", "0", "more")),
    ):
        answer = await client.post("/api/uploads", json={"files": [{**good, **change}]})
        assert_problem(answer, 422, "invalid_input", loc)
    twins = [good, {**good, "path": "A.md"}]
    assert_problem(await client.post("/api/uploads", json={"files": twins}), 422, "invalid_input", ("files", "a.md"))
    sizes = [good, {**good, "path": "b.md", "size": 2}]
    assert_problem(await client.post("/api/uploads", json={"files": sizes}), 422, "invalid_input", ("files", "b.md"))
    assert_problem(await client.post("/api/uploads", json={"files": []}), 422, "invalid_input", ("files",))
    world.assert_nothing_kept()


async def test_a_list_over_the_limits_is_413(configure: Callable[..., Settings]) -> None:
    world = World(configure(max_files=2, max_file_bytes=10, max_total_bytes=15))
    async with world.client() as client:
        for sizes in ((1, 1, 1), (11,), (8, 8)):
            folder = {f"{number}.md": bytes([65 + number]) * size for number, size in enumerate(sizes)}
            assert_problem(await client.post("/api/uploads", json=_listed(folder)), 413, "too_large")
    world.assert_nothing_kept()


async def test_a_thousand_long_paths_fit_into_a_list(client: httpx.AsyncClient) -> None:
    folder = {f"{'d' * 200}/{'e' * 200}/{number:04d}{'f' * 150}.md": str(number).encode() for number in range(1000)}
    assert len((await _begin(client, folder))["missing"]) == 1000


async def test_a_tenant_has_a_bounded_number_of_uploads(client: httpx.AsyncClient) -> None:
    for number in range(MAX_OPEN):
        await _begin(client, {"a.md": str(number).encode()})
    assert_problem(await client.post("/api/uploads", json=_listed()), 409, "conflict")
    await _begin(client, {"a.md": b"0"})


async def test_an_abandoned_upload_is_swept(world: World, client: httpx.AsyncClient) -> None:
    upload_id = (await _begin(client))["uploadId"]
    assert world.services.uploads.sweep(world.platform.clock.now_ms()) == 0
    assert world.services.uploads.sweep(world.platform.clock.now_ms() + 25 * 3600 * 1000) == 1
    assert_problem(await client.get(f"/api/uploads/{upload_id}"), 404, "not_found")


async def test_the_client_sends_a_folder_and_only_what_is_missing(
    world: World, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    for path, data in {**FOLDER, "copy.md": FOLDER["manual.md"], "empty.txt": b""}.items():
        (tmp_path / "folder" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "folder" / path).write_bytes(data)
    brief = Brief(
        agent_name="Help desk",
        agent_type="text",
        sop="1. Greet.",
        knowledge_base_description="Devices.",
        human_handoff_description="Asked for.",
    )
    with serving(world) as base:
        with Client(base, world.token()) as oratio:
            sent = oratio.upload(tmp_path / "folder")
            made = oratio.create_agent(dataclasses.replace(brief, upload_id=sent.upload_id), ())
        async with AsyncClient(base, world.token()) as oratio_too:
            again = await oratio_too.upload(tmp_path / "folder")
            other = await oratio_too.upload([("a.md", b"# A\n")])
    assert sent.complete
    assert again == sent
    assert other.held == ["a.md"]
    documents = world.platform.versions.history("alice", made.agent_id)[0].documents
    assert [document.path for document in documents] == ["copy.md", "empty.txt", "manual.md", "plans/prices.csv"]
