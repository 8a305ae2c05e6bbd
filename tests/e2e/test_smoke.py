"""The script that tries a deployed Oratio, tried on one of this machine."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.installation import Installation

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("e2e"), pytest.mark.timeout(600)]

SMOKE = Path(__file__).parents[2] / "deployments" / "aws" / "smoke.py"


def test_the_smoke_script_plays_its_story_and_leaves_nothing(oratio: Installation) -> None:
    token = oratio.oratio("token", "--user", "smoke").strip()
    command = [sys.executable, str(SMOKE), "--api", oratio.api, "--token", token, "--no-account"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("\nok    ") + done.stdout.startswith("ok    ") == 6
    with oratio.client("smoke") as http:
        assert http.get("/api/agents").json()["agents"] == []
