"""The command that looks ahead: plan."""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

import click

from pipelines.cli.options import Days, as_csv, as_json, channels, days, load, quiet
from transforms.plural import counted

if TYPE_CHECKING:
    from pipelines.cli.causes import Causes
    from pipelines.operations.plan import Plan, PlannedOrder

_SHOWN = 50
_NOTHING, _LOOK_AT_IT, _WOULD_SEND = 0, 3, 4


@click.command(short_help="Dry run: show what a sync would send.")
@channels
@days
@click.option("--show", "shown", multiple=True, metavar="ID", help="Show every field that changes in this order.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the orders that would be sent to this file, one JSON text a line. Holds personal data.",
)
@click.option("--detailed-exitcode", is_flag=True, help="Exit status 4 when a sync would send something.")
@as_json
@as_csv
@quiet
def plan(
    names: list[str],
    days: Days,
    *,
    shown: tuple[str, ...],
    out: Path | None,
    detailed_exitcode: bool,
    as_json: bool,
    as_csv: bool,
    quiet: bool,
) -> None:
    """Dry run of a sync of CHANNEL: what would be sent, and why. Nothing is sent.

    Reads the shop with the mapping as it is now, and names every order that is new, changed, rejected, refused or
    noticed; for orders that Mirakl holds, the fields that would change. Nothing is written, --out aside.

    Exit status: 3 when orders cannot be sent (rejected, or refused before), else 0. With --detailed-exitcode: 4 when
    something would be sent, else 3 or 0 as before.
    """
    from connectors.frames.storage import FrameStorage
    from pipelines.cli import progress
    from pipelines.config.environment import Environment
    from pipelines.operations import plan as planning
    from pipelines.operations.shop import open_shop
    from pipelines.operations.state import ledger_description, ledger_to_read

    settings, chosen = load(names)
    frames = FrameStorage(Environment().frames_url)
    printer: _Printer = _Json(several=len(chosen) > 1) if as_json else _Csv() if as_csv else _Screen(shown)
    status = _NOTHING
    # Progress bars would break into what is printed as it is found.
    quiet = quiet or ((as_json or as_csv) and sys.stdout.isatty())
    with _payloads_to(out) as file:
        for channel in chosen:
            wanted = days.of(channel)
            printer.begin(channel.name)
            with ledger_to_read(channel) as ledger:
                with progress.shown(channel.name, len(wanted), "comparing", quiet=quiet), open_shop(channel) as shop:
                    found = planning.plan(
                        channel,
                        wanted,
                        shop,
                        ledger,
                        frames,
                        settings.mirakl,
                        report=printer.order,
                        keep=lambda record: None if file is None else _write(file, record.payload),
                    )
                printer.end(found, ledger_description(ledger, channel))
            if found.cannot_send:
                status = max(status, _LOOK_AT_IT)
            if detailed_exitcode and found.would_send:
                status = _WOULD_SEND
    printer.close()
    sys.exit(status)


@contextmanager
def _payloads_to(path: Path | None) -> Iterator[IO[bytes] | None]:
    if path is None:
        yield None
        return
    try:
        # What is in it is nobody else's business.
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        raise click.ClickException(f"--out {path} cannot be written: {error.strerror}") from None
    with os.fdopen(opened, "wb") as file:
        yield file


def _write(file: IO[bytes], payload: bytes) -> None:
    file.write(payload + b"\n")


class _Printer(Protocol):
    """Where a plan is printed: orders as they are found, a summary at the end of each channel."""

    def begin(self, channel: str) -> None: ...
    def order(self, order: PlannedOrder) -> None: ...
    def end(self, plan: Plan, ledger: str) -> None: ...
    def close(self) -> None: ...


class _Json:
    """One object a channel, its orders written as they are found: a plan of a million orders needs no memory."""

    def __init__(self, *, several: bool) -> None:
        self._several, self._channels, self._orders = several, 0, 0

    def begin(self, channel: str) -> None:
        opening = ("[" if not self._channels else ",") if self._several else ""
        click.echo(f'{opening}{{"channel":{_dumped(channel)},"orders":[', nl=False)
        self._channels, self._orders = self._channels + 1, 0

    def order(self, order: PlannedOrder) -> None:
        click.echo(f"{',' if self._orders else ''}\n{_dumped(order.values())}", nl=False)
        self._orders += 1

    def end(self, plan: Plan, ledger: str) -> None:
        click.echo("\n]," + _dumped({**plan.summary(), "ledger": ledger})[1:], nl=False)

    def close(self) -> None:
        click.echo("]" if self._several else "")


class _Csv:
    """One line an order."""

    def __init__(self) -> None:
        self._writer: csv.DictWriter[str] | None = None
        self._channel = ""

    def begin(self, channel: str) -> None:
        self._channel = channel

    def order(self, order: PlannedOrder) -> None:
        row = {"channel": self._channel, **order.values(), "changes": "; ".join(order.changes)}
        if self._writer is None:
            self._writer = csv.DictWriter(sys.stdout, list(row), lineterminator="\n")
            self._writer.writeheader()
        self._writer.writerow(row)

    def end(self, plan: Plan, ledger: str) -> None: ...
    def close(self) -> None: ...


class _Screen:
    """Counts, then the first orders of each kind."""

    def __init__(self, shown: tuple[str, ...]) -> None:
        from pipelines.cli import show

        self._console = show.console()
        self._shown = frozenset(shown)
        self._channel = ""
        self._causes = self._no_causes()
        self._asked: list[PlannedOrder] = []

    def _no_causes(self) -> dict[str, Causes]:
        from pipelines.cli.causes import Causes

        return {
            "rejected": Causes(("code", "field", "reason"), most_ids=_SHOWN, with_days=True),
            "refused": Causes(("code", "field", "reason"), most_ids=_SHOWN, with_days=True),
            "noticed": Causes(("fate", "code", "field", "reason"), most_ids=_SHOWN, with_days=True),
            "changed": Causes(("change",), most_ids=_SHOWN, with_days=True),
            "new": Causes(("day",), most_ids=_SHOWN),
        }

    def begin(self, channel: str) -> None:
        self._channel = channel
        self._causes = self._no_causes()
        self._asked.clear()

    def order(self, order: PlannedOrder) -> None:
        kind = "noticed" if order.code and order.outcome not in {"rejected", "refused"} else order.outcome
        change = ", ".join(one.partition(": ")[0] for one in order.changes)
        self._causes[kind].add({**order.values(), "change": change})
        if order.channel_order_id in self._shown:
            self._asked.append(order)

    def end(self, plan: Plan, ledger: str) -> None:
        from pipelines.cli import show
        from pipelines.operations.plan import OUTCOMES

        counts: list[dict[str, Any]] = [{"orders": plan.outcomes[outcome], "fate": outcome} for outcome in OUTCOMES]
        counts += [{"orders": count, "fate": f"noticed: {code}"} for code, count in plan.noticed.items()]
        shown = [row for row in counts if row["orders"]] or counts[:1]
        show.rows(self._console, f"What a sync of {self._channel} would do", shown, numbers=["orders"])
        summary = plan.summary()
        show.line(
            self._console,
            f"{counted(summary['requests'], 'request')}, {summary['seconds']:,.1f} s at the configured rate",
        )
        show.line(self._console, f"ledger: {ledger}")
        for warning in plan.warnings:
            show.line(self._console, ("warning: ", "yellow"), warning)
        self._console.print()
        if summary["unmapped"]:
            show.rows(self._console, "Values without a mapping", summary["unmapped"], numbers=["count"])
        self._orders()
        if plan.fields:
            title = f"Fields that change, in {plan.compared:,} of the changed orders (positions left out)"
            changes = [{"orders": count, "change": path} for path, count in plan.fields.most_common(_SHOWN)]
            show.rows(self._console, title, changes, numbers=["orders"])
        self._show_asked()

    def _orders(self) -> None:
        from pipelines.cli import show

        titles = {
            "rejected": "Cannot be sent: rejected by our own validation",
            "refused": "Not sent: Mirakl refused them as they are",
            "noticed": "Sent all the same, with a notice",
            "changed": "Changed",
            "new": "New",
        }
        for kind, title in titles.items():
            causes = self._causes[kind]
            if not causes.orders:
                continue
            show.rows(self._console, title, causes.rows(), numbers=["orders"])
            if causes.not_named:
                click.echo(f"{counted(causes.not_named, 'order')} not named here; --csv and --json name each of them\n")

    def _show_asked(self) -> None:
        from pipelines.cli import show

        for order in self._asked:
            changes = [{"change": change} for change in order.changes]
            if changes:
                show.rows(self._console, f"Order {order.channel_order_id}, {order.day}", changes)
            else:
                why = "no field to compare: new to Mirakl, or what it holds is not stored here any more"
                show.line(self._console, f"Order {order.channel_order_id}, {order.day}: {order.outcome}; {why}")
        for order_id in sorted(self._shown - {order.channel_order_id for order in self._asked}):
            why = "unchanged, superseded, or not changed on these days"
            show.line(
                self._console, f"Order {order_id}: {why}; `mirakl-orders order {self._channel} {order_id}` shows it"
            )

    def close(self) -> None: ...


def _dumped(value: Any) -> str:
    import orjson

    return orjson.dumps(value).decode()
