"""Replay: orders read again from the shop by id, whatever their day, and sent in their current state.

Nothing is replayed from a stored payload: it could be older than what Mirakl holds. An order that the shop no longer
has is written down as `gone`; there is nothing left to deliver.
"""

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from itertools import islice

import dagster as dg
from pydantic import Field

from connectors.channels.clocks import clocks_differ
from connectors.channels.errors import ShopError
from connectors.ledger import Ledger
from connectors.mirakl.delivery import Delivery
from connectors.mirakl.report import DayReport
from pipelines import catalogue, checks, metadata, names
from pipelines.config.settings import Channel, Settings
from pipelines.delivering import sending
from pipelines.operations import progress
from pipelines.operations.shop import Shop, open_shop
from pipelines.operations.write_off import write_off
from pipelines.resources import Mirakl, State, failures_explained
from pipelines.runs.heartbeat import unfinished_run
from transforms.frames import OrderFrames
from transforms.normalise import normalise
from transforms.outcomes import Outcome
from transforms.plural import counted
from transforms.times import format_time

# In the metadata of a run.
NOT_IN_SHOP = "not_in_shop"
_MISSING_SHOWN = 20
_TOGETHER = 500
_FIRST_WAIT = dt.timedelta(minutes=5)
_TRIES = 8
_UNTRIED = json.dumps({"tries": 0, "not_before": 0.0})


class Selection(dg.Config):
    """Which orders: those named, those placed in a range of days, or those the ledger knows as not accepted."""

    order_ids: list[str] = Field(
        default=[],
        description=(
            "Orders by their channel_order_id. Empty, with the other fields left out: every order that Mirakl has not "
            "accepted in its current state (rejected, refused or without an answer)."
        ),
    )
    placed_from: str | None = Field(default=None, description="First day on which orders were placed.")
    placed_to: str | None = Field(default=None, description="Last day on which orders were placed.")
    outcome: str | None = Field(default=None, description="Only undelivered, refused or rejected orders.")
    code: str | None = Field(default=None, description="Only orders that failed with this code.")
    since: str | None = Field(default=None, description="Only orders that failed on this day or later.")
    read_in_future: bool = Field(
        default=False, description="Orders that were read in the future, when a clock was wrong."
    )
    limit: int | None = Field(default=None, description="At most so many of them, the longest not accepted first.")

    def description(self) -> str:
        """Name the chosen orders, for a log."""
        if self.order_ids:
            return counted(len(self.order_ids), "order") + " by id"
        if self.placed_from is not None:
            return f"orders placed from {self.placed_from} to {self.placed_to or self.placed_from}"
        if self.read_in_future:
            return "orders read in the future"
        filters = {"outcome": self.outcome, "code": self.code, "since": self.since}
        named = ", ".join(f"{name} {value}" for name, value in filters.items() if value is not None)
        return "orders not accepted" + (f" ({named})" if named else "")


def op_name(channel: str) -> str:
    """Return the name of that job's only step. No job of another channel is called so."""
    return f"{channel}__replay"


def replay_job(channel: Channel, settings: Settings) -> dg.JobDefinition:
    """Build the job that replays orders of a channel."""
    key = dg.AssetKey([channel.name, names.MIRAKL_DELIVERY])

    @dg.op(name=op_name(channel.name), description=replay.__doc__, out=dg.Out(dg.Nothing))
    def replay_orders(
        context: dg.OpExecutionContext,
        config: Selection,
        state: dg.ResourceParam[State],
        mirakl: dg.ResourceParam[Mirakl],
    ) -> None:
        with (
            failures_explained(channel),
            sending(state, mirakl, channel, settings, context.log) as delivery,
            open_shop(channel) as shop,
        ):
            replayed = replay(channel, config, shop, delivery.ledger, delivery, context.run_id)
        report, shown = replayed.report, replayed.metadata(channel.name)
        context.log.info(f"{config.description()}: {metadata.summary(report)}")
        if replayed.missing:
            context.log.warning(f"not in the shop: {', '.join(replayed.missing[:_MISSING_SHOWN])}")
        context.log_event(dg.AssetObservation(key, metadata=shown))
        checks.evaluate(context, channel, state)
        if undelivered := report.unanswered:
            raise dg.Failure(
                f"{counted(undelivered, 'order is', 'orders are')} without an answer: {report.stopped}",
                metadata=shown,
                allow_retries=False,
            )
        context.add_output_metadata(shown)

    @dg.job(
        name=names.replay_job(channel.name),
        description=(
            f"Reads orders of {channel.name} again from the shop, whatever their day, and sends them in their current "
            "state. Launched with an empty configuration: every order that Mirakl has not accepted. What it did is the "
            "metadata of its only step."
        ),
        tags=catalogue.tags(channel),
    )
    def job() -> None:
        replay_orders()

    return job


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay came to. `missing` are the chosen orders that the shop does not have."""

    report: DayReport
    missing: list[str] = dataclass_field(default_factory=list)

    def metadata(self, channel: str) -> metadata.Metadata:
        """Describe it as a day's delivery is described, with the orders that the shop does not have."""
        shown = metadata.delivery_metadata(channel, self.report)
        if self.missing:
            orders = [{"channel_order_id": order_id} for order_id in self.missing]
            shown = {NOT_IN_SHOP: len(self.missing), "not_in_shop_orders": metadata.table(orders), **shown}
        return shown


def replay(
    channel: Channel, selection: Selection, shop: Shop, ledger: Ledger, delivery: Delivery, run_id: str
) -> Replayed:
    """Read the chosen orders again from the shop and send them in their current state.

    An order that is named by its id is taken for right, also where it has fewer lines than before.
    """
    mapping = channel.mapping()
    day = dt.datetime.now(channel.settings.zone).date().isoformat()
    total = DayReport(day)
    missing: list[str] = []
    for frames in _chosen(channel.name, selection, shop, ledger, run_id, missing):
        normalised = normalise(frames, mapping)
        report = delivery.deliver(
            [normalised.table], day=day, run_id=run_id, again=True, as_it_is=bool(selection.order_ids)
        )
        if normalised.excluded:
            write_off(channel.name, normalised.excluded, Outcome.EXCLUDED, ledger, run_id)
            report.exclude(len(normalised.excluded))
        total.add(report)
        progress.report("replaying", day, len(frames.orders))
    return Replayed(total, missing)


def _chosen(
    channel: str, selection: Selection, shop: Shop, ledger: Ledger, run_id: str, missing: list[str]
) -> Iterator[OrderFrames]:
    """Yield the frames of the chosen orders; the ids of those that the shop does not have are added to `missing`."""
    if selection.placed_from is not None and selection.limit is None:
        yield from _placed(selection, shop)
        if not selection.order_ids:
            return
    # Taken whole before anything is sent: sending changes what the ledger answers.
    ids = iter(dict.fromkeys(selected(channel, selection, shop, ledger)))
    while wanted := list(islice(ids, _TOGETHER)):
        found: set[str] = set()
        for frames in shop.orders(wanted):
            found.update(frames.orders["channel_order_id"].tolist())
            yield frames
        gone = [order_id for order_id in wanted if order_id not in found]
        write_off(channel, gone, Outcome.GONE, ledger, run_id)
        missing += gone


def selected(channel: str, selection: Selection, shop: Shop, ledger: Ledger) -> list[str]:
    """Return the ids of the chosen orders; of those placed in a range they are read from the shop."""
    if selection.order_ids:
        ids = selection.order_ids
    elif selection.placed_from is not None:
        placed = (one for frames in _placed(selection, shop) for one in frames.orders["channel_order_id"].tolist())
        ids = list(islice(placed, selection.limit))
    else:
        ids = _known(channel, selection, shop, ledger)
    return ids[: selection.limit]


def _placed(selection: Selection, shop: Shop) -> Iterator[OrderFrames]:
    first = selection.placed_from or ""
    return shop.placed(first, selection.placed_to or first)


def _known(channel: str, selection: Selection, shop: Shop, ledger: Ledger) -> list[str]:
    if selection.read_in_future:
        if difference := clocks_differ(shop.read_at):
            raise ShopError("clock", f"channel {channel!r}: {difference}")
        return ledger.rewind(channel, format_time(shop.read_at))
    return [
        row.channel_order_id
        for _, row in ledger.unaccepted(channel, code=selection.code, since=selection.since)
        if selection.outcome in (None, row.outcome)
    ]


def undelivered_sensor(channel: Channel) -> dg.SensorDefinition:
    """Build the sensor, off by default, that replays orders without an answer: less and less often, then no more."""

    @dg.sensor(
        name=names.undelivered_sensor(channel.name),
        job_name=names.replay_job(channel.name),
        minimum_interval_seconds=names.UNDELIVERED_SECONDS,
        description=(
            f"Every minute: replays orders of {channel.name} that are without an answer, with a wait that doubles "
            f"after each try, from 5 minutes on, and ends after {_TRIES} tries. Costs one query of the ledger a tick."
        ),
    )
    def undelivered(
        context: dg.SensorEvaluationContext, state: dg.ResourceParam[State]
    ) -> dg.SensorResult | dg.SkipReason:
        if channel.fault:
            return dg.SkipReason(channel.fault)
        with state.ledger(channel) as ledger:
            orders = ledger.count_unaccepted(channel.name).get(Outcome.UNDELIVERED, (0, ""))[0]
        if not orders:
            # An empty cursor would leave the old one in place.
            return dg.SensorResult(cursor=_UNTRIED, skip_reason="no order is without an answer")
        without = f"{counted(orders, 'order is', 'orders are')} without an answer"
        tried = json.loads(context.cursor or _UNTRIED)
        if tried["tries"] >= _TRIES:
            return dg.SkipReason(f"{without} after {_TRIES} tries; see what stopped them")
        now = dt.datetime.now(dt.UTC).timestamp()
        if now < tried["not_before"]:
            return dg.SkipReason(f"{without}; next try in {tried['not_before'] - now:.0f} s")
        if unfinished_run(context.instance, names.replay_job(channel.name)):
            return dg.SkipReason("a replay of this channel is unfinished")
        wait = _FIRST_WAIT.total_seconds() * 2 ** tried["tries"]
        config = Selection(outcome=Outcome.UNDELIVERED.value)
        return dg.SensorResult(
            run_requests=[dg.RunRequest(run_config=dg.RunConfig(ops={op_name(channel.name): config}))],
            cursor=json.dumps({"tries": tried["tries"] + 1, "not_before": now + wait}),
        )

    return undelivered
