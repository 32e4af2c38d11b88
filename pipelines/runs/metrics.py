"""Metrics for Prometheus, read at each scrape from the ledger and from Dagster's records; nothing is written.

Gauges answer "how is it now?". Counters add up what runs recorded since this process began, whichever process ran
them: a run lives too short to be scraped. Labels are channels, outcomes, codes and names of checks; no order is named.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, cast

import dagster as dg
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from connectors.mirakl.report import OUTCOMES
from pipelines.config.settings import Channel, Settings, load_settings
from pipelines.names import MIRAKL_DELIVERY
from pipelines.operations.state import ledger_to_read
from pipelines.runs.instance import viewed_instance
from pipelines.runs.status import ChannelStatus, silent_daemon, statuses
from pipelines.stand_ins import stand_ins
from transforms.errors import UserError

_REQUESTS = ("requests", "requests_isolating", "retries")
_STATUS = "status "
_AT_ONCE = 200


class ChannelCollector:
    """The metrics of all channels of channels.toml, which is read anew at each scrape."""

    def __init__(self) -> None:
        self._counts: dict[str, dict[str, int]] = {}
        # Up to which record of Dagster's log the counters have counted, by channel and kind of record.
        self._cursors: dict[tuple[str, str], int] = {}
        self._scraping = threading.Lock()
        with viewed_instance() as instance:
            for name in load_settings().channels:
                self._count(name, instance, begin=True)

    def describe(self) -> Iterable[Metric]:
        """Return nothing: what there is to describe is known when it is collected."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics; where something cannot be read, `mirakl_orders_scrape_ok` is 0 and the log says why."""
        ok = GaugeMetricFamily("mirakl_orders_scrape_ok", "1 while ledger, configuration and Dagster can be read.")
        with self._scraping:
            try:
                found = list(self._metrics())
            except UserError as error:
                logging.getLogger(__name__).error("%s", error)
                found = []
        ok.add_metric([], float(bool(found)))
        yield from (ok, *found)

    def _metrics(self) -> Iterator[Metric]:
        settings = load_settings()
        replaced = list(stand_ins(settings))
        channels = [*settings.channels.values(), *replaced]
        with viewed_instance() as instance, ledger_to_read(*settings.channels.values()) as ledger:
            found = statuses(settings, channels, ledger, instance)
            for channel in channels:
                self._count(channel.name, instance, begin=False)
            daemon = not silent_daemon(found, instance)
        yield from _gauges(settings, channels, found)
        yield from self._counters()
        yield _gauge("daemon_ok", "0 while schedules or sensors are on and no Dagster daemon runs.", [([], daemon)])

    def _counters(self) -> Iterator[Metric]:
        orders = CounterMetricFamily(
            "mirakl_orders_orders",
            "Orders by outcome, of runs since the exporter began.",
            labels=["channel", "outcome"],
        )
        requests = CounterMetricFamily(
            "mirakl_orders_requests",
            "Requests with orders, of runs since the exporter began; `isolating` and `retry` are among `all`.",
            labels=["channel", "kind"],
        )
        answers = CounterMetricFamily(
            "mirakl_orders_answers",
            "Requests with orders by HTTP status (`none` without an answer), of runs since the exporter began.",
            labels=["channel", "status"],
        )
        for channel, counts in self._counts.items():
            for outcome in OUTCOMES:
                orders.add_metric([channel, outcome], counts.get(outcome, 0))
            for kind, name in zip(("all", "isolating", "retry"), _REQUESTS, strict=True):
                requests.add_metric([channel, kind], counts.get(name, 0))
            for status in sorted(name for name in counts if name.startswith(_STATUS)):
                answers.add_metric([channel, status.removeprefix(_STATUS)], counts[status])
        yield from (orders, requests, answers)

    def _count(self, channel: str, instance: dg.DagsterInstance | None, *, begin: bool) -> None:
        """Add what was recorded since the last time; at the beginning only find out where the records end."""
        counts = self._counts.setdefault(channel, {})
        if instance is None:
            return
        key = dg.AssetKey([channel, MIRAKL_DELIVERY])
        for kind, fetch in (("done", instance.fetch_materializations), ("failed", instance.fetch_observations)):
            if begin:
                newest = fetch(key, limit=1).records
                self._cursors[channel, kind] = newest[0].storage_id if newest else 0
                continue
            while records := self._after(self._cursors.get((channel, kind), 0), key, fetch):
                for record in records:
                    event = record.asset_materialization or record.event_log_entry.asset_observation
                    known = event.metadata if event else {}
                    for name in (*OUTCOMES, *_REQUESTS):
                        counts[name] = counts.get(name, 0) + (int(str(known[name].value)) if name in known else 0)
                    if isinstance(statuses := known.get("requests_by_status"), dg.JsonMetadataValue):
                        for status, number in cast("dict[str, int]", statuses.data).items():
                            counts[_STATUS + status] = counts.get(_STATUS + status, 0) + number
                self._cursors[channel, kind] = records[-1].storage_id

    @staticmethod
    def _after(
        cursor: int, key: dg.AssetKey, fetch: Callable[..., dg.EventRecordsResult]
    ) -> Sequence[dg.EventLogRecord]:
        return fetch(dg.AssetRecordsFilter(key, after_storage_id=cursor), limit=_AT_ONCE, ascending=True).records


def _gauges(settings: Settings, channels: Sequence[Channel], found: Sequence[ChannelStatus]) -> Iterator[Metric]:
    each = [(one.name, one) for one in found]
    yield from _states(each)
    yield from _deliveries(each)
    yield from _limits(settings, channels)


def _states(each: Sequence[tuple[str, ChannelStatus]]) -> Iterator[Metric]:
    """Yield what is wrong with each channel, what is on, and what runs."""
    yield _gauge(
        "channel_ok",
        "1 while nothing about the channel is wrong.",
        [([n], not s.needs_attention) for n, s in each],
        "channel",
    )
    yield _gauge(
        "channel_broken",
        "1 while its block of channels.toml is broken.",
        [([n], bool(s.fault)) for n, s in each],
        "channel",
    )
    yield _gauge(
        "failed_days",
        "Days that failed and are not done since.",
        [([n], len(s.failed_days)) for n, s in each],
        "channel",
    )
    yield _gauge(
        "red_check",
        "1 for each check that is red.",
        [([n, check], 1) for n, s in each for check in s.red],
        "channel",
        "check",
    )
    yield _gauge("unfinished_runs", "Runs that wait or work.", [([n], s.runs) for n, s in each], "channel")
    yield _gauge(
        "switched_on",
        "1 for each schedule and sensor that is on.",
        [([n, one.name], one.on) for n, s in each for one in (*s.schedules, *s.sensors)],
        "channel",
        "name",
    )


def _deliveries(each: Sequence[tuple[str, ChannelStatus]]) -> Iterator[Metric]:
    """Yield how fresh each channel is, and what waits."""
    yield _gauge(
        "last_success_timestamp_seconds",
        "When a day was last delivered.",
        [([n], seconds) for n, s in each if (seconds := _seconds(s.last_success)) is not None],
        "channel",
    )
    yield _gauge(
        "last_read_timestamp_seconds",
        "When the shop was last read, by its own clock; time() minus this is how far Mirakl lags behind the shop.",
        [([n], seconds) for n, s in each if (seconds := _seconds(s.last_read)) is not None],
        "channel",
    )
    yield _gauge(
        "delivery_age_seconds",
        "From an order's newest change in the shop to Mirakl's acceptance, of the newest delivery.",
        [([n, of], age) for n, s in each for of, age in s.delivery_ages.items()],
        "channel",
        "of",
    )
    yield _gauge(
        "waiting_orders",
        "Orders that Mirakl has not accepted in their current state.",
        [([n, outcome, code], orders) for n, s in each for (outcome, code), orders in s.open.items()],
        "channel",
        "outcome",
        "code",
    )
    yield _gauge(
        "oldest_waiting_timestamp_seconds",
        "Since when the oldest of them has waited.",
        [([n], seconds) for n, s in each if (seconds := _seconds(s.oldest_open)) is not None],
        "channel",
    )


def _limits(settings: Settings, channels: Sequence[Channel]) -> Iterator[Metric]:
    """Yield the limits of channels.toml that alert rules compare with."""
    yield _gauge(
        "late_after_seconds",
        "The channel's late_after_hours.",
        [([one.name], one.settings.late_after_hours * 3600) for one in channels],
        "channel",
    )
    yield _gauge(
        "request_budget_per_second",
        "requests_per_second of channels.toml, for each credential.",
        [([], settings.mirakl.requests_per_second)],
    )


def _gauge(name: str, about: str, values: Iterable[tuple[list[str], Any]], *labels: str) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"mirakl_orders_{name}", about, labels=labels)
    for of, value in values:
        family.add_metric(of, float(value))
    return family


def _seconds(instant: str | None) -> float | None:
    """Return an instant (ISO 8601) in seconds since 1970."""
    return None if instant is None else dt.datetime.fromisoformat(instant).timestamp()
