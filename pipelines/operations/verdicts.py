"""What is wrong with a channel's orders now, judged from the ledger alone: the same for checks, shell and alerts.

The ledger keeps what each order was noticed for in its newest reading. So a check stays red until the cause is gone,
whatever later runs read.
"""

from __future__ import annotations

import datetime as dt
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self, assert_never

from connectors.channels.clocks import TOLERANCE
from connectors.ledger import Ledger, LedgerEntry, NoticeSummary
from connectors.mirakl.decisions import FUTURE_STAMP, SHRUNK
from pipelines.names import MIRAKL_DELIVERY, MIRAKL_ORDERS
from transforms.codes import NoticeCode
from transforms.outcomes import UNACCEPTED
from transforms.plural import counted
from transforms.times import format_time

MOST_ORDERS = 50
_READ_IN_FUTURE: NoticeCode = "read_in_future"
_WORDS_NAMED = 3
_IDS_IN_COMMAND = 5


class Check(StrEnum):
    """What is asked about a channel's orders, in the order in which it is shown.

    `asset` is what the check belongs to in Dagster, `question` the sentence that is true while it is green.
    """

    asset: str
    question: str

    def __new__(cls, value: str, asset: str, question: str) -> Self:
        """Make a member of its name, its asset and its question."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.asset, member.question = asset, question
        return member

    ALL_ACCEPTED = (
        "all_accepted",
        MIRAKL_DELIVERY,
        "Every order is accepted in its current state: none is rejected, refused or without an answer.",
    )
    EVERYTHING_MAPPED = (
        "everything_mapped",
        MIRAKL_ORDERS,
        "Every status and country of the shop has a mapping.",
    )
    MONEY_ADDS_UP = (
        "money_adds_up",
        MIRAKL_ORDERS,
        "The sums sent to Mirakl equal what the shop charged, to the cent.",
    )
    NOTHING_SHRUNK = (
        "nothing_shrunk",
        MIRAKL_DELIVERY,
        "No order has fewer lines or adjustments than were delivered before.",
    )
    STAMPS_SANE = (
        "stamps_sane",
        MIRAKL_DELIVERY,
        "No order was changed or read in the future.",
    )


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to one check as of now.

    `message` is what is wrong, `command` what goes on from there, `numbers` how much of it there is. `orders` are the
    first 50, each with `channel_order_id`, `day`, `code`, `field` and `reason` (which names both sums of money).
    """

    check: str
    passed: bool
    message: str = ""
    command: str = ""
    numbers: dict[str, int] = field(default_factory=dict)
    orders: list[dict[str, str]] = field(default_factory=list)

    @property
    def description(self) -> str | None:
        """What is wrong and what to do, None when nothing is."""
        return None if self.passed else f"{self.message}; `{self.command}`"


def judge(channel: str, ledger: Ledger) -> Iterator[Verdict]:
    """Answer every check of a channel; a few queries, whatever its size."""
    for check in Check:
        yield _judged(check, channel, ledger)


def _judged(check: Check, channel: str, ledger: Ledger) -> Verdict:
    match check:
        case Check.ALL_ACCEPTED:
            return _all_accepted(channel, ledger)
        case Check.EVERYTHING_MAPPED:
            return _everything_mapped(channel, ledger)
        case Check.MONEY_ADDS_UP:
            return _money_adds_up(channel, ledger.noticed(channel, "money_mismatch", MOST_ORDERS))
        case Check.NOTHING_SHRUNK:
            return _nothing_shrunk(channel, ledger.noticed(channel, SHRUNK, MOST_ORDERS))
        case Check.STAMPS_SANE:
            return _stamps_sane(channel, ledger)
        case _:
            assert_never(check)


def _all_accepted(channel: str, ledger: Ledger) -> Verdict:
    waiting = ledger.count_unaccepted(channel)
    counts = {outcome.value: waiting.get(outcome, (0, ""))[0] for outcome in UNACCEPTED}
    since = min((oldest for _, oldest in waiting.values()), default="")
    named = ", ".join(f"{count:,} {outcome}" for outcome, count in counts.items() if count)
    total = sum(counts.values())
    orders, their = counted(total, "order is", "orders are"), "its" if total == 1 else "their"
    return Verdict(
        Check.ALL_ACCEPTED.value,
        not waiting,
        f"{orders} not accepted by Mirakl in {their} current state ({named}), "
        f"the oldest since {since[:16].replace('T', ' ')} UTC",
        f"mirakl-orders failures {channel}",
        counts,
        [{**_row(row), "outcome": row.outcome} for _, row in ledger.unaccepted(channel, limit=MOST_ORDERS)],
    )


def _everything_mapped(channel: str, ledger: Ledger) -> Verdict:
    summary = ledger.noticed(channel, "unmapped_status", MOST_ORDERS)
    countries, rows = ledger.rejected_for(channel, "country_iso_code", MOST_ORDERS)
    found = []
    if summary.orders:
        named = ", ".join(f"{detail.partition(';')[0]} ({count:,})" for detail, count in summary.details[:_WORDS_NAMED])
        found.append(
            f"{counted(summary.orders, 'order has', 'orders have')} a status without a mapping: {named}; such an "
            "order is sent with the status that the rest of it proves, else as CHANNEL_SPECIFIC; map it under "
            f"[channels.{channel}.statuses], then read these days again"
        )
    if countries:
        found.append(
            f"{counted(countries, 'order is', 'orders are')} rejected until the shop has an ISO 3166-1 country code"
        )
    again = f"mirakl-orders sync {channel} --from {summary.first_day} --to {summary.last_day}"
    return Verdict(
        Check.EVERYTHING_MAPPED.value,
        not found,
        "; ".join(found),
        again if summary.orders else f"mirakl-orders failures {channel} --code invalid_address",
        {
            "unmapped_orders": summary.orders,
            "unmapped_words": len(summary.details),
            "unmapped_countries": countries,
        },
        (_orders(summary) + [_row(row) for row in rows])[:MOST_ORDERS],
    )


def _money_adds_up(channel: str, summary: NoticeSummary) -> Verdict:
    first = summary.listed[0].channel_order_id if summary.listed else ""
    return Verdict(
        Check.MONEY_ADDS_UP.value,
        not summary.orders,
        f"{counted(summary.orders, 'order was', 'orders were')} sent with other sums than the shop's; green once "
        f"the days from {summary.first_day} to {summary.last_day} are read again without a difference (an order that "
        "was corrected without a new modification time: `mirakl-orders sync` with --reread)",
        f"mirakl-orders order {channel} {shlex.quote(first)}",
        {"money_mismatch": summary.orders},
        _orders(summary),
    )


def _nothing_shrunk(channel: str, summary: NoticeSummary) -> Verdict:
    return Verdict(
        Check.NOTHING_SHRUNK.value,
        not summary.orders,
        f"{counted(summary.orders, 'order was', 'orders were')} sent with fewer lines or adjustments than before; "
        "where that is right, send them once more by their ids",
        _replay(channel, summary),
        {"shrunk": summary.orders},
        _orders(summary),
    )


def _stamps_sane(channel: str, ledger: Ledger) -> Verdict:
    latest = format_time(dt.datetime.now(dt.UTC) + TOLERANCE)
    stamped = ledger.noticed(channel, FUTURE_STAMP, MOST_ORDERS, stamped_after=latest)
    read, rows = ledger.read_after(channel, latest, MOST_ORDERS)
    found = []
    if read:
        orders = counted(read, "order was", "orders were")
        found.append(f"{orders} read in the future: a clock is or was wrong, and no change of them is sent")
    if stamped.orders:
        orders = counted(stamped.orders, "order was", "orders were")
        found.append(f"{orders} changed in the future; until then Mirakl ignores older stamps")
    listed = [
        {
            "channel_order_id": row.channel_order_id,
            "day": row.day,
            "code": _READ_IN_FUTURE,
            "field": "read_at",
            "reason": f"read at {row.read_at}, by the ledger",
        }
        for row in rows
    ]
    return Verdict(
        Check.STAMPS_SANE.value,
        not found,
        "; ".join(found),
        f"mirakl-orders replay {channel} --read-in-future" if read else _replay(channel, stamped),
        {"future_stamps": stamped.orders, "read_in_future": read},
        (listed + _orders(stamped))[:MOST_ORDERS],
    )


def _replay(channel: str, summary: NoticeSummary) -> str:
    ids = list(dict.fromkeys(found.channel_order_id for found in summary.listed))[:_IDS_IN_COMMAND]
    return f"mirakl-orders replay {channel} {' '.join(f'--order {shlex.quote(order_id)}' for order_id in ids)}"


def _row(row: LedgerEntry) -> dict[str, str]:
    return {
        "channel_order_id": row.channel_order_id,
        "day": row.day,
        "code": row.error_code or "",
        "field": row.error_field or "",
        "reason": row.error_reason or "",
    }


def _orders(summary: NoticeSummary) -> list[dict[str, str]]:
    return [
        {
            "channel_order_id": found.channel_order_id,
            "day": found.day,
            "code": found.notice.code,
            "field": found.notice.field,
            "reason": found.notice.detail,
        }
        for found in summary.listed
    ]
