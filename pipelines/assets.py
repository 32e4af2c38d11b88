"""The three assets of a channel, from one factory: raw_orders, mirakl_orders, mirakl_delivery.

Bodies work on `partition_keys`: a schedule's single day, a backfill's window and a shell's range take the same path.
A day is an instant range in the channel's zone. All days of a run are read in one snapshot, so that an order which
moves from one day to another while the run lasts is neither lost nor read twice.

Belongs here: what each step does with a range of days. Does not belong here: what an order means, and HTTP.
"""

import datetime as dt
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dagster as dg
import pyarrow as pa
from pydantic import Field

from connectors.channels.clocks import clocks_differ
from connectors.mirakl.delivery import Delivery
from connectors.mirakl.report import DayReport
from pipelines import checks, metadata, progress, tables
from pipelines.days import days_of
from pipelines.environment import Environment
from pipelines.incremental import NormalisedDay, RawDay, rules
from pipelines.resources import Mirakl, State, failures_explained
from pipelines.settings import Channel, Settings
from pipelines.settled import EXCLUDED, write_off
from pipelines.shop import open_shop
from pipelines.storage import FrameStorage
from transforms.mapping import ChannelMapping
from transforms.outcomes import excluded_of

RAW_ORDERS, MIRAKL_ORDERS, MIRAKL_DELIVERY = "raw_orders", "mirakl_orders", "mirakl_delivery"
SHOP_DATABASE = "shop_database"
DAYS_PER_RUN = 7
_WAITS = "another run is sending; this one waits until it is done"


class Reading(dg.Config):
    """How a shop is read."""

    reread: bool = Field(
        default=False,
        description=(
            "Read every order of the day again, also those that the change feed gives as unchanged since they were "
            "stored: some changes leave no stamp, such as an address edited in Magento."
        ),
    )


def asset_keys(channel: str) -> list[dg.AssetKey]:
    """Return the keys of a channel's assets, in their order."""
    return [dg.AssetKey([channel, name]) for name in (RAW_ORDERS, MIRAKL_ORDERS, MIRAKL_DELIVERY)]


def channel_assets(channel: Channel, settings: Settings) -> list[dg.AssetsDefinition | dg.AssetSpec]:
    """Build the assets of one channel, and the shop's database as the place they come from."""
    return [
        _shop_database(channel),
        _raw_orders(channel, settings),
        _mirakl_orders(channel),
        _mirakl_delivery(channel, settings),
    ]


def _freshness(channel: Channel) -> dg.FreshnessPolicy:
    return dg.FreshnessPolicy.time_window(fail_window=dt.timedelta(hours=channel.settings.late_after_hours))


def _shop_database(channel: Channel) -> dg.AssetSpec:
    return dg.AssetSpec(
        [channel.name, SHOP_DATABASE],
        group_name=channel.name,
        description=f"The shop's own database ({channel.settings.platform}), read only.",
        kinds={"sql"},
    )


def _raw_orders(channel: Channel, settings: Settings) -> dg.AssetsDefinition:
    name = channel.name

    @dg.asset(
        key=[name, RAW_ORDERS],
        group_name=name,
        description="Every order whose newest change falls on the day, whole, as the shop tells it: cells are text.",
        deps=[dg.AssetKey([name, SHOP_DATABASE])],
        partitions_def=days_of(channel),
        backfill_policy=dg.BackfillPolicy.multi_run(DAYS_PER_RUN),
        kinds={"sql", "parquet"},
        owners=channel.settings.owners,
        freshness_policy=_freshness(channel),
        metadata={"dagster/column_schema": metadata.raw_schema()},
    )
    def raw_orders(
        context: dg.AssetExecutionContext, config: Reading, state: dg.ResourceParam[State]
    ) -> dg.MaterializeResult[None]:
        with checks.judged_when_it_fails(context, channel, state), failures_explained(channel, context.retry_number):
            frames = state.frames()
            with state.ledger(channel) as ledger:
                unaccepted = [row.channel_order_id for _, row in ledger.unaccepted(name)]
            with open_shop(channel) as shop:
                if words := clocks_differ(shop.read_at):
                    context.log.warning(words)
                for day in context.partition_keys:
                    raw = RawDay(shop, day)
                    chunks = progress.through(
                        "reading", day, raw.chunks(frames, name, RAW_ORDERS, unaccepted, reread=config.reread), len
                    )
                    schema = tables.made_from(tables.RAW_ORDERS, shop.fingerprint())
                    frames.write(name, RAW_ORDERS, day, schema, chunks)
                    context.log.info(
                        f"{day}: {raw.orders_read:,} orders read, {raw.orders_carried_over:,} of them carried over"
                    )
                    context.add_asset_metadata(
                        {
                            "orders_read": raw.orders_read,
                            "orders_carried_over": raw.orders_carried_over,
                            "order_lines": raw.order_lines,
                            "dagster/row_count": raw.orders_read,
                            "read_at": shop.read_at.isoformat(),
                        },
                        partition_key=day,
                    )
            frames.remove_old(settings.frames.retention_days)
        return dg.MaterializeResult()

    return raw_orders


def _mirakl_orders(channel: Channel) -> dg.AssetsDefinition:
    name = channel.name

    @dg.asset(
        key=[name, MIRAKL_ORDERS],
        group_name=name,
        description="The day's orders as Mirakl wants them. Each is a valid record, or a reject with field and reason.",
        deps=[dg.AssetKey([name, RAW_ORDERS])],
        partitions_def=days_of(channel),
        backfill_policy=dg.BackfillPolicy.multi_run(DAYS_PER_RUN),
        kinds={"python", "parquet"},
        owners=channel.settings.owners,
        freshness_policy=_freshness(channel),
        metadata={"dagster/column_schema": metadata.mirakl_schema()},
    )
    def mirakl_orders(context: dg.AssetExecutionContext, state: dg.ResourceParam[State]) -> dg.MaterializeResult[None]:
        with checks.judged_when_it_fails(context, channel, state), failures_explained(channel):
            frames, mapping = state.frames(), channel.mapping()
            for day in context.partition_keys:
                of_day = checks.Normalisation()
                chunks = _mirakl_chunks(frames, name, day, mapping, of_day)
                schema = tables.made_from(tables.MIRAKL_ORDERS, rules(mapping))
                frames.write(name, MIRAKL_ORDERS, day, schema, progress.through("normalising", day, chunks, len))
                context.log.info(
                    f"{day}: {of_day.counts['orders_normalised']:,} orders normalised, "
                    f"{of_day.counts['rejected']:,} rejected, {of_day.counts['excluded']:,} excluded"
                )
                context.add_asset_metadata(of_day.metadata(), partition_key=day)
        return dg.MaterializeResult()

    return mirakl_orders


def _mirakl_chunks(
    frames: FrameStorage, channel: str, day: str, mapping: ChannelMapping, seen: checks.Normalisation
) -> Iterator[pa.Table]:
    of_day = NormalisedDay(frames, channel, day, seen.words)
    for normalised in of_day.chunks(RAW_ORDERS, MIRAKL_ORDERS, mapping):
        seen.hear(normalised)
        yield tables.mirakl_table(normalised)


def _mirakl_delivery(channel: Channel, settings: Settings) -> dg.AssetsDefinition:
    name = channel.name
    key = dg.AssetKey([name, MIRAKL_DELIVERY])

    @dg.asset(
        key=key,
        group_name=name,
        description=(
            "The day's orders at Mirakl Connect. What Mirakl already holds is not sent again; what is refused is named."
            " A day fails only when orders are left without an answer."
        ),
        deps=[dg.AssetKey([name, MIRAKL_ORDERS])],
        partitions_def=days_of(channel),
        backfill_policy=dg.BackfillPolicy.multi_run(DAYS_PER_RUN),
        kinds={"mirakl", "https"},
        owners=channel.settings.owners,
        freshness_policy=_freshness(channel),
    )
    def mirakl_delivery(
        context: dg.AssetExecutionContext, state: dg.ResourceParam[State], mirakl: dg.ResourceParam[Mirakl]
    ) -> dg.MaterializeResult[None]:
        with checks.judged_when_it_fails(context, channel, state):
            reports: list[DayReport] = []
            try:
                log = context.log.info
                fresh = days_of(channel).get_last_partition_key() in context.partition_keys
                with (
                    failures_explained(channel),
                    sending(state, mirakl, channel, settings, log, first=fresh) as delivery,
                ):
                    reports.extend(_deliver(context, state, delivery, name, day) for day in context.partition_keys)
            except BaseException:
                # The days before the one that was cut short are done, and keep their numbers.
                _tell_days_apart(context, key, name, reports)
                raise
            if open_days := [report for report in reports if report.counts["undelivered"]]:
                _tell_days_apart(context, key, name, reports)
                raise _without_answer(name, open_days)
            for report in reports:
                context.add_asset_metadata(metadata.delivery_metadata(name, report), partition_key=report.day)
        checks.evaluate(context, channel, state)
        return dg.MaterializeResult()

    return mirakl_delivery


@contextmanager
def sending(
    state: State,
    mirakl: Mirakl,
    channel: Channel,
    settings: Settings,
    log: Callable[[str], None],
    *,
    first: bool = False,
) -> Iterator[Delivery]:
    """Open what delivers a channel's orders; one sender at a time: the others wait for the ledger's lock.

    Who is `first` goes before them: fresh orders do not wait for a backfill.
    """

    def waiting() -> None:
        log(_WAITS)
        # Dagster's log is not shown on the shell, where whoever waits must see why.
        logging.getLogger(__name__).warning(_WAITS)

    with (
        state.ledger() as ledger,
        mirakl.client(settings.mirakl) as client,
        ledger.one_sender(waiting, first=first) as held,
    ):
        destination = Environment().destination(channel)
        if others := ledger.deliver_to(channel.name, destination, channel.rivals):
            log(
                f"nothing was delivered to {destination} yet, so every order is sent; what was delivered to "
                f"{' and '.join(map(str, others))} counts there alone"
            )
        yield Delivery(
            client,
            ledger,
            channel=channel.name,
            channel_id=channel.settings.mirakl_channel_id,
            orders_per_request=settings.mirakl.orders_per_request,
            max_request_bytes=settings.mirakl.max_request_bytes,
            log=log,
            allowed=held,
        )


def _deliver(context: dg.AssetExecutionContext, state: State, delivery: Delivery, channel: str, day: str) -> DayReport:
    frames = state.frames()
    report = delivery.deliver(
        tables.records_of(
            progress.through("sending", day, frames.read(channel, MIRAKL_ORDERS, day, tables.RECORD_COLUMNS), len)
        ),
        tables.rejects_of(frames.read(channel, MIRAKL_ORDERS, day, tables.REJECT_COLUMNS)),
        day=day,
        run_id=context.run.run_id,
    )
    for chunk in frames.read(channel, MIRAKL_ORDERS, day, ("channel_order_id", "rejected")):
        if excluded := excluded_of(chunk):
            write_off(channel, excluded, EXCLUDED, delivery.ledger, context.run.run_id)
            report.exclude(len(excluded))
    counts = ", ".join(f"{count:,} {outcome}" for outcome, count in report.counts.items() if count)
    context.log.info(f"{day}: {counts or 'no orders'}")
    return report


def _tell_days_apart(
    context: dg.AssetExecutionContext, key: dg.AssetKey, channel: str, reports: list[DayReport]
) -> None:
    """Materialise the days that are answered, and log the others as observations: the step is about to fail.

    A stored materialisation of a day that failed would make the backfill call it done; nothing at all would hide its
    numbers.
    """
    for report in reports:
        event = dg.AssetObservation if report.counts["undelivered"] else dg.AssetMaterialization
        context.log_event(event(key, partition=report.day, metadata=metadata.delivery_metadata(channel, report)))


def _without_answer(channel: str, open_days: list[DayReport]) -> dg.Failure:
    orders = sum(report.counts["undelivered"] for report in open_days)
    why = next((report.stopped for report in open_days if report.stopped), "Mirakl gave no definite answer")
    days = ", ".join(report.day for report in open_days)
    return dg.Failure(
        f"{orders:,} orders of channel {channel!r} are without an answer ({days}): {why}. "
        "Nothing is lost: run the failed days again, what was delivered is not sent twice.",
        metadata={"undelivered": orders, "days": days},
        allow_retries=False,
    )
