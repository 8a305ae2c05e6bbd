"""The console's own addresses: its document, its headers, signing in and out, files of a draft."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from console import backend, state
from console.app import app as console
from console.pages import own_address
from console.web.document import current, rewritten
from console.web.headers import SecurityHeaders
from tests.console.support.fake_api import TOKEN, FakeApi, refused_connection

BASE = "http://console.test"
ORIGIN = {"origin": BASE}


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeApi]:
    fake = FakeApi()
    monkeypatch.setenv("ORATIO_DATA", str(tmp_path))
    monkeypatch.setattr(backend, "transport", lambda: fake.transport)
    monkeypatch.setattr(backend, "_known", {})
    backend.settings.cache_clear()
    state.drafts.cache_clear()
    yield fake
    backend.settings.cache_clear()
    state.drafts.cache_clear()


@pytest.fixture
def http(api: FakeApi) -> TestClient:
    """The console's own routes without Streamlit's."""
    own = Starlette(routes=console._user_routes, middleware=[Middleware(SecurityHeaders)])
    return TestClient(own, base_url=BASE, follow_redirects=False)


@pytest.fixture
def signed_in(http: TestClient) -> TestClient:
    http.cookies.set("oratio_token", TOKEN)
    return http


@pytest.fixture
def draft(api: FakeApi) -> str:
    return state.drafts().start("operator").draft_id


def test_document_says_where_the_server_is_and_names_no_other_host(http: TestClient) -> None:
    page = http.get("/agent?id=a")
    assert "BACKEND_BASE_URL" in page.text
    assert page.text.index("BACKEND_BASE_URL") < page.text.index("/static/js/index.")
    assert '="./' not in page.text
    assert "<title>Oratio</title>" in page.text


def test_every_inline_script_of_the_document_is_allowed_by_its_hash_and_no_other(http: TestClient) -> None:
    policy = http.get("/").headers["content-security-policy"]
    scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert "unsafe" not in scripts
    assert all(digest in scripts for digest in current().script_hashes)
    assert len(current().script_hashes) == current().html.count("<script>")


def test_document_of_another_streamlit_is_still_told_where_the_server_is() -> None:
    assert "BACKEND_BASE_URL" in rewritten("<head><title>x</title><script src='./a.js'></script></head>").html


def test_first_page_has_one_address(http: TestClient) -> None:
    answer = http.get("/agents?search=x")
    assert (answer.status_code, answer.headers["location"]) == (307, f"{BASE}/?search=x")


def test_signing_in_sets_a_cookie_no_script_reads_and_goes_back(http: TestClient) -> None:
    answer = http.post("/session/sign-in", data={"token": TOKEN, "next": "/agent?id=a&signin=refused"}, headers=ORIGIN)
    assert (answer.status_code, answer.headers["location"]) == (303, "/agent?id=a")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


def test_refused_token_goes_back_with_the_reason_and_no_cookie(http: TestClient) -> None:
    answer = http.post("/session/sign-in", data={"token": "wrong", "next": "/create?draft=d"}, headers=ORIGIN)
    assert answer.headers["location"] == "/create?draft=d&signin=refused"
    assert "set-cookie" not in answer.headers


def test_silent_api_is_not_a_wrong_token(http: TestClient, api: FakeApi) -> None:
    api.broken = refused_connection
    answer = http.post("/session/sign-in", data={"token": TOKEN}, headers=ORIGIN)
    assert answer.headers["location"] == "/?signin=unreachable"


def test_forms_of_other_sites_are_refused(http: TestClient) -> None:
    for path in ("/session/sign-in", "/session/sign-out"):
        assert http.post(path, data={"token": TOKEN}, headers={"origin": "http://evil.test"}).status_code == 403


def test_signing_out_takes_the_cookie_away(signed_in: TestClient) -> None:
    answer = signed_in.post("/session/sign-out", headers=ORIGIN)
    assert 'oratio_token=""' in answer.headers["set-cookie"]


@pytest.mark.parametrize(
    "target", ["https://evil.test/", "//evil.test", "/\\evil.test", "/agent\r\nx: y", "/unknown", "javascript:x", ""]
)
def test_only_own_pages_are_gone_back_to(target: str) -> None:
    assert own_address(target) == "/"


def test_files_are_held_listed_and_taken_out(signed_in: TestClient, draft: str) -> None:
    address = f"/drafts/{draft}/files"
    for path in ("a/b c.md", "ü.txt"):
        put = signed_in.put(
            address, params={"path": path, "modified": "1700000000123"}, content=b"# Hi", headers=ORIGIN
        )
        assert put.status_code == 201
    assert signed_in.get(address).json() == {"a/b c.md": [4, 1700000000123], "ü.txt": [4, 1700000000123]}
    assert signed_in.post(f"{address}/remove", json=["a/"], headers=ORIGIN).status_code == 200
    assert list(signed_in.get(address).json()) == ["ü.txt"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("../up.md", b"x", 422),
        ("/etc/passwd", b"x", 422),
        ("a\0.md", b"x", 422),
        ("", b"x", 422),
        ("x.metadata.json", b"{}", 422),
        ("pic.png", b"\x89PNG", 422),
        ("not-really.pdf", b"hello", 422),
        ("large.md", b"x" * 50_000_001, 413),
    ],
)
def test_bad_file_is_refused_and_not_held(
    signed_in: TestClient, draft: str, path: str, body: bytes, status: int
) -> None:
    address = f"/drafts/{draft}/files"
    answer = signed_in.put(address, params={"path": path}, content=body, headers=ORIGIN)
    assert answer.status_code == status
    assert answer.json()["message"]
    assert signed_in.get(address).json() == {}


def test_file_in_the_place_of_a_folder_is_refused(signed_in: TestClient, draft: str) -> None:
    address = f"/drafts/{draft}/files"
    assert signed_in.put(address, params={"path": "a/b.md"}, content=b"x", headers=ORIGIN).status_code == 201
    assert signed_in.put(address, params={"path": "a"}, content=b"x", headers=ORIGIN).status_code == 422
    assert signed_in.put(address, params={"path": "a/b.md/c.md"}, content=b"x", headers=ORIGIN).status_code == 422


def test_files_need_a_session_the_own_page_and_the_own_draft(http: TestClient, draft: str) -> None:
    address = f"/drafts/{draft}/files"
    assert http.get(address).status_code == 401
    http.cookies.set("oratio_token", TOKEN)
    assert http.put(address, params={"path": "a.md"}, content=b"x", headers={"origin": "http://evil.test"}).status_code
    assert http.get(address).json() == {}
    other = state.drafts().start("somebody else").draft_id
    assert http.get(f"/drafts/{other}/files").status_code == 404
    assert http.put(f"/drafts/{other}/files", params={"path": "a.md"}, content=b"x").status_code == 404
    assert http.get("/drafts/..%2f..%2f/files").status_code == 404
