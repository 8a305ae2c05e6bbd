"""The form reader alone: names as clients spell them, and bodies nobody should send."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oratio.api.problems import Refusal
from oratio.api.uploads.multipart import FormReader, boundary_of, file_name, parameters
from oratio.client.forms import Form
from oratio.domain.knowledge.uploads import name_problems, path_problem
from oratio.errors import InvalidInput, TooLarge
from oratio.services.knowledge.uploads import Limits, Syncer, Upload

FIELDS = {"sop": 1000, "agentName": 100}
LIMITS = Limits(files=20, total_bytes=100_000, file_bytes=50_000)


@pytest.fixture
def upload(tmp_path: Path) -> Iterator[Upload]:
    with Upload(tmp_path / "staging", LIMITS, Syncer()) as opened:
        yield opened


@pytest.mark.parametrize(
    ("disposition", "path"),
    [
        ('form-data; name="files"; filename="a/b c.md"', "a/b c.md"),
        ("form-data; name=files; filename=a/b.md", "a/b.md"),
        ('form-data; name="files"; filename="caf\u00e9/men\u00fc.md"', "caf\u00e9/men\u00fc.md"),
        ("form-data; name=\"files\"; filename*=UTF-8''caf%C3%A9%2Fa.md", "caf\u00e9/a.md"),
        ("form-data; name=\"files\"; filename*=utf-8'en'a%20b.md", "a b.md"),
        ('form-data; name="files"; filename="plain.md"; filename*=UTF-8\'\'real%2Fname.md', "real/name.md"),
        ('form-data; name="files"; filename="5%22 tv.md"', '5" tv.md'),
        ('form-data; name="files"; filename="a \\"quoted\\" b.md"', 'a "quoted" b.md'),
        ('form-data; name="files"; filename="100%25 sure.md"', "100%25 sure.md"),
        ('form-data; name="files"; filename="My%20Doc.pdf"', "My%20Doc.pdf"),
        ('form-data; name="files"; filename="docs%2FMy%20Doc.pdf"', "docs/My Doc.pdf"),
        ('form-data; name="files"; filename="a;b=c.md"', "a;b=c.md"),
        ('form-data; name="files"; filename="C:\\\\docs\\\\a.md"', "C:\\docs\\a.md"),
        ('form-data; name="files"; filename="line%0Abreak.md"', "line\nbreak.md"),
        ('form-data; NAME="files" ; FileName="a.md" ;', "a.md"),
        ('form-data; name="files"; filename=""', ""),
        ('form-data; name="files"', None),
    ],
)
def test_a_file_name_is_read_as_the_client_meant_it(disposition: str, path: str | None) -> None:
    kind, options = parameters(disposition.encode().decode("latin-1"))

    assert kind == "form-data"
    assert file_name(options) == path


@pytest.mark.parametrize(
    "header",
    ['form-data; name="a', "form-data; name", 'form-data; name="a"; name="b"', "form-data; =x", 'form-data; "x"'],
)
def test_a_malformed_disposition_is_refused(header: str) -> None:
    with pytest.raises(ValueError, match="malformed"):
        parameters(header)


def test_a_boundary_may_be_quoted() -> None:
    assert boundary_of('multipart/form-data; boundary="a b?c"; charset=utf-8') == b"a b?c"
    assert boundary_of("Multipart/Form-Data; Boundary=xyz") == b"xyz"


PATHS = st.lists(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=30), min_size=1, max_size=5
).map("/".join)  # fmt: skip
CONTENTS = st.one_of(
    st.binary(max_size=300),
    # Pieces of boundaries, which is where parsers go wrong.
    st.lists(st.sampled_from([b"\r\n", b"--", b"oratio-", b"-", b"\r", b"\n", b"x"]), max_size=30).map(b"".join),
)


@given(st.lists(st.tuples(PATHS, CONTENTS), max_size=6), st.text(st.characters(codec="utf-8"), max_size=100), st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_the_client_sends_is_what_the_reader_stages_however_it_is_cut(
    tmp_path: Path, files: list[tuple[str, bytes]], sop: str, data: st.DataObject
) -> None:
    form = Form({"sop": sop}, files)
    body = b"".join(form)
    assert len(body) == form.length
    with Upload(tmp_path / "staging", LIMITS, Syncer()) as upload:
        reader = FormReader(boundary_of(form.headers["Content-Type"]), upload, FIELDS)
        while body:
            cut = data.draw(st.integers(1, len(body)))
            reader.feed(body[:cut])
            body = body[cut:]
        received = reader.finish()
        assert received.fields == {"sop": sop}
        assert [staged.location.read_bytes() for staged in received.files] == [content for _, content in files]
        for staged, (path, content) in zip(received.files, files, strict=True):
            assert staged.size == len(content)
            assert staged.path == path or not path.isascii()
            assert staged.location.parent == tmp_path / "staging"
    assert not (tmp_path / "staging").exists()


@given(st.binary(max_size=2000), st.integers(1, 2000))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_a_form_or_a_clear_refusal(tmp_path: Path, noise: bytes, cut: int) -> None:
    _feed(tmp_path, b"--B\r\n" + noise, cut)


PIECES = st.sampled_from(
    [
        b"--B\r\n", b"--B--\r\n", b"--B", b"\r\n", b"\r\n\r\n", b"Content-Disposition: form-data; ", b'name="sop"',
        b'name="files"', b"; ", b'filename="a.md"', b'filename="../a"', b"filename*=UTF-8''%ff", b"filename*=x''a",
        b"filename*=''", b'"', b":", b"x" * 50, b"\0", b"\xff", b"Content-Transfer-Encoding: base64", b"name=files",
    ]
)  # fmt: skip


@given(st.lists(PIECES, max_size=40).map(b"".join), st.integers(1, 50))
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_bodies_that_are_nearly_forms_are_a_form_or_a_clear_refusal(tmp_path: Path, body: bytes, cut: int) -> None:
    _feed(tmp_path, body, cut)


def _feed(tmp_path: Path, body: bytes, cut: int) -> None:
    with Upload(tmp_path / "staging", LIMITS, Syncer()) as upload:
        reader = FormReader(b"B", upload, FIELDS)
        try:
            for start in range(0, len(body), cut):
                reader.feed(body[start : start + cut])
            reader.finish()
        except (Refusal, InvalidInput):
            reader.abort()
    assert not (tmp_path / "staging").exists()


@given(PATHS)
@settings(max_examples=300, deadline=None)
def test_a_path_that_passes_stays_inside_its_folder(path: str) -> None:
    if path_problem(path) is None:
        resolved = Path("/root-of-all") / path
        assert ".." not in resolved.parts
        assert resolved.is_relative_to("/root-of-all")
        assert "\0" not in path
        assert not path.casefold().endswith(".metadata.json")


@given(st.lists(PATHS, max_size=8))
@settings(max_examples=200, deadline=None)
def test_paths_that_pass_together_can_be_stored_together(paths: list[str]) -> None:
    if not name_problems(paths):
        assert len({path.casefold() for path in paths}) == len(paths)


def test_a_field_over_its_limit_is_named(upload: Upload) -> None:
    reader = FormReader(b"B", upload, FIELDS)
    with pytest.raises(TooLarge) as caught:
        reader.feed(b'--B\r\nContent-Disposition: form-data; name="agentName"\r\n\r\n' + b"x" * 200)
    assert caught.value.problems[0].loc == ("agentName",)


def test_a_form_of_nothing_but_unknown_fields_is_given_up(upload: Upload) -> None:
    reader = FormReader(b"B", upload, FIELDS)
    part = b'--B\r\nContent-Disposition: form-data; name="x%d"\r\n\r\n\r\n'
    body = b"".join(part % number for number in range(1000))
    with pytest.raises(InvalidInput) as caught:
        reader.feed(body)
    assert len(caught.value.problems) == 100
