"""Asset checks: what must turn red though the orders went out.

Those of a channel's orders describe what is wrong now, not what a run met, and are evaluated at the end of every run,
also of one that fails. None blocks: a blocking check on a delivery would make its backfill call failed days done.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import get_args

import dagster as dg
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus

from connectors.ledger import Ledger, LedgerError
from pipelines import metadata
from pipelines.catalogue import documentation
from pipelines.config.settings import Channel
from pipelines.metadata import Metadata
from pipelines.names import RECONCILED
from pipelines.operations.days import closed_days
from pipelines.operations.reconcile import DIFFERS, NEVER_ACCEPTED, NOT_IN_SHOP, Reconciliation, reconcile
from pipelines.operations.shop import open_shop
from pipelines.operations.verdicts import Check, Verdict, judge
from pipelines.resources import State, failures_explained
from transforms.codes import NormalisationNotice
from transforms.coverage import Word
from transforms.normalised import Normalised

_SAMPLES = 50
# The days of a run, and runs side by side.
_MOST_PLANNED = 500


@dataclass(slots=True)
class Normalisation:
    """What was seen while normalising: counts, rejects and notices with some of their orders."""

    counts: Counter[str] = field(default_factory=Counter)
    rejected: list[dict[str, str]] = field(default_factory=list)
    noticed: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    words: Counter[Word] = field(default_factory=Counter)

    def add(self, normalised: Normalised) -> None:
        """Count one chunk."""
        rejects, excluded = normalised.rejects, len(normalised.excluded)
        self.counts["orders_read"] += len(normalised.table)
        self.counts["excluded"] += excluded
        self.counts["orders_normalised"] += len(normalised.table) - len(rejects) - excluded
        self.counts["rejected"] += len(rejects)
        for reject in rejects[: max(_SAMPLES - len(self.rejected), 0)]:
            row = {"channel_order_id": reject.channel_order_id, "code": reject.code}
            self.rejected.append({**row, "field": reject.field, "reason": reject.reason})
        for order_id, notice in normalised.noticed():
            self.counts[notice.code] += 1
            found = self.noticed.setdefault(notice.code, [])
            if len(found) < _SAMPLES:
                found.append({"channel_order_id": order_id, "field": notice.field, "detail": notice.detail})

    def metadata(self) -> Metadata:
        """Describe one day."""
        numbers = ("orders_read", "orders_normalised", "excluded", "rejected")
        shown: Metadata = {name: self.counts[name] for name in (*numbers, *get_args(NormalisationNotice))}
        shown["dagster/row_count"] = self.counts["orders_read"]
        if self.words:
            shown["coverage"] = metadata.coverage_table(self.words)
        if self.rejected:
            shown["rejects"] = metadata.table(self.rejected)
        for code, found in self.noticed.items():
            shown[f"{code}_orders"] = metadata.table(found, metadata.MOST_BYTES // 6)
        return shown


def check_keys(channel: str) -> list[dg.AssetCheckKey]:
    """Return the keys of a channel's standing checks."""
    return [dg.AssetCheckKey(dg.AssetKey([channel, check.asset]), check.value) for check in Check]


def standing_checks(channel: Channel) -> dg.AssetChecksDefinition:
    """Build the checks that say what is wrong with a channel's orders now, whatever run met them."""
    keys = check_keys(channel.name)

    @dg.multi_asset_check(
        name=f"{channel.name}__standing_checks",
        specs=[
            dg.AssetCheckSpec(
                key.name,
                asset=key.asset_key,
                description=check.question,
                metadata={"documentation": documentation("docs/operating.md", "checks")},
            )
            for check, key in zip(Check, keys, strict=True)
        ],
        # Nothing is yielded: what is yielded cannot answer what Dagster planned for a day, see `evaluate`.
        can_subset=True,
        description="Asks the ledger: is anything wrong with the orders of this channel, of any day?",
    )
    def checks(context: dg.AssetCheckExecutionContext, state: dg.ResourceParam[State]) -> Iterator[dg.AssetCheckResult]:
        asked = context.op_execution_context.selected_asset_check_keys
        # A run that delivered has evaluated them already.
        unanswered = [key for key in keys if key in asked and _planned(context.op_execution_context, key)]
        if unanswered:
            with failures_explained(channel), state.ledger(channel) as ledger:
                _log(context.op_execution_context, channel.name, ledger, unanswered)
        yield from ()

    return checks


def evaluate(context: dg.OpExecutionContext | dg.AssetExecutionContext, channel: Channel, state: State) -> None:
    """Evaluate the standing checks in the step that has changed the answers, or that nothing comes after.

    Jobs leave the checks' own step out: for a run of one day Dagster plans one evaluation of that day, takes the result
    of a check without days for another one, and shows the first as skipped for ever. What was planned all the same, in
    a backfill or by "Materialize", is answered day by day.
    """
    try:
        with state.ledger(channel) as ledger:
            _log(context, channel.name, ledger, check_keys(channel.name))
    except LedgerError as error:
        context.log.error(f"the checks of {channel.name} cannot be judged: {error}")


@contextmanager
def judged_when_it_fails(context: dg.AssetExecutionContext, channel: Channel, state: State) -> Iterator[None]:
    """Evaluate the standing checks when a step fails for good, or is stopped: no later step would."""
    try:
        yield
    except dg.RetryRequested:
        raise
    except BaseException:
        evaluate(context, channel, state)
        raise


def _log(
    context: dg.OpExecutionContext | dg.AssetExecutionContext,
    channel: str,
    ledger: Ledger,
    keys: Iterable[dg.AssetCheckKey],
) -> None:
    verdicts = {verdict.check: verdict for verdict in judge(channel, ledger)}
    for key in keys:
        *others, last = _planned(context, key) or [None]
        for partition in (*others, last):
            found = _result(key, verdicts[key.name])
            context.log_event(
                dg.AssetCheckEvaluation(  # type: ignore[arg-type]  # the context logs it, whatever it declares
                    asset_key=key.asset_key,
                    check_name=key.name,
                    passed=found.passed,
                    # The orders need not be kept once a day of the run.
                    metadata=found.metadata if partition == last else {},
                    description=found.description,
                    severity=found.severity,
                    blocking=False,
                    partition=partition,
                )
            )


def _planned(context: dg.OpExecutionContext | dg.AssetExecutionContext, key: dg.AssetCheckKey) -> list[str | None]:
    """Return the days for which Dagster planned an evaluation in this run, [None] for one without a day."""
    records = context.instance.event_log_storage.get_asset_check_execution_history(
        key, limit=_MOST_PLANNED, status={AssetCheckExecutionRecordStatus.PLANNED}
    )
    return sorted((record.partition for record in records if record.run_id == context.run.run_id), key=str)


def _result(key: dg.AssetCheckKey, verdict: Verdict) -> dg.AssetCheckResult:
    found: Metadata = dict(verdict.numbers)
    if not verdict.passed:
        found["go_on"] = verdict.command
    if verdict.orders:
        found["orders"] = metadata.table(verdict.orders, metadata.MOST_BYTES)
    return dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=verdict.passed,
        severity=dg.AssetCheckSeverity.ERROR,
        description=verdict.description,
        metadata=found,
    )


def reconciled(channel: Channel, shop_database: dg.AssetKey) -> dg.AssetChecksDefinition:
    """Build the check that reads the last closed days again and compares the shop with what Mirakl accepted.

    It belongs to the asset of the shop's database: a backfill runs the checks of what it materialises, and would
    read these days once more in each of its runs; and what a night found would be out of date with the next delivery.
    """

    @dg.asset_check(
        asset=shop_database,
        name=RECONCILED,
        metadata={"documentation": documentation("docs/operating.md", "checks")},
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
        numbers = {
            "orders_read": found.orders,
            "matching": found.matching,
            "never_accepted": found.found[NEVER_ACCEPTED],
            "differs": found.found[DIFFERS],
            "gone": found.found[NOT_IN_SHOP],
        }
        command = f"mirakl-orders reconcile {channel.name} {span}"
        verdict = Verdict(RECONCILED, not found.found, differences, command, numbers, found.findings)
        return _result(dg.AssetCheckKey(shop_database, RECONCILED), verdict)

    return check
