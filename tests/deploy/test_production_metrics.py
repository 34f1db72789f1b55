"""Alert rules, scrape configuration and dashboard beside the metrics that the code makes.

What the rules see and do not see is tried by `promtool test rules alerts_test.yml`.
"""

import json
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml
from prometheus_client.metrics import MetricWrapperBase

from deploy.local.layout import SERVICES
from shared.process import ROLES
from shared.settings import ServiceSettings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
DASHBOARD = json.loads((DEPLOY / "grafana/dashboards/galleria.json").read_text())
PROMETHEUS: dict[str, Any] = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text())
ALERTS: dict[str, Any] = yaml.safe_load((DEPLOY / "prometheus/alerts.yml").read_text())
# Of the target, not of the metric; a metric's own `job` becomes `exported_job`.
TARGET_LABELS = {"service", "role", "job", "instance", "exported_job"}


def _metrics() -> dict[str, set[str]]:
    """The series that the code really makes, with their labels."""
    modules = [import_module("shared.metrics")]
    for path in sorted((ROOT / "services").glob("*/metrics.py")):
        modules.append(import_module(f"services.{path.parent.name}.metrics"))
    made: dict[str, set[str]] = {}
    for metric in (v for m in modules for v in vars(m).values()):
        if isinstance(metric, MetricWrapperBase):
            (family,) = metric.describe()
            suffixes = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"]}
            for suffix in suffixes.get(family.type, [""]):
                extra = {"le"} if suffix == "_bucket" else set()
                made[family.name + suffix] = {*metric._labelnames, *extra}
    return made


def _expressions() -> Iterator[str]:
    yield from (rule["expr"] for group in ALERTS["groups"] for rule in group["rules"])
    for panel in DASHBOARD["panels"]:
        yield from (target["expr"] for target in panel.get("targets", ()))


def test_alerts_and_dashboard_name_only_metrics_and_labels_that_exist() -> None:
    metrics = _metrics()
    every_label = set().union(*metrics.values()) | TARGET_LABELS
    for expression in _expressions():
        for name, _, matchers in re.findall(r"\b(galleria_\w+)(\{([^}]*)\})?", expression):
            assert name in metrics, expression
            labels = set(re.findall(r"(\w+)\s*[=!]~?", matchers))
            assert labels <= metrics[name] | TARGET_LABELS, expression
        for grouped in re.findall(r"\b(?:by|on) \(([^)]*)\)", expression):
            assert set(re.split(r",\s*", grouped)) <= every_label, expression


def test_somebody_is_called_for_everything_that_can_go_wrong_unseen() -> None:
    said = " ".join(rule["expr"] for group in ALERTS["groups"] for rule in group["rules"])
    for metric in ("outbox_waiting", "relay_active", "consumer_lag", "dead_letters_total"):
        assert f"galleria_{metric}" in said
    assert "galleria_invariant_broken" in said
    assert 'status=~"5.."' in said


def test_prometheus_finds_every_role_of_every_service() -> None:
    (job,) = PROMETHEUS["scrape_configs"]
    (found,) = job["dns_sd_configs"]
    assert sorted(found["names"]) == sorted(f"{s}-{r}" for s in SERVICES for r in ROLES)
    assert found["port"] == ServiceSettings.model_fields["port"].default
    assert {rule["target_label"] for rule in job["relabel_configs"]} == {"service", "role"}


def test_no_panel_of_the_dashboard_lies_on_another() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        columns = range(place["x"], place["x"] + place["w"])
        cells = {(x, y) for x in columns for y in range(place["y"], place["y"] + place["h"])}
        assert place["x"] + place["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
