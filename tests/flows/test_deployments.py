import inspect

import pytest
import yaml

from flows.deployments import PREFECT_YAML, Deployment, load_flow, read_deployments
from oratio.adapters.prefect_pipeline import DEPLOYMENT, FLOW_NAMES

DEPLOYMENTS = read_deployments(PREFECT_YAML, "some-pool")


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda deployment: deployment.entrypoint)
def test_every_deployment_names_an_async_flow_that_takes_ids_only(deployment: Deployment) -> None:
    flow = load_flow(deployment.entrypoint)

    assert inspect.iscoroutinefunction(flow.fn)
    parameters = inspect.signature(flow.fn).parameters
    assert list(parameters)[:2] == ["user_id", "agent_id"]
    assert {parameter.annotation for parameter in parameters.values()} <= {str, int}
    assert deployment.work_pool == "some-pool"
    assert deployment.name == DEPLOYMENT
    assert "oratio" in deployment.tags


def test_the_pipeline_starts_exactly_the_flows_that_are_deployed() -> None:
    assert {load_flow(deployment.entrypoint).name for deployment in DEPLOYMENTS} == set(FLOW_NAMES)


def test_the_file_is_what_prefects_own_deploy_command_reads() -> None:
    tree = yaml.safe_load(PREFECT_YAML.read_text())
    assert tree["pull"] == []
    for entry in tree["deployments"]:
        assert entry["work_pool"]["name"] == "{{ $ORATIO_WORK_POOL }}"


@pytest.mark.parametrize("entrypoint", ["os.system", "flows.steps.activate", "flows.create_agent.nothing"])
def test_the_worker_loads_nothing_but_flows_of_ours(entrypoint: str) -> None:
    with pytest.raises(ValueError, match="not a flow"):
        load_flow(entrypoint)
