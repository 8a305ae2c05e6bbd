"""The dashboard and the alerts ask for metrics that exist."""

import json
import re
from pathlib import Path

import pytest
import yaml

from flows.metrics import FlowMetrics as FlowMetrics
from oratio.agent_host.metrics import AgentHostMetrics as AgentMetrics
from oratio.api.metrics import ApiMetrics as ApiMetrics
from voice_server.server.metrics import VoiceMetrics as VoiceMetrics

FOLDER = Path(__file__).parents[2] / "deployments" / "observability"
_NAME = re.compile(r"\boratio_[a-z_]+")


def served() -> set[str]:
    """Every metric's name, with the endings Prometheus gives to its samples."""
    texts = (FlowMetrics().text(), AgentMetrics().text(), ApiMetrics(lambda: []).text(), VoiceMetrics().text())
    kinds = re.findall(r"# TYPE (\S+) (\S+)", b"\n".join(texts).decode())
    histograms = {f"{name}_{end}" for name, kind in kinds if kind == "histogram" for end in ("bucket", "sum", "count")}
    return {name for name, _ in kinds} | histograms


def asked() -> list[str]:
    dashboard = json.loads((FOLDER / "grafana-dashboard.json").read_text())
    alerts = yaml.safe_load((FOLDER / "alerts.yaml").read_text())
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    return queries + [rule["expr"] for group in alerts["groups"] for rule in group["rules"]]


@pytest.mark.parametrize("query", asked())
def test_a_query_names_only_metrics_that_are_served(query: str) -> None:
    assert {name for name in _NAME.findall(query) if not name.startswith("oratio_-")} <= served()


def test_every_alert_says_how_to_mend_it() -> None:
    alerts = yaml.safe_load((FOLDER / "alerts.yaml").read_text())
    rules = [rule for group in alerts["groups"] for rule in group["rules"]]
    assert all({"summary", "mend"} <= set(rule["annotations"]) for rule in rules)


def test_panels_do_not_lie_on_one_another() -> None:
    panels = json.loads((FOLDER / "grafana-dashboard.json").read_text())["panels"]
    cells = [
        (x, y)
        for grid in (panel["gridPos"] for panel in panels)
        for x in range(grid["x"], grid["x"] + grid["w"])
        for y in range(grid["y"], grid["y"] + grid["h"])
    ]
    assert len(cells) == len(set(cells))
