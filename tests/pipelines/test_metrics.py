"""Metrics: what a scrape gives, and that the alerts and the dashboard of deploy/ ask for what there is."""

from __future__ import annotations

import json
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import promql_parser
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from connectors.sandbox.server import Sandbox
from tests.own_shop import OwnShop
from tests.pipelines.shell import DAY, NEXT, call
from tests.servers.forked import COMMAND, Forked

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


class Exporter:
    """A running `mirakl-orders metrics`."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.text = self.errors = ""
        self.expected_errors = 0

    def scrape(self) -> Samples:
        self.text = httpx.get(self.address, timeout=60).raise_for_status().text
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(self.text)
            for sample in family.samples
        }


@pytest.fixture
def exporter(orders: OwnShop) -> Iterator[Exporter]:
    process = Forked(COMMAND, "metrics", "--port", "0")
    made = Exporter(process.stdout.readline().strip())
    try:
        yield made
    finally:
        process.send_signal(signal.SIGTERM)
        status, _, made.errors = process.communicate(30)
    assert status == 0
    assert made.errors.count("\n") == made.expected_errors, made.errors


def of(samples: Samples, name: str, **labels: str) -> float | None:
    return samples.get((f"mirakl_orders_{name}", tuple(sorted(labels.items()))))


def test_a_scrape_has_the_outcomes_of_orders_and_writes_nothing(
    orders: OwnShop, exporter: Exporter, environment: dict[str, str], sandbox: Sandbox
) -> None:
    before = exporter.scrape()
    assert not Path(environment["LEDGER_URL"].removeprefix("sqlite:///")).exists()
    assert list(Path(environment["DAGSTER_HOME"]).iterdir()) == []
    assert of(before, "orders_total", channel="own", outcome="delivered") == 0
    assert of(before, "last_success_timestamp_seconds", channel="own") is None

    orders.order("bad", f"{NEXT} 12:00:00", currency="???")
    assert call("sync", "own", "--from", DAY, "--to", NEXT).returncode == 3
    found = exporter.scrape()
    assert of(found, "scrape_ok") == 1
    assert of(found, "orders_total", channel="own", outcome="delivered") == 4
    assert of(found, "orders_total", channel="own", outcome="rejected") == 1
    assert of(found, "requests_total", channel="own", kind="all") == sandbox.stats.requests == 2
    assert of(found, "answers_total", channel="own", status="204") == 2
    assert of(found, "waiting_orders", channel="own", outcome="rejected", code="unknown_currency") == 1
    assert of(found, "channel_ok", channel="own") == 0
    assert of(found, "request_budget_per_second") == 20
    age = of(found, "delivery_age_seconds", channel="own", of="p95")
    assert age is not None
    assert age > 3600
    for name in ("last_success", "last_read", "oldest_waiting"):
        assert of(found, f"{name}_timestamp_seconds", channel="own") is not None, name
    assert "Zzname" not in exporter.text

    assert call("sync", "own", "--from", DAY, "--to", DAY).returncode == 0
    again = exporter.scrape()
    assert of(again, "orders_total", channel="own", outcome="delivered") == 4
    assert of(again, "orders_total", channel="own", outcome="unchanged") == 2

    _every_expression_asks_for_what_there_is(again)


def test_what_cannot_be_read_is_a_scrape_that_is_not_ok(exporter: Exporter, environment: dict[str, str]) -> None:
    channels = Path(environment["CHANNELS_FILE"])
    text = channels.read_text()
    channels.write_text("[channels")
    exporter.expected_errors = 1
    assert of(exporter.scrape(), "scrape_ok") == 0
    channels.write_text(text)
    assert of(exporter.scrape(), "scrape_ok") == 1


def test_without_the_extra_the_command_names_what_to_install(orders: OwnShop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    done = call("metrics")
    assert done.returncode == 1
    assert done.stderr == (
        "Error: prometheus-client is not installed, which serves the metrics; pip install 'channel-to-mirakl[metrics]'\n"
    )


def _every_expression_asks_for_what_there_is(samples: Samples) -> None:
    """Parse each expression of deploy/, and compare its metrics and labels with those of a scrape."""
    labels: dict[str, set[str]] = {}
    for name, pairs in samples:
        labels.setdefault(name, set()).update(label for label, _ in pairs)
    # Of a channel that is well there is no such sample.
    labels |= {"mirakl_orders_red_check": {"channel", "check"}}
    expressions = [*_of_the_alerts(), *_of_the_dashboard()]
    assert len(expressions) > 20
    documented = re.findall(r"^\| `(mirakl_orders_\w+)` \|", (ROOT / "docs" / "metrics.md").read_text(), re.MULTILINE)
    assert set(documented) == labels.keys()
    for expression in expressions:
        for selector in _selectors(promql_parser.parse(expression)):
            assert selector.name in labels, expression
            used = {matcher.name for matcher in selector.matchers.matchers}
            assert used <= labels[selector.name], expression
    asked = {selector.name for one in expressions for selector in _selectors(promql_parser.parse(one))}
    assert {name for name in labels if name.endswith("_total")} <= asked


def _of_the_alerts() -> Iterator[str]:
    rules = yaml.safe_load((ROOT / "deploy" / "prometheus-rules.yaml").read_text())
    for group in rules["groups"]:
        for rule in group["rules"]:
            assert rule["annotations"]["summary"]
            yield rule["expr"]


def _of_the_dashboard() -> Iterator[str]:
    board = json.loads((ROOT / "deploy" / "grafana-dashboard.json").read_text())
    for panel in board["panels"]:
        for target in panel["targets"]:
            yield target["expr"].replace("$channel", ".*")
    [variable] = [one["query"] for one in board["templating"]["list"] if one["type"] == "query"]
    yield re.sub(r"label_values\((\w+), (\w+)\)", r"count by (\2) (\1)", variable)


def _selectors(expression: Any) -> Iterator[Any]:
    if isinstance(expression, promql_parser.VectorSelector):
        yield expression
    for name in ("expr", "lhs", "rhs", "vector_selector", "param"):
        if (inner := getattr(expression, name, None)) is not None:
            yield from _selectors(inner)
    for argument in getattr(expression, "args", None) or ():
        yield from _selectors(argument)
