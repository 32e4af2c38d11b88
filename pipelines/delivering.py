"""What a delivery needs around it in Dagster: who sends, what is logged, and the events of a day that failed."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import dagster as dg

from connectors.mirakl.delivery import Delivery
from connectors.mirakl.report import DayReport
from pipelines import metadata
from pipelines.config.environment import Environment
from pipelines.config.settings import Channel, Settings
from pipelines.operations import turns
from pipelines.resources import Mirakl, State
from transforms.plural import counted, day_ranges

_WAITS = "another run is sending; this one waits until it is done"
_SHELL = logging.getLogger(__name__)


@contextmanager
def sending(
    state: State,
    mirakl: Mirakl,
    channel: Channel,
    settings: Settings,
    log: logging.Logger,
    *,
    first: bool = False,
) -> Iterator[Delivery]:
    """Open what delivers a channel's orders; one sender at a time and credential: the others wait for its lock.

    Who is `first` goes before them: fresh orders do not wait for a backfill.
    """

    def warn(message: str) -> None:
        log.warning(message)
        # Dagster's log is not shown on the shell, where whoever waits must see why.
        _SHELL.warning(message)

    with (
        state.ledger() as ledger,
        mirakl.client(settings.mirakl, channel.settings.credential, warn) as client,
        turns.my_turn(),
        ledger.one_sender(lambda: warn(_WAITS), first=first, credential=client.credential) as still_held,
    ):
        destination = Environment().destination(channel)
        if others := ledger.deliver_to(channel.name, destination, channel.rivals):
            log.warning(
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
            may_send=still_held,
        )


def log_day_events(
    context: dg.AssetExecutionContext, key: dg.AssetKey, channel: str, reports: Sequence[DayReport]
) -> None:
    """Materialise the days that are answered, and log the others as observations: the step is about to fail.

    A stored materialisation of a day that failed would make the backfill call it done; nothing at all would hide its
    numbers.
    """
    for report in reports:
        event = dg.AssetObservation if report.unanswered else dg.AssetMaterialization
        context.log_event(event(key, partition=report.day, metadata=metadata.delivery_metadata(channel, report)))


def without_answer(channel: str, open_days: Sequence[DayReport]) -> dg.Failure:
    """Describe the days with orders left without an answer, counts included: Dagster shows none for a failed day."""
    orders = sum(report.unanswered for report in open_days)
    why = next((report.stopped for report in open_days if report.stopped), "Mirakl gave no definite answer")
    days = day_ranges(report.day for report in open_days)
    verb = "is" if orders == 1 else "are"
    numbers = "; ".join(f"{report.day}: {metadata.summary(report)}" for report in open_days)
    return dg.Failure(
        f"{counted(orders, 'order')} of channel {channel!r} {verb} without an answer ({days}): {why}. "
        f"Nothing is lost: run the failed days again, what was delivered is not sent twice. {numbers}.",
        metadata={"undelivered": orders, "days": days, **_failed(channel, open_days)},
        allow_retries=False,
    )


def _failed(channel: str, open_days: Sequence[DayReport]) -> metadata.Metadata:
    total = DayReport(open_days[0].day)
    for report in open_days:
        total.add(report)
    shown = metadata.delivery_metadata(channel, total)
    return {name: shown[name] for name in ("failures", "failure_kinds", "all_failures") if name in shown}
