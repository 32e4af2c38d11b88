"""Asset checks: what must turn red though the orders went out, and what waits in the ledger.

None blocks: a blocking check on a delivery would make its backfill call failed days done.

Belongs here: the checks and what they count. Does not belong here: the outcome policy of a day (`assets`).
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import dagster as dg

from connectors.ledger import Ledger
from connectors.mirakl.report import DayReport
from pipelines import metadata
from pipelines.days import closed_days
from pipelines.metadata import Metadata
from pipelines.reconcile import DIFFERS, GONE, NEVER_ACCEPTED, Reconciliation, reconcile
from pipelines.resources import State, failures_explained
from pipelines.settings import Channel
from pipelines.shop import open_shop
from transforms.coverage import Word
from transforms.outcomes import Normalised

EVERYTHING_MAPPED = "everything_mapped"
MONEY_ADDS_UP = "money_adds_up"
ALL_ACCEPTED = "all_accepted"
NOTHING_SHRUNK = "nothing_shrunk"
STAMPS_SANE = "stamps_sane"
NOTHING_WAITS = "nothing_waits"
RECONCILED = "reconciled"

_SAMPLES = 50


@dataclass(slots=True)
class Normalisation:
    """What was seen while normalising: counts, rejects and notices with some of their orders."""

    counts: Counter[str] = field(default_factory=Counter)
    rejected: list[dict[str, str]] = field(default_factory=list)
    noticed: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    words: Counter[Word] = field(default_factory=Counter)

    def hear(self, normalised: Normalised, words: Counter[Word]) -> None:
        """Count one chunk."""
        self.words += words
        rejects = normalised.rejects
        self.counts["orders_read"] += len(normalised.table)
        self.counts["orders_normalised"] += len(normalised.table) - len(rejects)
        self.counts["rejected"] += len(rejects)
        for reject in rejects[: max(_SAMPLES - len(self.rejected), 0)]:
            row = {"channel_order_id": reject.channel_order_id, "code": reject.code}
            self.rejected.append({**row, "field": reject.field, "reason": reject.reason})
        for order_id, notice in normalised.noticed():
            self.counts[notice.code] += 1
            found = self.noticed.setdefault(notice.code, [])
            if len(found) < _SAMPLES:
                found.append({"channel_order_id": order_id, "field": notice.field, "detail": notice.detail})

    def add(self, other: "Normalisation") -> None:
        """Add what another day showed."""
        self.counts += other.counts
        self.words += other.words
        self.rejected = (self.rejected + other.rejected)[:_SAMPLES]
        for code, found in other.noticed.items():
            self.noticed[code] = (self.noticed.get(code, []) + found)[:_SAMPLES]

    def metadata(self) -> Metadata:
        """Describe one day."""
        numbers = ("orders_read", "orders_normalised", "rejected", "unmapped_status", "money_mismatch", "dropped_field")
        shown: Metadata = {name: self.counts[name] for name in numbers}
        shown["dagster/row_count"] = self.counts["orders_read"]
        if self.words:
            shown["coverage"] = metadata.coverage_table(self.words)
        if self.rejected:
            shown["rejects"] = metadata.table(self.rejected)
        for code, found in self.noticed.items():
            shown[f"{code}_orders"] = metadata.table(found, metadata.MOST_BYTES // 6)
        return shown

    def check_results(self, channel: str) -> list[dg.AssetCheckResult]:
        """Judge all days of the run."""
        unmapped = Counter({word: count for word, count in self.words.items() if word.fate == "unmapped"})
        mismatches = self.counts["money_mismatch"]
        return [
            _result(
                EVERYTHING_MAPPED,
                not unmapped,
                f"not mapped: {_some(unmapped)}{_remedy(channel, unmapped)}",
                {"unmapped_words": len(unmapped), "unmapped_times": unmapped.total()},
                [{**word._asdict(), "times": count} for word, count in unmapped.most_common()],
            ),
            _result(
                MONEY_ADDS_UP,
                mismatches == 0,
                f"{mismatches:,} sums told to Mirakl differ from the shop's; the orders were sent all the same",
                {"money_mismatch": mismatches},
                self.noticed.get("money_mismatch", ()),
            ),
        ]


def normalisation_specs(asset: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    """Return the checks that come with mirakl_orders."""
    return [
        dg.AssetCheckSpec(EVERYTHING_MAPPED, asset=asset, description="Every word that needs a map has one."),
        dg.AssetCheckSpec(
            MONEY_ADDS_UP, asset=asset, description="What Mirakl is told adds up to what the shop charged, to the cent."
        ),
    ]


def delivery_specs(asset: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    """Return the checks that come with mirakl_delivery."""
    return [
        dg.AssetCheckSpec(ALL_ACCEPTED, asset=asset, description="No order was rejected by us or refused by Mirakl."),
        dg.AssetCheckSpec(
            NOTHING_SHRUNK, asset=asset, description="No order lost lines or adjustments since it was last delivered."
        ),
        dg.AssetCheckSpec(
            STAMPS_SANE, asset=asset, description="No order carries a modification stamp that lies in the future."
        ),
    ]


def delivery_results(channel: str, reports: Sequence[DayReport]) -> Iterator[dg.AssetCheckResult]:
    """Judge the delivery of all days of a run."""
    total: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    for report in reports:
        total.update(report.counts)
        kinds.update(report.signatures)
    failed = total["rejected"] + total["refused"]
    days = sorted(report.day for report in reports)
    yield _result(
        ALL_ACCEPTED,
        failed == 0,
        f"{total['rejected']:,} orders rejected by our validation, {total['refused']:,} refused by Mirakl; "
        f"`mirakl-orders failures {channel} --since {days[0]}` lists them",
        {"rejected": total["rejected"], "refused": total["refused"]},
        [{"kind": kind, "orders": count} for kind, count in kinds.most_common(metadata.MOST_SIGNATURES)],
    )
    shrunk = sum(report.shrunk_total for report in reports)
    yield _result(
        NOTHING_SHRUNK,
        shrunk == 0,
        f"{shrunk:,} orders have fewer lines or adjustments than were delivered before; they were sent as they are now",
        {"shrunk": shrunk},
        [{"channel_order_id": order_id} for report in reports for order_id in report.shrunk],
    )
    future = sum(report.future_stamps_total for report in reports)
    yield _result(
        STAMPS_SANE,
        future == 0,
        f"{future:,} orders were changed in the future by their shop's clock; until then Mirakl ignores older stamps",
        {"future_stamps": future},
        [{"channel_order_id": order_id} for report in reports for order_id in report.future_stamps],
    )


def _some(words: Counter[Word]) -> str:
    shown = [f"{word.kind} {word.word!r} ({count:,})" for word, count in words.most_common(3)]
    return ", ".join(shown) + (f" and {len(words) - 3:,} more" if len(words) > 3 else "")


def _remedy(channel: str, words: Counter[Word]) -> str:
    if all(word.kind == "country" for word in words):
        return "; orders delivered there are rejected until the shop says an ISO 3166-1 code"
    return f"; orders in such a status are sent as CHANNEL_SPECIFIC until it stands under [channels.{channel}.statuses]"


def _result(
    name: str, passed: bool, words: str, numbers: dict[str, int], rows: Sequence[Mapping[str, str | int]]
) -> dg.AssetCheckResult:
    found: Metadata = dict(numbers)
    if rows:
        found["orders"] = metadata.table(rows)
    return dg.AssetCheckResult(
        check_name=name,
        passed=passed,
        severity=dg.AssetCheckSeverity.ERROR,
        description=None if passed else words,
        metadata=found,
    )


def nothing_waits(channel: Channel, delivery: dg.AssetKey) -> dg.AssetChecksDefinition:
    """Build the standing check of a channel: orders that Mirakl has not accepted in their current state, by age."""

    @dg.asset_check(
        asset=delivery,
        name=NOTHING_WAITS,
        description="Looks into the ledger: no order of the channel, of any day, waits for Mirakl's acceptance.",
    )
    def check(state: dg.ResourceParam[State]) -> dg.AssetCheckResult:
        with failures_explained(channel), state.ledger(channel) as ledger:
            return _what_waits(channel.name, ledger)

    return check


def something_waits(channel: str, ledger: Ledger, delivery: dg.AssetKey) -> dg.AssetCheckEvaluation:
    """Evaluate the standing check for a delivery that is about to fail: the check's own step is then left out."""
    found = _what_waits(channel, ledger)
    return dg.AssetCheckEvaluation(
        asset_key=delivery,
        check_name=NOTHING_WAITS,
        passed=found.passed,
        metadata=found.metadata,
        description=found.description,
        blocking=False,
    )


def _what_waits(channel: str, ledger: Ledger) -> dg.AssetCheckResult:
    waiting = ledger.count_unaccepted(channel)
    orders = sum(count for count, _ in waiting.values())
    since = min((oldest for _, oldest in waiting.values()), default="")
    return _result(
        NOTHING_WAITS,
        not waiting,
        f"{orders:,} orders are not accepted by Mirakl in their current state, the oldest since {since}; "
        f"`mirakl-orders failures {channel}` lists them",
        {outcome: waiting.get(outcome, (0, ""))[0] for outcome in ("undelivered", "refused", "rejected")},
        [{"outcome": outcome, "orders": count, "oldest": oldest} for outcome, (count, oldest) in waiting.items()],
    )


def reconciled(channel: Channel, shop_database: dg.AssetKey) -> dg.AssetChecksDefinition:
    """Build the check that reads the last closed days again and compares the shop with what Mirakl accepted.

    It stands on the shop's database: a backfill runs the checks of what it materialises, and would read these days
    once more in each of its runs; and what a night found would be out of date with the next delivery.
    """

    @dg.asset_check(
        asset=shop_database,
        name=RECONCILED,
        description="Reads the shop's last closed days: each order is at Mirakl as it is, and none is gone.",
    )
    def check(state: dg.ResourceParam[State]) -> dg.AssetCheckResult:
        days = closed_days(channel, dt.datetime.now(dt.UTC))
        found = Reconciliation()
        if days:
            with failures_explained(channel), state.ledger(channel) as ledger, open_shop(channel) as shop:
                found = reconcile(channel, days, shop, ledger)
        span = f"--from {days[0]} --to {days[-1]}" if days else ""
        differences = ", ".join(f"{count:,} {finding}" for finding, count in found.found.items())
        return _result(
            RECONCILED,
            not found.found,
            f"{differences}; `mirakl-orders reconcile {channel.name} {span}` lists them",
            {
                "orders_read": found.orders,
                "matching": found.matching,
                "never_accepted": found.found[NEVER_ACCEPTED],
                "differs": found.found[DIFFERS],
                "gone": found.found[GONE],
            },
            found.findings,
        )

    return check
