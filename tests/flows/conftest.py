from collections.abc import Iterator

import pytest

from tests.flows.stack import LocalStack


@pytest.fixture(scope="session")
def _running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    stack = LocalStack(tmp_path_factory.mktemp("flows"))
    try:
        stack.start_worker()
        yield stack
    finally:
        stack.close()


@pytest.fixture
def stack(_running: LocalStack) -> Iterator[LocalStack]:
    """The session's Prefect server and flow worker; the worker is up when a test begins."""
    if not _running.worker_up:
        _running.start_worker()
    yield _running
    _running.desk.clear()
