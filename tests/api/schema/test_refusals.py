"""Every refusal of an upload: its status, its code, the field or file it names, and that nothing is kept."""

import json
from collections.abc import Callable

import httpx
import pytest

from oratio.settings import Settings
from tests.api.conftest import FILES, FORM, World, assert_problem, create, submit

GOOD = b"# A document\n"


@pytest.mark.parametrize("field", list(FORM))
async def test_a_missing_field_is_named(world: World, client: httpx.AsyncClient, field: str) -> None:
    assert_problem(await submit(client, **{field: None}), 422, "invalid_input", (field,))
    world.assert_nothing_kept()


async def test_all_missing_fields_are_named_at_once(world: World, client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/agents", files=[("files", ("a.md", GOOD))])

    assert_problem(answer, 422, "invalid_input", *((name,) for name in FORM))
    world.assert_nothing_kept()


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("agentName", " "),
        ("agentName", "x" * 101),
        ("agentName", "two\nlines"),
        ("agentType", "video"),
        ("sop", ""),
        ("sop", "x" * 100_001),
        ("sop", "nul\0"),
        ("knowledgeBaseDescription", ""),
        ("knowledgeBaseDescription", "x" * 2_001),
        ("humanHandoffDescription", "x" * 2_001),
        ("folderFileDescriptions", "not json"),
        ("folderFileDescriptions", "[]"),
        ("folderFileDescriptions", '{"manual.md": 1}'),
        ("folderFileDescriptions", '{"manual.md": "a", "manual.md": "b"}'),
        ("folderFileDescriptions", '{"a":' * 2000 + "{}" + "}" * 2000),
    ],
)
async def test_a_bad_text_is_refused_by_its_name(
    world: World, client: httpx.AsyncClient, field: str, text: str
) -> None:
    answer = await submit(client, **{field: text})

    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid_input"
    assert answer.json()["errors"][0]["loc"][0] == field
    world.assert_nothing_kept()


async def test_a_description_for_a_path_that_is_not_there_is_named(world: World, client: httpx.AsyncClient) -> None:
    tree = {"plans": {"missing.csv": "Nothing"}, "manual.md": "Manual"}

    answer = await submit(client, folderFileDescriptions=json.dumps(tree))

    assert_problem(answer, 422, "invalid_input", ("folderFileDescriptions", "plans/missing.csv"))
    world.assert_nothing_kept()


async def test_a_description_that_is_too_long_is_named_by_its_path(world: World, client: httpx.AsyncClient) -> None:
    answer = await submit(client, folderFileDescriptions=json.dumps({"manual.md": "x" * 2_001}))

    assert_problem(answer, 422, "invalid_input", ("folderFileDescriptions", "manual.md"))
    world.assert_nothing_kept()


async def test_a_lone_surrogate_in_a_description_is_refused(world: World, client: httpx.AsyncClient) -> None:
    for tree in (r'{"manual.md": "\ud800"}', r'{"\udfff.md": "text"}'):
        answer = await submit(client, folderFileDescriptions=tree)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["loc"][0] == "folderFileDescriptions"
    world.assert_nothing_kept()


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "../secret.md",
        "a/../../b.md",
        "a//b.md",
        "./a.md",
        "C:\\windows\\a.md",
        "\\\\server\\share.md",
        "a\\b.md",
        "",
        " ",
        "a/",
        "tab\there.md",
        "line\nbreak.md",
        "rtl\u202egnp.md",
        "x" * 300 + ".md",
        "/".join("abcdefghijklmnopq") + ".md",
        "manual.md.metadata.json",
        "MANUAL.MD.Metadata.JSON",
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e/secret.md",
    ],
)
async def test_a_bad_path_is_refused(world: World, client: httpx.AsyncClient, path: str) -> None:
    body = form_body([("files", path, GOOD)])

    answer = await client.post("/api/agents", content=body, headers=FORM_TYPE)

    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["loc"][0] == "files"
    world.assert_nothing_kept()


async def test_every_bad_path_is_listed(world: World, client: httpx.AsyncClient) -> None:
    bad = ["/abs.md", "../up.md", "x.metadata.json"]

    answer = await submit(client, files=[("files", (path, GOOD)) for path in [*bad, "fine.md"]])

    assert_problem(answer, 422, "invalid_input", *(("files", path) for path in bad))
    assert ["files", "fine.md"] not in [entry["loc"] for entry in answer.json()["errors"]]
    world.assert_nothing_kept()


@pytest.mark.parametrize(
    "paths",
    [("a.md", "a.md"), ("a.md", "A.MD"), ("caf\u00e9.md", "cafe\u0301.md"), ("stra\u00dfe.md", "STRASSE.md")],
)
async def test_paths_that_stand_for_one_file_are_refused_and_both_named(
    world: World, client: httpx.AsyncClient, paths: tuple[str, str]
) -> None:
    answer = await submit(client, files=[("files", (path, GOOD)) for path in paths])

    assert_problem(answer, 422, "invalid_input")
    assert {entry["loc"][0] for entry in answer.json()["errors"]} == {"files"}
    world.assert_nothing_kept()


async def test_a_file_that_is_also_a_folder_is_refused(world: World, client: httpx.AsyncClient) -> None:
    answer = await submit(client, files=[("files", ("a", GOOD)), ("files", ("a/b.md", GOOD))])

    assert_problem(answer, 422, "invalid_input", ("files", "a"))
    world.assert_nothing_kept()


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("run.exe", b"MZ\x90"),
        ("photo.png", b"\x89PNG\r\n"),
        ("text.txt", b"MZ\x90\0\x03"),
        ("manual.pdf", b"<html>"),
        ("sheet.xlsx", b"plain"),
    ],
)
async def test_a_type_the_knowledge_base_cannot_read_is_refused(
    world: World, client: httpx.AsyncClient, path: str, data: bytes
) -> None:
    answer = await submit(client, files=[("files", (path, data)), ("files", ("fine.md", GOOD))])

    assert_problem(answer, 422, "invalid_input", ("files", path))
    world.assert_nothing_kept()


async def test_a_form_without_files_is_refused(world: World, client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/agents", content=form_body([]), headers=FORM_TYPE)

    assert_problem(answer, 422, "invalid_input", ("files",))
    world.assert_nothing_kept()


async def test_a_file_part_without_a_filename_is_refused(world: World, client: httpx.AsyncClient) -> None:
    answer = await submit(client, files=[("files", (None, GOOD))])

    assert_problem(answer, 422, "invalid_input", ("files",))
    world.assert_nothing_kept()


async def test_unknown_fields_are_named(world: World, client: httpx.AsyncClient) -> None:
    answer = await submit(client, userId="bob", status="active")

    assert_problem(answer, 422, "invalid_input", ("userId",), ("status",))
    world.assert_nothing_kept()


async def test_a_doubled_field_is_named(world: World, client: httpx.AsyncClient) -> None:
    answer = await submit(client, sop=["one", "two"])

    assert_problem(answer, 422, "invalid_input", ("sop",))
    world.assert_nothing_kept()


async def test_a_field_that_is_not_utf8_is_named(world: World, client: httpx.AsyncClient) -> None:
    body = form_body([("files", "a.md", GOOD)]).replace(FORM["sop"].encode(), b"\xff\xfe\xfa")

    assert_problem(await client.post("/api/agents", content=body, headers=FORM_TYPE), 422, "invalid_input", ("sop",))
    world.assert_nothing_kept()


async def test_a_file_name_that_is_not_utf8_is_refused(world: World, client: httpx.AsyncClient) -> None:
    body = form_body([("files", "NAME.md", GOOD)]).replace(b"NAME", b"\xff\xfe")

    answer = await client.post("/api/agents", content=body, headers=FORM_TYPE)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["loc"][0] == "files"
    world.assert_nothing_kept()


async def test_a_file_over_its_limit_is_413_and_named(configure: Callable[..., Settings]) -> None:
    world = World(configure(max_file_bytes=1000))
    async with world.client() as client:
        answer = await submit(client, files=[("files", ("fine.md", GOOD)), ("files", ("big.md", b"x" * 1001))])
        assert_problem(answer, 413, "too_large", ("files", "big.md"))
        world.assert_nothing_kept()
        await create(client, files=[("files", ("just.md", b"x" * 1000))])


async def test_a_folder_over_its_limit_is_413(configure: Callable[..., Settings]) -> None:
    world = World(configure(max_total_bytes=1500))
    async with world.client() as client:
        answer = await submit(client, files=[("files", (f"{n}.md", b"x" * 800)) for n in range(2)])
    assert_problem(answer, 413, "too_large", ("files",))
    world.assert_nothing_kept()


async def test_more_files_than_allowed_are_413(configure: Callable[..., Settings]) -> None:
    world = World(configure(max_files=3))
    async with world.client() as client:
        answer = await submit(client, files=[("files", (f"{n}.md", GOOD)) for n in range(4)])
    assert_problem(answer, 413, "too_large", ("files",))
    world.assert_nothing_kept()


async def test_a_text_far_over_its_limit_is_413_and_named(world: World, client: httpx.AsyncClient) -> None:
    assert_problem(await submit(client, sop="x" * 900_000), 413, "too_large", ("sop",))
    world.assert_nothing_kept()


@pytest.mark.parametrize(
    ("headers", "body", "status", "code"),
    [
        ({"Content-Type": "application/json"}, b"{}", 415, "unsupported_media_type"),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"sop=a", 415, "unsupported_media_type"),
        ({}, b"", 415, "unsupported_media_type"),
        ({"Content-Type": "multipart/form-data"}, b"--b--", 400, "malformed_body"),
        ({"Content-Type": "multipart/form-data; boundary="}, b"--b--", 400, "malformed_body"),
        ({"Content-Type": 'multipart/form-data; boundary="' + "b" * 300 + '"'}, b"", 400, "malformed_body"),
        ({"Content-Type": "multipart/form-data; boundary=b"}, b"", 400, "malformed_body"),
        ({"Content-Type": "multipart/form-data; boundary=b"}, b"--other\r\n", 400, "malformed_body"),
        ({"Content-Type": "multipart/form-data; boundary=b"}, b"--b\r\n\r\ntext\r\n--b--", 400, "malformed_body"),
        ({"Content-Type": "multipart/form-data; boundary=b", "Content-Encoding": "gzip"}, b"x", 415,
         "unsupported_media_type"),
    ],
)  # fmt: skip
async def test_a_malformed_request_is_a_clear_refusal(
    world: World, client: httpx.AsyncClient, headers: dict[str, str], body: bytes, status: int, code: str
) -> None:
    assert_problem(await client.post("/api/agents", content=body, headers=headers), status, code)
    world.assert_nothing_kept()


async def test_a_body_cut_anywhere_is_refused_and_nothing_is_kept(world: World, client: httpx.AsyncClient) -> None:
    body = form_body([("files", path, data) for _, (path, data) in FILES])
    for length in range(0, len(body) - len("--\r\n"), 97):
        answer = await client.post("/api/agents", content=body[:length], headers=FORM_TYPE)
        assert_problem(answer, 400, "malformed_body")
    world.assert_nothing_kept()


FORM_TYPE = {"Content-Type": "multipart/form-data; boundary=BOUND"}


def form_body(files: list[tuple[str, str, bytes]], fields: dict[str, str] = FORM) -> bytes:
    """A body as a browser writes it: names raw in UTF-8, with `"`, CR and LF percent-encoded."""
    parts = [f'Content-Disposition: form-data; name="{name}"\r\n\r\n{text}'.encode() for name, text in fields.items()]
    for field, path, data in files:
        name = path.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
        head = f'Content-Disposition: form-data; name="{field}"; filename="{name}"\r\nContent-Type: text/plain\r\n\r\n'
        parts.append(head.encode() + data)
    return b"".join(b"--BOUND\r\n" + part + b"\r\n" for part in parts) + b"--BOUND--\r\n"
