"""The documentation site and every Markdown page: they build strictly, and every link leads somewhere."""

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
DECISIONS = DOCS / "decisions"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md")), *sorted(ROOT.glob("examples/**/README.md"))]
LOADED = {"script": "src", "link": "href", "img": "src", "source": "src", "iframe": "src"}

type Built = subprocess.CompletedProcess[str]


def copied(folder: Path) -> Path:
    """A copy of all that the site is made of."""
    shutil.copytree(DOCS, folder / "docs")
    shutil.copy(ROOT / "zensical.toml", folder)
    return folder


def build(folder: Path) -> Built:
    command = [sys.executable, "-m", "zensical", "build", "--clean", "--strict"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = copied(tmp_path_factory.mktemp("docs"))
    done = build(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "site"


class Parts(HTMLParser):
    """Whatever a browser loads for a page by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        value = dict(attrs).get(LOADED.get(tag, ""))
        if value and dict(attrs).get("rel") != "canonical":
            self.loaded.append(value)


def parts(page: Path) -> list[str]:
    reader = Parts()
    reader.feed(page.read_text())
    return reader.loaded


def test_the_site_loads_nothing_from_another_host(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > len(list(DOCS.glob("*.md")))
    outside = {part for page in pages for part in parts(page) if re.match(r"(\w+:)?//", part)}
    assert outside == set()


def test_every_part_a_page_loads_is_in_the_site(site: Path) -> None:
    missing = [
        f"{page.relative_to(site)}: {part}"
        for page in site.rglob("index.html")
        for part in parts(page)
        if not part.startswith("data:") and not (page.parent / part.partition("?")[0]).exists()
    ]
    assert missing == []


@pytest.mark.parametrize("link", ["[gone](no-such-page.md)", "[gone](cli.md#no-such-heading)", "[gone](#nowhere)"])
def test_a_link_that_leads_nowhere_ends_the_build(tmp_path: Path, link: str) -> None:
    folder = copied(tmp_path)
    with (folder / "docs" / "index.md").open("a") as page:
        page.write(f"\n{link}\n")
    done = build(folder)
    assert done.returncode != 0
    assert "1 issue found" in done.stdout + done.stderr


def test_every_page_is_in_the_navigation() -> None:
    named = re.findall(r'"([^"]+\.md)"', (ROOT / "zensical.toml").read_text())
    assert sorted(named) == sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))


def test_fonts_are_those_of_the_reader() -> None:
    assert tomllib.loads((ROOT / "zensical.toml").read_text())["project"]["theme"]["font"] is False


def tokens(page: Path) -> Iterator[Token]:
    for block in MarkdownIt("commonmark").enable("table").parse(page.read_text()):
        yield block
        yield from block.children or ()


def anchors(page: Path) -> set[str]:
    """The anchors GitHub makes of a page's headings."""
    found, heading = set(), False
    for token in tokens(page):
        if heading and token.type == "inline":
            words = re.sub(r"[`*]", "", token.content).lower()
            found.add(re.sub(r"[^\w\- ]", "", words).replace(" ", "-"))
        heading = token.type == "heading_open"
    return found


def broken(page: Path) -> list[str]:
    """Local links and pictures of a page that lead nowhere."""
    targets = [str(token.attrs.get("href") or token.attrs.get("src") or "") for token in tokens(page)]
    found = []
    for target in filter(None, targets):
        path, _, anchor = target.partition("#")
        if ":" in target:
            continue
        other = (page.parent / path) if path else page
        if not other.exists() or (anchor and anchor not in anchors(other)):
            found.append(f"{page.relative_to(ROOT)}: {target}")
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_local_link_of_a_page_leads_somewhere(page: Path) -> None:
    assert broken(page) == []


def test_the_index_of_decisions_names_every_page_and_every_missing_number() -> None:
    index = (DECISIONS / "README.md").read_text()
    files = {path.name[:4]: path.name for path in DECISIONS.glob("[0-9]*.md")}
    assert dict(re.findall(r"^\| \[(\d{4})\]\(([^)]+)\)", index, re.MULTILINE)) == files
    missing = {f"{number:04}" for number in range(1, int(max(files)) + 1)} - set(files)
    assert set(re.findall(r"^\| (\d{4}) \|", index, re.MULTILINE)) == missing
