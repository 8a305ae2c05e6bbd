"""Fixtures that every kind of test may use."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.installation import Installation

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture(scope="session")
def telecom() -> Path:
    """The real telecom sample: `main_policy.md` is the SOP, the rest the knowledge folder."""
    return EXAMPLES / "telecom" / "documents"


@pytest.fixture(scope="session")
def retail() -> Path:
    return EXAMPLES / "retail" / "sop"


@pytest.fixture(scope="session")
def oratio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An Oratio that runs for the whole session, console included; the one of the group `e2e`."""
    installation = Installation(tmp_path_factory.mktemp("oratio") / "data")
    installation.up()
    yield installation
    installation.down()


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Prints a figure that a test found, whether or not the test fails."""

    def say(line: str) -> None:
        with capsys.disabled():
            print(f"\n{line}", end="")

    return say


@pytest.fixture(scope="session", autouse=True)
def no_aws_account() -> Iterator[None]:
    """AWS's libraries find made-up credentials, no profile and no machine to ask."""
    with pytest.MonkeyPatch.context() as environment:
        for name in ("AWS_PROFILE", "AWS_REGION", "AWS_SESSION_TOKEN"):
            environment.delenv(name, raising=False)
        environment.setenv("AWS_ACCESS_KEY_ID", "testing")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        environment.setenv("AWS_DEFAULT_REGION", "us-east-1")
        environment.setenv("AWS_EC2_METADATA_DISABLED", "true")
        environment.setenv("AWS_CONFIG_FILE", "/nonexistent")
        environment.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
        yield
