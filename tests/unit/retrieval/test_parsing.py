from pathlib import Path

import pytest

from oratio.retrieval.parsing.blocks import Block, BlockKind, ParsedDocument
from oratio.retrieval.parsing.documents import BROKEN, EMPTY, ENCRYPTED, NO_TEXT, parse
from tests.unit.retrieval import files


def text_of(document: ParsedDocument) -> str:
    return "\n".join(block.text for block in document.blocks)


class TestText:
    def test_markdown_headings_lists_and_tables_keep_their_structure(self) -> None:
        source = (
            "# Plans\n\nAll **plans** are [monthly](x.html).\n\n## Prices\n\n| Plan | Price |\n|---|---|\n"
            "| Basic | £10 |\n| Plus | |\n\n- one\n  wrapped\n- two\n"
        )
        document = parse(source.encode(), "a.md", "text/markdown")
        assert document.blocks == [
            Block("All plans are monthly.", BlockKind.PROSE, ("Plans",)),
            Block("Plan: Basic; Price: £10\nPlan: Plus", BlockKind.ROWS, ("Plans", "Prices")),
            Block("- one wrapped\n- two", BlockKind.LINES, ("Plans", "Prices")),
        ]

    def test_plain_text_keeps_its_signs(self) -> None:
        document = parse(b"Call __init__ with **kwargs, a_b and # 5.\n", "a.txt", "text/plain")
        assert text_of(document) == "Call __init__ with **kwargs, a_b and # 5."

    def test_windows_1252_is_read(self) -> None:
        data = "Der Preis beträgt 10 € für „Könige“ … naïve café".encode("cp1252") * 4
        assert "beträgt 10 € für „Könige“ … naïve café" in text_of(parse(data, "a.txt", "text/plain"))

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
    def test_marked_encodings_are_read(self, encoding: str) -> None:
        assert text_of(parse("Größe".encode(encoding), "a.txt", "text/plain")) == "Größe"

    def test_csv_rows_carry_their_header(self) -> None:
        document = parse(b'Name;Price;Note\nBasic;10;"a; b"\n\nPlus;20;\n', "a.csv", "text/csv")
        assert [block.text for block in document.blocks] == [
            "Name: Basic; Price: 10; Note: a; b",
            "Name: Plus; Price: 20",
        ]

    def test_json_objects_become_rows_below_their_keys(self) -> None:
        document = parse(
            b'{"shop": {"items": [{"id": 1, "tags": ["a", "b"]}, {"id": 2}]}}', "a.json", "application/json"
        )
        assert [(block.headings, block.text) for block in document.blocks] == [
            (("shop", "items"), "id: 1; tags: a, b"),
            (("shop", "items"), "id: 2"),
        ]

    def test_json_lines_are_rows_too(self) -> None:
        assert text_of(parse(b'{"a": 1}\n{"a": 2}\n', "a.json", "application/json")) == "a: 1\na: 2"

    def test_html_loses_its_tags_and_scripts(self) -> None:
        source = b"<html><body><h1>Hours</h1><script>var x=1</script><p>Open <b>daily</b>.</p></body></html>"
        document = parse(source, "a.html", "text/html")
        assert document.blocks == [Block("Open daily.", BlockKind.PROSE, ("Hours",))]


class TestOffice:
    def test_docx_keeps_headings_and_table_rows(self) -> None:
        data = files.docx("Warranty", "Two years on lamps.", [["Part", "Years"], ["Bulb", "1"]])
        document = parse(data, "a.docx", files.DOCX)
        assert document.blocks[0] == Block("Two years on lamps.", BlockKind.PROSE, ("Warranty",))
        assert document.blocks[1].text == "Part: Bulb; Years: 1"

    def test_pptx_keeps_slide_title_and_notes(self) -> None:
        document = parse(files.pptx("Goals", "Grow", "Say hello first"), "a.pptx", files.PPTX)
        assert [(block.headings, block.page, block.text) for block in document.blocks] == [
            (("Goals",), 1, "Grow"),
            (("Goals", "Notes"), 1, "Say hello first"),
        ]

    def test_xlsx_rows_carry_their_header(self) -> None:
        document = parse(files.xlsx([["Plan", "Price"], ["Basic", "ten"]]), "a.xlsx", files.XLSX)
        assert "Plan: Basic; Price: ten" in text_of(document)


class TestPdf:
    def test_headings_and_pages_are_found(self) -> None:
        first = [(18, "Roaming"), (11, "Roaming is free of charge and needs"), (11, "a restart of the phone.")]
        second = [(18, "Bills"), (11, "Bills come monthly.")]
        document = parse(files.pdf([first, second]), "a.pdf", "application/pdf")
        assert document.blocks == [
            Block("Roaming is free of charge and needs a restart of the phone.", BlockKind.PROSE, ("Roaming",), 1),
            Block("Bills come monthly.", BlockKind.PROSE, ("Bills",), 2),
        ]

    def test_a_flow_chart_says_what_follows_what(self, telecom: Path) -> None:
        data = (telecom / "workflows" / "tech_support_path1_no_service.pdf").read_bytes()
        text = text_of(parse(data, "a.pdf", "application/pdf"))
        assert (
            "Airplane Mode ON? Yes: Ask user to turn Airplane Mode OFF. No: Step 1.2: Verify SIM Card Status." in text
        )
        assert "Line Suspended? Yes: Suspension Type? No: Transfer to Human Agent." in text
        assert "Ask user to re-seat the SIM card. Then: Ask user to look at their status bar" in text


class TestBadInput:
    @pytest.mark.parametrize(
        "media_type", ["text/plain", "application/pdf", files.DOCX, "text/csv", "application/json"]
    )
    def test_an_empty_file_is_called_empty(self, media_type: str) -> None:
        assert parse(b"", "a", media_type).problem == EMPTY

    def test_a_locked_pdf_is_called_encrypted(self) -> None:
        assert parse(files.pdf([[(11, "secret")]], encrypted=True), "a.pdf", "application/pdf").problem == ENCRYPTED

    def test_an_old_or_locked_office_file_is_called_encrypted(self) -> None:
        assert parse(b"\xd0\xcf\x11\xe0" + bytes(600), "a.docx", files.DOCX).problem.startswith(ENCRYPTED)

    @pytest.mark.parametrize(
        ("data", "media_type"),
        [
            (b"%PDF-1.7 and then nothing", "application/pdf"),
            (b"PK\x03\x04 and then nothing", files.DOCX),
            (files.archive({"x": "y"}), files.PPTX),
            (files.archive({"x": "y"}), files.XLSX),
            (files.docx("a", "b", [])[:200], files.DOCX),
        ],
        ids=["pdf", "no-archive", "no-slides", "no-sheets", "cut-off"],  # an archive holds the time it was made
    )
    def test_broken_files_are_problems_in_words(self, data: bytes, media_type: str) -> None:
        document = parse(data, "a", media_type)
        assert document.blocks == []
        assert document.problem.startswith((BROKEN, NO_TEXT))

    def test_a_scan_has_no_text(self) -> None:
        assert parse(files.pdf([[]]), "a.pdf", "application/pdf").problem == NO_TEXT

    def test_bad_json_is_named(self) -> None:
        assert "JSON" in parse(b'{"a": ', "a.json", "application/json").problem

    def test_a_zip_bomb_is_refused_before_it_unpacks(self) -> None:
        bomb = files.archive({"word/document.xml": bytes(60_000_000)})
        assert len(bomb) < 200_000
        assert "unpacks" in parse(bomb, "a.docx", files.DOCX).problem

    def test_deep_html_and_json_do_no_harm(self) -> None:
        deep = b"<div>" * 20_000 + b"deep" + b"</div>" * 20_000
        document = parse(deep, "a.html", "text/html")
        assert document.problem or "deep" in text_of(document)
        assert parse(b"[" * 100_000 + b"]" * 100_000, "a.json", "application/json").problem

    def test_halves_of_surrogates_are_replaced(self) -> None:
        assert text_of(parse(b'{"a": "x\\ud800y"}', "a.json", "application/json")) == "a: x?y"
