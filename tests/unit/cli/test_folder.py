"""Reading a folder and an SOP from disk."""

import os
import zipfile
from pathlib import Path

import pytest

from oratio.cli.agents.folder import read_folder, read_sop
from oratio.errors import InvalidInput

EXAMPLES = Path(__file__).parents[3] / "examples"


def put(folder: Path, *paths: str) -> None:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text("text")


def test_files_come_sorted_and_relative_to_the_folder(tmp_path: Path) -> None:
    put(tmp_path, "b.txt", "a/z.md", "a/b/c.txt")
    assert [file.path for file in read_folder(tmp_path).files] == ["a/b/c.txt", "a/z.md", "b.txt"]


def test_hidden_files_and_folders_are_left_out_and_named(tmp_path: Path) -> None:
    put(tmp_path, "a.txt", ".git/config", "sub/.DS_Store", "sub/~$report.docx")
    folder = read_folder(tmp_path)
    assert [file.path for file in folder.files] == ["a.txt"]
    assert folder.hidden == (".git", "sub/.DS_Store", "sub/~$report.docx")


def test_excluded_by_path_or_by_name(tmp_path: Path) -> None:
    put(tmp_path, "sop.md", "a.txt", "drafts/x.txt", "sub/old.bak")
    folder = read_folder(tmp_path, ["sop.md", "drafts/*", "*.bak"])
    assert [file.path for file in folder.files] == ["a.txt"]
    assert folder.excluded == ("drafts/x.txt", "sop.md", "sub/old.bak")


def test_symbolic_links_are_refused_and_all_listed(tmp_path: Path) -> None:
    put(tmp_path, "a.txt", "sub/b.txt")
    (tmp_path / "link.txt").symlink_to(tmp_path / "a.txt")
    (tmp_path / "folder-link").symlink_to(tmp_path / "sub")
    with pytest.raises(InvalidInput, match="symbolic link") as refused:
        read_folder(tmp_path)
    assert [problem.loc for problem in refused.value.problems] == [("files", "folder-link"), ("files", "link.txt")]


def test_pipe_is_refused_without_being_opened(tmp_path: Path) -> None:
    put(tmp_path, "a.txt")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InvalidInput, match="no regular file"):
        read_folder(tmp_path)


@pytest.mark.parametrize(
    ("name", "reason"), [("none", "does not exist"), ("file.txt", "is a file"), ("empty", "no docu")]
)
def test_what_is_no_folder_of_documents_is_refused(tmp_path: Path, name: str, reason: str) -> None:
    put(tmp_path, "file.txt")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidInput, match=reason):
        read_folder(tmp_path / name)


def test_text_sop_is_read_as_it_stands() -> None:
    path = EXAMPLES / "telecom" / "documents" / "main_policy.md"
    assert read_sop(path) == path.read_text()


def test_docx_sop_is_read_as_text(tmp_path: Path) -> None:
    path = tmp_path / "sop.docx"
    write_docx(path, "Ask for the order number.")
    assert "Ask for the order number." in read_sop(path)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("sop.docx", b"not a zip", "cannot be read"),
        ("sop.exe", b"MZ", "type that cannot be read"),
        ("sop.md", b"caf\xe9", "not UTF-8"),
    ],
)
def test_unreadable_sop_is_refused(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidInput, match=reason):
        read_sop(tmp_path / name)


def test_missing_sop_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="is no file"):
        read_sop(tmp_path / "none.md")


def write_docx(path: Path, paragraph: str) -> None:
    """The least a Word document consists of."""
    word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    package = "http://schemas.openxmlformats.org/package/2006"
    office = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{package}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/word/document.xml" ContentType="{office}"/></Types>',
        )
        file.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}/relationships">'
            f'<Relationship Id="r1" Type="{relation}" Target="word/document.xml"/></Relationships>',
        )
        file.writestr(
            "word/document.xml",
            f'<w:document xmlns:w="{word}"><w:body><w:p><w:r><w:t>{paragraph}</w:t></w:r></w:p></w:body></w:document>',
        )
