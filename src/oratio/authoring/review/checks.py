"""The review itself, in this process: stages in order, stopping at the first that finds something."""

import ast
import warnings
from collections.abc import Callable, Iterable, Iterator

from oratio.authoring.review.contract import StepLines, check_contract, check_coverage
from oratio.authoring.review.findings import Finding, Review, verdict
from oratio.authoring.review.lint import check_lint
from oratio.authoring.review.raw import check_raw, check_tokens
from oratio.authoring.review.secrets import check_secrets
from oratio.authoring.review.tree import check_tree

FILE = "agent_file.py"


def check(code: str, prompt: str, steps: Iterable[StepLines]) -> Review:
    """Every stage on one file and its prompt; a stage that finds something ends the review."""
    stages: tuple[Callable[[], Iterable[Finding]], ...] = (
        lambda: check_raw(code),
        lambda: check_tokens(code),
        lambda: _parsed(code),
        lambda: _compiled(code),
        lambda: check_lint(code),
        lambda: [*check_secrets(code), *check_secrets(prompt, prompt=True)],
        lambda: check_coverage(code, prompt, steps),
    )
    for stage in stages:
        if findings := list(stage()):
            return verdict(findings, code)
    return Review(())


def _parsed(code: str) -> Iterator[Finding]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(code, FILE)
    except SyntaxError as error:
        yield Finding(
            error.lineno or 1, error.offset or 1, "syntax", f"not valid Python: {error.msg}", "fix the syntax"
        )
        return
    except (ValueError, RecursionError, MemoryError) as error:
        yield Finding(1, 1, "syntax", f"cannot be parsed ({type(error).__name__})", "write simpler code")
        return
    try:
        yield from check_tree(code, tree)
        yield from check_contract(tree)
    except SyntaxError as error:
        yield Finding(
            error.lineno or 1, error.offset or 1, "syntax", f"not valid Python: {error.msg}", "fix the syntax"
        )
    except RecursionError:
        yield Finding(1, 1, "deep_nesting", "expressions nest too deeply", "write simpler code")


def _syntax(error: SyntaxError) -> Finding:
    message = f"not valid Python: {error.msg}"
    return Finding(error.lineno or 1, error.offset or 1, "syntax", message, "fix the syntax")


def _compiled(code: str) -> Iterator[Finding]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(code, FILE, "exec", dont_inherit=True)
    except SyntaxError as error:
        yield Finding(
            error.lineno or 1, error.offset or 1, "syntax", f"not valid Python: {error.msg}", "fix the syntax"
        )
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        yield Finding(1, 1, "syntax", f"cannot be compiled ({type(error).__name__})", "write simpler code")
