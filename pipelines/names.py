"""What a channel's assets, jobs, schedules and sensors are called, and when they tick. Nothing is loaded for it."""

from __future__ import annotations

RAW_ORDERS, MIRAKL_ORDERS, MIRAKL_DELIVERY = "raw_orders", "mirakl_orders", "mirakl_delivery"
SHOP_DATABASE = "shop_database"
# The check of the shop's database.
RECONCILED = "reconciled"

TODAY_CRON, LOOKBACK_CRON, INSPECTION_CRON = "*/15 * * * *", "30 1 * * *", "30 4 * * *"
CHANGES_SECONDS, UNDELIVERED_SECONDS = 30, 60


def sync_job(channel: str) -> str:
    """Name the job that takes a channel's orders all the way."""
    return f"sync_{channel}"


def inspection_job(channel: str) -> str:
    """Name the job that looks for orders left behind."""
    return f"inspect_{channel}"


def replay_job(channel: str) -> str:
    """Name the job that reads orders again by their ids."""
    return f"replay_{channel}"


def today_schedule(channel: str) -> str:
    """Name the schedule of the open day."""
    return f"{sync_job(channel)}_today"


def lookback_schedule(channel: str) -> str:
    """Name the schedule of the last closed days."""
    return f"{sync_job(channel)}_lookback"


def inspection_schedule(channel: str) -> str:
    """Name the schedule of the inspection."""
    return f"{inspection_job(channel)}_nightly"


def changes_sensor(channel: str) -> str:
    """Name the sensor that runs the open day when the shop has changed."""
    return f"changes_{channel}"


def undelivered_sensor(channel: str) -> str:
    """Name the sensor that replays orders without an answer."""
    return f"{replay_job(channel)}_undelivered"


def schedules(channel: str) -> dict[str, str]:
    """Return the cron expressions of a channel's schedules, by their names."""
    return {
        inspection_schedule(channel): INSPECTION_CRON,
        lookback_schedule(channel): LOOKBACK_CRON,
        today_schedule(channel): TODAY_CRON,
    }


def sensors(channel: str) -> dict[str, int]:
    """Return the seconds between ticks of a channel's sensors, by their names."""
    return {changes_sensor(channel): CHANGES_SECONDS, undelivered_sensor(channel): UNDELIVERED_SECONDS}
