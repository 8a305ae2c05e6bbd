import pytest

from oratio.domain.knowledge.uploads import MAX_DEPTH, name_problems, sniff


@pytest.mark.parametrize(
    "path",
    ["", " ", "/etc/passwd", "C:\\x.txt", "a\\b.txt", "../x.md", "a/../b.md", "a//b.md", "./a.md", "a/b\n.md",
     "a\x00.md", "evil\u202egpj.md", "x.metadata.json", "X.METADATA.JSON", "d/" * MAX_DEPTH + "f.md", "n" * 201,
     " a.md", "a .md /b.md"],
)  # fmt: skip
def test_a_bad_path_is_refused(path: str) -> None:
    assert name_problems([path, "good.md"])


def test_paths_that_differ_only_in_case_or_form_are_all_named() -> None:
    problems = name_problems(["Read.md", "read.md", "caf\u00e9.md", "cafe\u0301.md", "fine.md"])
    assert {problem.loc[1] for problem in problems} == {"Read.md", "read.md", "caf\u00e9.md"}


def test_a_path_cannot_be_both_file_and_folder() -> None:
    assert [problem.loc[1] for problem in name_problems(["a", "a/b.md"])] == ["a"]


@pytest.mark.parametrize("path", ["a.md", "ünïcode/日本.pdf", "a b (1).txt", "LICENSE", "deep/er/file.csv", "..a.md"])
def test_ordinary_paths_pass(path: str) -> None:
    assert name_problems([path]) == []


@pytest.mark.parametrize(
    ("path", "head", "media_type"),
    [
        ("a.pdf", b"%PDF-1.7\n", "application/pdf"),
        ("a.md", b"# hi", "text/markdown"),
        ("empty.txt", b"", "text/plain"),
        ("LICENSE", b"MIT License", "text/plain"),
        ("utf16.txt", b"\xff\xfeh\0i\0", "text/plain"),
        ("latin.csv", b"caf\xe9;1", "text/csv"),
    ],
)
def test_types_are_told_by_content_and_ending(path: str, head: bytes, media_type: str) -> None:
    assert sniff(path, head) == (media_type, None)


@pytest.mark.parametrize(
    ("path", "head"),
    [
        ("a.exe", b"MZ"),
        ("a.pdf", b"MZ\x90"),
        ("a.txt", b"\x7fELF\x02"),
        ("a.txt", b"text\0more"),
        ("a.md", b"%PDF-1.4"),
        ("a.docx", b"not a zip"),
        ("a.png", b"\x89PNG"),
        ("LICENSE", b"\xff\xd8\xff"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_name(path: str, head: bytes) -> None:
    media_type, reason = sniff(path, head)
    assert media_type == ""
    assert reason
    assert path in reason
