"""The sensor that asks the change feed: a run as soon as something changed, and none otherwise."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
import sqlalchemy as sa

from pipelines import changes
from pipelines.changes import changes_sensor
from pipelines.config.settings import load_settings
from tests.own_shop import OwnShop
from tests.pipelines.conftest import Runs

Tick = Callable[[], dg.SensorResult | dg.SkipReason]


def stamp(ago: dt.timedelta = dt.timedelta()) -> str:
    """Wall time of the shop, which is in UTC."""
    return (dt.datetime.now(dt.UTC) - ago).replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")


@pytest.fixture
def tick(runs: Runs, environment: dict[str, str]) -> Tick:
    """Evaluate the sensor; the cursor goes from one tick to the next."""
    sensor = changes_sensor(load_settings().channel("own"))
    cursor: str | None = None

    def evaluate() -> dg.SensorResult | dg.SkipReason:
        nonlocal cursor
        context = dg.build_sensor_context(instance=runs.instance, cursor=cursor)
        found = sensor(context)
        assert isinstance(found, dg.SensorResult | dg.SkipReason)
        if isinstance(found, dg.SensorResult):
            cursor = found.cursor
        return found

    return evaluate


def requests(found: dg.SensorResult | dg.SkipReason) -> list[dg.RunRequest]:
    return list(found.run_requests or ()) if isinstance(found, dg.SensorResult) else []


def test_a_shop_in_which_nothing_changed_today_starts_no_run(tick: Tick) -> None:
    assert requests(tick()) == []


def test_a_change_starts_one_run_of_the_open_day(tick: Tick, shop: OwnShop) -> None:
    tick()
    shop.order("1", stamp())
    [request] = requests(tick())
    assert request.partition_key == dt.datetime.now(ZoneInfo("Europe/Paris")).date().isoformat()
    assert request.tags["dagster/priority"] == "10"
    assert requests(tick()) == []


def test_an_order_that_changes_again_starts_another_run(tick: Tick, shop: OwnShop) -> None:
    shop.order("1", stamp(dt.timedelta(seconds=30)))
    assert len(requests(tick())) == 1
    shop.order("1", stamp())
    assert len(requests(tick())) == 1
    assert requests(tick()) == []


def test_a_change_that_was_committed_late_starts_a_run(tick: Tick, shop: OwnShop) -> None:
    shop.order("1", stamp())
    tick()
    shop.order("2", stamp(dt.timedelta(seconds=90)))
    assert len(requests(tick())) == 1


def test_it_is_quiet_while_a_run_of_the_open_day_is_unfinished(tick: Tick, shop: OwnShop, runs: Runs) -> None:
    shop.order("1", stamp())
    today = dt.datetime.now(ZoneInfo("Europe/Paris")).date().isoformat()
    runs.instance.create_run_for_job(
        runs.definitions().resolve_job_def("sync_own"),
        tags={"dagster/partition": today},
        status=dg.DagsterRunStatus.STARTED,
    )
    found = tick()
    assert isinstance(found, dg.SkipReason)
    assert "unfinished" in (found.skip_message or "")


def test_a_page_that_is_full_starts_a_run_as_more_may_follow(
    tick: Tick, shop: OwnShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "MOST_CHANGES", 2)
    shop.order("1", stamp())
    shop.order("2", stamp())
    assert len(requests(tick())) == 1
    assert len(requests(tick())) == 1


def test_a_tick_asks_the_feed_and_reads_no_order(tick: Tick, shop: OwnShop) -> None:
    shop.order("1", stamp())
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        tick()
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    assert sum("changed_at" in statement for statement in asked) == 1
    assert not any("channel_order_id" in statement for statement in asked)


def test_a_shop_that_cannot_be_reached_fails_the_tick_with_one_message(
    tick: Tick, shop: OwnShop, environment: dict[str, str]
) -> None:
    shop.database.unlink()
    with pytest.raises(dg.Failure, match="there is no SQLite file"):
        tick()


def test_a_feed_that_takes_too_long_is_ended(tick: Tick, shop: OwnShop, monkeypatch: pytest.MonkeyPatch) -> None:
    feed = shop.folder / "changes.sql"
    slow = "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n) > 0 AND "
    feed.write_text(feed.read_text().replace("WHERE ", f"WHERE {slow}", 1))
    shop.order("1", stamp())
    monkeypatch.setattr(changes, "TIME_LIMIT", 0.2)
    with pytest.raises(dg.Failure, match="took too long"):
        tick()
