"""The sensor that calls somebody: it posts what is wrong, and what is resolved, to ALERT_WEBHOOK_URL."""

import datetime as dt
from collections.abc import Sequence

import dagster as dg

from connectors.alerts.webhook import WebhookError, post
from connectors.ledger import LedgerError
from pipelines.alerts.causes import broken_blocks, failed_runs, late_channels, red_checks, skipped
from pipelines.alerts.memory import Memory
from pipelines.alerts.runs import follow_runs
from pipelines.config.environment import Environment
from pipelines.config.settings import Channel, Settings
from pipelines.resources import State
from transforms.outcomes import Outcome

URL_VARIABLE = "ALERT_WEBHOOK_URL"
_SECONDS_BETWEEN_TICKS = 30
_MOST_CHARACTERS = 3_500


def alerts_sensor(settings: Settings, channels: Sequence[Channel]) -> dg.SensorDefinition:
    """Build the sensor: on where the variable is set when Dagster loads this, off elsewhere."""
    is_on = bool(Environment().alert_webhook_url)

    @dg.sensor(
        name="alerts",
        minimum_interval_seconds=_SECONDS_BETWEEN_TICKS,
        default_status=dg.DefaultSensorStatus.RUNNING if is_on else dg.DefaultSensorStatus.STOPPED,
        description=f"Posts to {URL_VARIABLE} what is wrong, once a cause, and when it is resolved.",
    )
    def alerts(context: dg.SensorEvaluationContext, state: dg.ResourceParam[State]) -> dg.SensorResult | dg.SkipReason:
        url = Environment().alert_webhook_url
        if not url:
            return dg.SkipReason(f"{URL_VARIABLE} is not set")
        memory = Memory.model_validate_json(context.cursor or "{}")
        instance, repository = context.instance, context.repository_def
        assert repository is not None
        names = {*settings.broken, *(channel.name for channel in channels)}
        memory.failing = {key: failing for key, failing in memory.failing.items() if failing.channel in names}
        follow_runs(memory, list(channels), instance)
        _name_orders(memory, state)
        red, undecided = red_checks(list(repository.asset_graph.asset_check_keys), instance)
        late = late_channels(channels, instance)
        left_out, under_way = skipped(channels, instance)
        causes = [*broken_blocks(settings), *late, *red, *left_out, *failed_runs(memory.failing.values())]
        memory.learn(causes, undecided | under_way, dt.datetime.now(dt.UTC), names)
        summary = _send(memory, url)
        return dg.SensorResult(cursor=memory.model_dump_json(), skip_reason=summary)

    return alerts


def post_at_once(message: str) -> None:
    """Post what keeps this software from being loaded at all, where no sensor can run; what fails is logged."""
    if url := Environment().alert_webhook_url:
        try:
            post(url, f":red_circle: *No channel is running*\n{message}")
        except WebhookError as error:
            dg.get_dagster_logger().error(f"{URL_VARIABLE} {error}")


def _send(memory: Memory, url: str) -> str:
    """Post what waits, as much at once as one message holds; what is not accepted goes on waiting."""
    sent = 0
    while memory.waiting:
        parts = [memory.waiting[0]]
        for message in memory.waiting[1:]:
            if sum(map(len, parts)) + len(message) > _MOST_CHARACTERS:
                break
            parts.append(message)
        try:
            post(url, "\n\n".join(parts))
        except WebhookError as error:
            return f"{len(memory.waiting)} alerts wait: {URL_VARIABLE} {error}"
        del memory.waiting[: len(parts)]
        sent += len(parts)
    return f"{sent} alerts sent"


def _name_orders(memory: Memory, state: State) -> None:
    """Name the first orders that are without an answer, where that is why a run failed."""
    for failing in memory.failing.values():
        if "without an answer" in failing.reason and not failing.order_ids:
            try:
                with state.ledger() as ledger:
                    rows = ledger.unaccepted(failing.channel, limit=20)
                    failing.order_ids = [row.channel_order_id for _, row in rows if row.outcome == Outcome.UNDELIVERED]
            except LedgerError:
                # The alert goes out without them; runs that need the ledger say what is wrong with it.
                return
