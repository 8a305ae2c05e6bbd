import signal
import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from oratio.adapters.prefect_pipeline import PrefectPipeline, prefect_environment
from oratio.domain.refs import VersionRef
from oratio.errors import Unavailable
from oratio.settings import load
from tests.flows.stack import LocalStack
from tests.prefect_server import free_port

ON_SERVER = [pytest.mark.xdist_group("prefect"), pytest.mark.slow]


def _ref() -> VersionRef:
    return VersionRef(user_id="ada", agent_id=str(uuid.uuid4()), version=1)


class TestOnAServer:
    pytestmark = ON_SERVER

    @pytest.fixture
    def stack(self, _running: LocalStack) -> LocalStack:
        """The server, and nobody who picks runs up."""
        if _running.worker_up:
            _running.stop_worker(signal.SIGTERM)
        return _running

    def test_the_same_attempt_is_one_run_however_often_it_is_started(self, stack: LocalStack) -> None:
        ref = _ref()
        pipeline = PrefectPipeline(stack.settings)
        with ThreadPoolExecutor(4) as pool:
            runs = set(pool.map(lambda _: pipeline.start_create(ref, 1), range(4)))
        assert len(runs) == 1
        assert pipeline.start_create(ref, 2) not in runs
        assert pipeline.start_update(ref, 1) not in runs
        assert pipeline.start_delete(ref.user_id, ref.agent_id, 1) not in runs

    def test_a_run_nobody_has_picked_up_is_cancelled_at_once(self, stack: LocalStack) -> None:
        pipeline = PrefectPipeline(stack.settings)
        run_id = pipeline.start_create(_ref(), 1)
        pipeline.cancel(run_id)
        assert stack.run_state(run_id) == "CANCELLED"
        pipeline.cancel(run_id)

    @pytest.mark.parametrize("run_id", ["5a3b8c1e-0000-4000-8000-000000000000", "not-an-id"])
    def test_cancelling_a_run_that_never_was_is_not_an_error(self, stack: LocalStack, run_id: str) -> None:
        PrefectPipeline(stack.settings).cancel(run_id)


def test_without_a_server_a_start_is_unavailable(tmp_path: Path) -> None:
    pipeline = PrefectPipeline(load(data=tmp_path, prefect_api_url=f"http://127.0.0.1:{free_port()}/api"))
    with pytest.raises(Unavailable, match="does not answer"):
        pipeline.start_create(_ref(), 1)
    with pytest.raises(Unavailable):
        pipeline.cancel(str(uuid.uuid4()))


def test_the_adapter_does_not_import_prefect() -> None:
    script = "import sys, oratio.adapters.prefect_pipeline; sys.exit('prefect' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_run_pages_and_environment_name_the_settings_server(tmp_path: Path) -> None:
    settings = load(data=tmp_path, port_base=9000)
    assert PrefectPipeline(settings).run_url("r1") == "http://127.0.0.1:9004/runs/flow-run/r1"
    environment = prefect_environment(settings)
    assert environment["PREFECT_API_URL"] == "http://127.0.0.1:9004/api"
    assert environment["PREFECT_HOME"] == str(tmp_path / "prefect")
    assert environment["PREFECT_RESULTS_DEFAULT_SERIALIZER"] == "json"
    assert environment["DO_NOT_TRACK"] == "1"
