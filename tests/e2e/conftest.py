from collections.abc import Iterator

import pytest

from tests.e2e.installation import Installation


@pytest.fixture(scope="session")
def oratio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An Oratio that runs for the whole session, console included."""
    installation = Installation(tmp_path_factory.mktemp("oratio") / "data")
    installation.up()
    yield installation
    installation.down()
