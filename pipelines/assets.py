"""The three assets of a channel, from one factory: raw_orders, mirakl_orders, mirakl_delivery.

Bodies work on `partition_keys`: a schedule's single day, a backfill's window and a shell's range take the same path.
A day is an instant range in the channel's zone. All days of a run are read in one snapshot, so that an order which
moves from one day to another while the run lasts is neither lost nor read twice.
"""

import datetime as dt
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from connectors.channels.clocks import clocks_differ
from connectors.frames import tables
from connectors.frames.storage import FrameStorage
from connectors.mirakl.delivery import Delivery
from connectors.mirakl.report import DayReport
from connectors.mirakl.unchanged import Unchanged
from pipelines import catalogue, checks, metadata
from pipelines.config.settings import Channel, Settings
from pipelines.delivering import log_day_events, sending, without_answer
from pipelines.incremental import NormalisedDay, RawDay, rules
from pipelines.names import MIRAKL_DELIVERY, MIRAKL_ORDERS, RAW_ORDERS, SHOP_DATABASE
from pipelines.operations import progress
from pipelines.operations.shop import Shop, open_shop
from pipelines.operations.write_off import write_off
from pipelines.partitions import days_of
from pipelines.resources import Mirakl, State, failures_explained
from transforms.mapping import ChannelMapping
from transforms.normalised import excluded_of
from transforms.outcomes import Outcome
from transforms.plural import counted

DAYS_PER_RUN = 7


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


@contextmanager
def beta_features() -> Iterator[None]:
    """Allow what Dagster still calls beta: ranges in one run need a backfill policy."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)
        yield


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
        description=(
            f"The shop's own database ({channel.settings.platform}), which is only read. The channel's settings in "
            "force are below; each run that reads the shop observes its version and newest change."
        ),
        kinds={"sql"},
        owners=channel.settings.owners,
        tags=catalogue.tags(channel),
        metadata=catalogue.shop(channel),
    )


def _raw_orders(channel: Channel, settings: Settings) -> dg.AssetsDefinition:
    name = channel.name

    @dg.asset(
        key=[name, RAW_ORDERS],
        group_name=name,
        description="Every order whose newest change falls on the day, whole, as read from the shop: cells are text.",
        deps=[dg.AssetKey([name, SHOP_DATABASE])],
        partitions_def=days_of(channel),
        backfill_policy=dg.BackfillPolicy.multi_run(DAYS_PER_RUN),
        kinds={"sql", "parquet"},
        owners=channel.settings.owners,
        freshness_policy=_freshness(channel),
        tags=catalogue.tags(channel),
        metadata={
            **catalogue.about(RAW_ORDERS, channel, _raw_orders.__code__),
            "dagster/column_schema": metadata.raw_schema(),
        },
    )
    def raw_orders(
        context: dg.AssetExecutionContext, config: Reading, state: dg.ResourceParam[State]
    ) -> dg.MaterializeResult[None]:
        with checks.judged_when_it_fails(context, channel, state), failures_explained(channel, context.retry_number):
            frames = state.frames()
            with state.ledger(channel) as ledger:
                unaccepted = [row.channel_order_id for _, row in ledger.unaccepted(name)]
            with open_shop(channel) as shop:
                if difference := clocks_differ(shop.read_at):
                    context.log.warning(difference)
                newest = max(
                    _read_day(context, channel, shop, frames, day, unaccepted, reread=config.reread)
                    for day in context.partition_keys
                )
                context.log_event(
                    dg.AssetObservation(
                        [name, SHOP_DATABASE],
                        metadata={
                            **shop.versions(),
                            "read_at": dg.MetadataValue.timestamp(shop.read_at),
                            "newest_change": newest or "none on these days",
                        },
                    )
                )
            frames.remove_old(settings.frames.retention_days)
        return dg.MaterializeResult()

    return raw_orders


def _read_day(
    context: dg.AssetExecutionContext,
    channel: Channel,
    shop: Shop,
    frames: FrameStorage,
    day: str,
    unaccepted: Sequence[str],
    *,
    reread: bool,
) -> str:
    """Store one day's raw orders with its numbers; return the newest change, empty where no order changed."""
    raw = RawDay(shop, day)
    chunks = raw.chunks(frames, channel.name, RAW_ORDERS, unaccepted, reread=reread)
    schema = tables.made_from(tables.RAW_ORDERS, shop.fingerprint())
    frames.write(channel.name, RAW_ORDERS, day, schema, progress.tracked("reading", day, chunks, len))
    orders = counted(raw.orders_read, "order")
    context.log.info(f"{day}: {orders} read, {raw.orders_carried_over:,} of them carried over")
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
    return raw.newest_change


def _mirakl_orders(channel: Channel) -> dg.AssetsDefinition:
    name = channel.name

    @dg.asset(
        key=[name, MIRAKL_ORDERS],
        group_name=name,
        description="The day's orders in Mirakl's format. Each is a valid record, or a reject with field and reason.",
        deps=[dg.AssetKey([name, RAW_ORDERS])],
        partitions_def=days_of(channel),
        backfill_policy=dg.BackfillPolicy.multi_run(DAYS_PER_RUN),
        kinds={"python", "parquet"},
        owners=channel.settings.owners,
        freshness_policy=_freshness(channel),
        tags=catalogue.tags(channel),
        metadata={
            **catalogue.about(MIRAKL_ORDERS, channel, _mirakl_orders.__code__),
            "dagster/column_schema": metadata.mirakl_schema(),
        },
    )
    def mirakl_orders(context: dg.AssetExecutionContext, state: dg.ResourceParam[State]) -> dg.MaterializeResult[None]:
        with checks.judged_when_it_fails(context, channel, state), failures_explained(channel):
            frames, mapping = state.frames(), channel.mapping()
            for day in context.partition_keys:
                of_day = checks.Normalisation()
                chunks = _mirakl_chunks(frames, name, day, mapping, of_day)
                schema = tables.made_from(tables.MIRAKL_ORDERS, rules(mapping))
                frames.write(name, MIRAKL_ORDERS, day, schema, progress.tracked("normalising", day, chunks, len))
                context.log.info(
                    f"{day}: {counted(of_day.counts['orders_normalised'], 'order')} normalised, "
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
        seen.add(normalised)
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
        tags=catalogue.tags(channel),
        metadata=catalogue.about(MIRAKL_DELIVERY, channel, _mirakl_delivery.__code__),
    )
    def mirakl_delivery(
        context: dg.AssetExecutionContext, state: dg.ResourceParam[State], mirakl: dg.ResourceParam[Mirakl]
    ) -> dg.MaterializeResult[None]:
        with checks.judged_when_it_fails(context, channel, state):
            reports: list[DayReport] = []
            try:
                fresh = days_of(channel).get_last_partition_key() in context.partition_keys
                with (
                    failures_explained(channel),
                    sending(state, mirakl, channel, settings, context.log, first=fresh) as delivery,
                ):
                    reports.extend(_deliver(context, state, delivery, channel, day) for day in context.partition_keys)
            except BaseException:
                # The days before the one that was cut short are done, and keep their numbers.
                log_day_events(context, key, name, reports)
                raise
            if open_days := [report for report in reports if report.unanswered]:
                log_day_events(context, key, name, reports)
                raise without_answer(name, open_days)
            for report in reports:
                context.add_asset_metadata(metadata.delivery_metadata(name, report), partition_key=report.day)
        checks.evaluate(context, channel, state)
        return dg.MaterializeResult()

    return mirakl_delivery


def _deliver(
    context: dg.AssetExecutionContext, state: State, delivery: Delivery, channel: Channel, day: str
) -> DayReport:
    frames, name = state.frames(), channel.name
    unchanged = Unchanged(delivery.ledger, name, day, context.run.run_id)
    # Where an id belongs to two stores each record is decided about.
    everything = bool(channel.settings.stores and _has_an_id_twice(frames, name, day))
    orders = frames.read_chosen(
        name,
        MIRAKL_ORDERS,
        day,
        tables.MIRAKL_ORDERS.names,
        Unchanged.COLUMNS,
        _all_rows if everything else unchanged.others,
    )
    report = delivery.deliver(progress.tracked("sending", day, orders, len), day=day, run_id=context.run.run_id)
    for count in ("orders_read", Outcome.UNCHANGED):
        report.count(count, unchanged.count)
    for chunk in frames.read(name, MIRAKL_ORDERS, day, ("channel_order_id", "rejected")):
        if excluded := excluded_of(chunk):
            write_off(name, excluded, Outcome.EXCLUDED, delivery.ledger, context.run.run_id)
            report.exclude(len(excluded))
    context.log.info(f"{day}: {metadata.summary(report)}")
    return report


def _has_an_id_twice(frames: FrameStorage, channel: str, day: str) -> bool:
    chunks = [chunk["channel_order_id"] for chunk in frames.read(channel, MIRAKL_ORDERS, day, ("channel_order_id",))]
    ids = pa.chunked_array([part for chunk in chunks for part in chunk.chunks], pa.string())
    distinct: int = pc.count_distinct(ids).as_py()
    return distinct < len(ids)


def _all_rows(table: pa.Table) -> pa.BooleanArray:
    return pa.array([True] * table.num_rows)
