"""Jobs of a channel that look and send nothing: one order from all sides, and what a sync of some days would do.

A job of its own, not a switch on the delivery: a run of an asset that sends nothing would either call its day done or
failed, and both would be wrong.
"""

import datetime as dt
from typing import Any

import dagster as dg
from pydantic import Field

from connectors.frames.storage import FrameStorage
from connectors.ledger import Ledger
from pipelines import catalogue
from pipelines.config.environment import Environment
from pipelines.config.settings import Channel, Settings, SettingsError
from pipelines.metadata import Metadata, table
from pipelines.operations.days import days_between, today
from pipelines.operations.order import look
from pipelines.operations.plan import OUTCOMES, PlannedOrder, plan
from pipelines.operations.shop import Shop, open_shop
from pipelines.operations.state import ledger_to_read
from pipelines.resources import failures_explained

_MOST_ORDERS = 50


# The launchpad opens with what has a default, and empty without one.
class OneOrder(dg.Config):
    """Which order is looked at."""

    order_id: str = Field(default="", description="The order's id on the channel.")


class SomeDays(dg.Config):
    """Which days are planned."""

    first_day: str = Field(default="", description="The first day, for example 2026-01-01. Empty: today.")
    last_day: str = Field(default="", description="The last day, included. Empty: today.")


def look_job(channel: Channel) -> dg.JobDefinition:
    """Build the job that looks at one order; its answer is metadata of its step, without personal data."""

    @dg.op(name=f"{channel.name}__look", out=dg.Out(dg.Nothing))
    def look_at_order(context: dg.OpExecutionContext, config: OneOrder) -> None:
        """Look at one order: the shop, the record as it would be sent, what Mirakl holds, what would happen now."""
        if not config.order_id:
            raise dg.Failure("order_id is empty; write the order's id into the launchpad", allow_retries=False)
        with failures_explained(channel), open_shop(channel) as shop, ledger_to_read(channel) as ledger:
            found = look(channel, config.order_id, shop, ledger, FrameStorage(Environment().frames_url))
        if not found.is_known:
            raise dg.Failure(
                f"neither the shop of {channel.name!r} nor the ledger has an order {config.order_id!r}",
                allow_retries=False,
            )
        values = found.values(personal=False)
        shown: Metadata = {"next": values.pop("next")}
        shown |= {name: dg.MetadataValue.json(value) for name, value in values.items() if value}
        context.add_output_metadata(shown)
        context.log.info(f"order {config.order_id}: {shown['next']}")

    @dg.job(
        name=f"look_{channel.name}",
        description=(
            f"One order of {channel.name}: the shop, the record that would be sent, what Mirakl holds, what would "
            "happen now, as the metadata of the step. Nothing is sent; personal data is masked."
        ),
        tags=catalogue.tags(channel),
    )
    def job() -> None:
        look_at_order()

    return job


def plan_job(channel: Channel, settings: Settings) -> dg.JobDefinition:
    """Build the job that says what a sync would do; its answer is metadata of its step."""

    @dg.op(name=f"{channel.name}__plan", out=dg.Out(dg.Nothing))
    def plan_days(context: dg.OpExecutionContext, config: SomeDays) -> None:
        """Find out what a sync of these days would send, and why; nothing is sent."""
        with failures_explained(channel):
            first, last = _day(channel, "first_day", config.first_day), _day(channel, "last_day", config.last_day)
            days = days_between(channel, first, last)
            with open_shop(channel) as shop, ledger_to_read(channel) as ledger:
                shown = _planned(channel, settings, days, shop, ledger)
        context.add_output_metadata(shown)
        context.log.info(
            ", ".join(f"{shown[outcome]:,} {outcome}" for outcome in OUTCOMES if shown[outcome]) or "no orders"
        )

    @dg.job(
        name=f"plan_{channel.name}",
        description=(
            f"A dry run: what a sync of {channel.name} would send for some days, and why, as the metadata of the step. "
            "Nothing is sent."
        ),
        tags=catalogue.tags(channel),
    )
    def job() -> None:
        plan_days()

    return job


def _planned(channel: Channel, settings: Settings, days: list[str], shop: Shop, ledger: Ledger) -> Metadata:
    named: list[dict[str, Any]] = []

    def report(order: PlannedOrder) -> None:
        if len(named) < _MOST_ORDERS:
            named.append({**order.values(), "changes": ", ".join(order.changes)})

    frames = FrameStorage(Environment().frames_url)
    summary = plan(channel, days, shop, ledger, frames, settings.mirakl, report=report).summary()
    shown: Metadata = {name: value for name, value in summary.items() if isinstance(value, int | float)}
    for name, value in summary.items():
        if isinstance(value, list | dict) and value:
            shown[name] = dg.MetadataValue.json(value)
    if named:
        shown["orders"] = table([{name: value or "" for name, value in row.items()} for row in named])
    return shown


def _day(channel: Channel, name: str, text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text) if text else today(channel)
    except ValueError:
        raise SettingsError(f"{name}: {text!r} is not a day; expected for example 2026-01-31") from None
