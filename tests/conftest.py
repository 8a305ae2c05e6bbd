"""Fixtures that every kind of test may use."""

from pathlib import Path

import pytest

DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="session")
def telecom() -> Path:
    """The real telecom sample: `main_policy.md` is the SOP, the rest the knowledge folder."""
    return DATA / "telecom-support"


@pytest.fixture(scope="session")
def retail() -> Path:
    return DATA / "retail-sop"
