import random
from dataclasses import replace

import pytest

from oratio.authoring.author import author
from oratio.authoring.review import Finding, Review, review, review_in_child
from oratio.authoring.review.checks import check
from oratio.authoring.review.contract import StepLines
from oratio.authoring.review.findings import MAX_FINDINGS
from oratio.authoring.review.signature import sign, verify
from tests.unit.authoring.review_corpus import GOOD, HOSTILE, ONLY_THE_SANDBOX_STOPS, ORDINARY
from tests.unit.authoring.samples import brief, text_of

STEPS = [StepLines("s001", 1, 1)]
PROMPT = "Be kind. <!-- sop:1-1 -->"


def checked(code: str) -> Review:
    return check(code, PROMPT, STEPS)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_or_broken_file_is_refused(name: str) -> None:
    assert not checked(HOSTILE[name]).passed


def test_the_corpus_is_as_large_as_promised() -> None:
    assert len(HOSTILE) >= 60
    assert len(ORDINARY) >= 30


@pytest.mark.parametrize("name", ORDINARY)
def test_an_ordinary_agent_passes(name: str) -> None:
    assert checked(ORDINARY[name]).findings == ()


@pytest.mark.parametrize("name", ONLY_THE_SANDBOX_STOPS)
def test_what_only_the_sandbox_stops_is_known(name: str) -> None:
    assert checked(ONLY_THE_SANDBOX_STOPS[name]).passed


def test_findings_are_sorted_capped_and_show_their_line() -> None:
    body = "\n".join(f"X{number} = open('x')" for number in range(30))
    findings = checked(GOOD + body).findings
    assert len(findings) == MAX_FINDINGS
    assert list(findings) == sorted(findings)
    assert all(finding.source_line.startswith("X") for finding in findings)


def test_a_finding_names_place_rule_and_mend() -> None:
    finding = checked(HOSTILE["import_os"]).findings[0]
    assert (finding.line, finding.column, finding.code) == (7, 1, "import")
    assert finding.source_line == "import os"
    assert finding.hint


def test_a_step_in_neither_code_nor_prompt_is_found() -> None:
    findings = check(GOOD, "Be kind.", [StepLines("s001", 4, 6)]).findings
    assert [finding.code for finding in findings] == ["uncovered_step"]
    assert "lines 4 to 6" in findings[0].message


def test_a_secret_in_the_prompt_is_found() -> None:
    assert [finding.code for finding in check(GOOD, PROMPT + "\nAKIAABCDEFGHIJKLMNOP", STEPS).findings] == ["secret"]


def mutants(seed: int, count: int) -> list[str]:
    """Files near the corpus: characters and lines cut, doubled, swapped and spliced from one file to another."""
    chance = random.Random(seed)
    pool = [GOOD, *ORDINARY.values(), *(code for code in HOSTILE.values() if len(code) < 4_000)]
    alphabet = "()[]{}:,.=+-*@\"'\\#\n\t \x00\u202e\udc80é_aA0%~|&^<>;!`"
    made = []
    for _ in range(count):
        code = chance.choice(pool)
        for _ in range(chance.randint(1, 6)):
            at, to = sorted((chance.randrange(len(code) + 1), chance.randrange(len(code) + 1)))
            to = min(to, at + 40)
            match chance.randrange(4):
                case 0:
                    code = code[:at] + code[to:]
                case 1:
                    code = code[:at] + "".join(chance.choices(alphabet, k=chance.randint(1, 5))) + code[at:]
                case 2:
                    code = code[:at] + code[at:to] * chance.randint(1, 40) + code[at:]
                case _:
                    other = chance.choice(pool)
                    start = chance.randrange(len(other) + 1)
                    code = code[:at] + other[start : start + chance.randint(1, 80)] + code[at:]
        made.append(code)
    return made


@pytest.mark.parametrize("seed", range(4))
def test_the_checker_survives_any_mutant(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oratio.authoring.review.checks.check_lint", lambda code: ())  # a process each, tested above
    for code in mutants(seed, 250):
        verdict = checked(code)
        assert verdict.passed or all(isinstance(finding, Finding) for finding in verdict.findings)


def test_the_child_gives_the_same_verdict() -> None:
    made = author(brief(text_of("telecom")))
    assert review_in_child(made.code, made.prompt, made.plan.model_dump_json()) == Review(())
    bad = made.code.replace("return ctx.search(query)", "return eval(query)")
    assert review_in_child(bad, made.prompt, made.plan.model_dump_json()) == review(bad, made.prompt, made.plan)


@pytest.mark.parametrize("name", ["nul", "surrogate", "attribute_chain", "deep_brackets", "too_large", "empty"])
def test_the_child_survives_what_breaks_parsers(name: str) -> None:
    made = author(brief("Be kind."))
    assert not review_in_child(HOSTILE[name], made.prompt, made.plan.model_dump_json()).passed


def test_a_child_that_takes_too_long_is_a_finding() -> None:
    findings = review_in_child(GOOD, PROMPT, '{"steps": []}', wall_s=0.001).findings
    assert [finding.code for finding in findings] == ["review_timeout"]


def test_a_plan_that_cannot_be_read_is_a_finding() -> None:
    assert [finding.code for finding in review_in_child(GOOD, PROMPT, "nonsense").findings] == ["review_failed"]


def test_a_signature_covers_each_digest_and_the_key() -> None:
    digests = ("a" * 64, "b" * 64, "c" * 64)
    signature = sign(*digests, b"key")
    assert verify(*digests, signature, b"key")
    assert not verify(*digests, signature, b"other")
    for index in range(3):
        changed = [*digests]
        changed[index] = "d" * 64
        assert not verify(changed[0], changed[1], changed[2], signature, b"key")


def test_a_signature_names_the_checker_that_made_it() -> None:
    digests = ("a" * 64, "b" * 64, "c" * 64)
    signature = sign(*digests, b"key")
    assert not verify(*digests, signature.replace("review-1:", "review-2:"), b"key")
    assert not verify(*digests, "", b"key")
    assert not verify(*digests, signature.split(":")[1], b"key")


def test_findings_are_plain_data() -> None:
    finding = Finding(1, 2, "name", "what", "mend", "line")
    assert replace(finding, line=3).line == 3
