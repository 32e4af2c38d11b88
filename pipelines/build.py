"""Assembling the definitions of channels: one assembler for Dagster, the command line and the tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import dagster as dg

from pipelines.alerts.sensor import alerts_sensor
from pipelines.assets import beta_features, channel_assets
from pipelines.automation import channel_job, inspection_job, inspection_schedule, lookback_schedule, today_schedule
from pipelines.changes import changes_sensor
from pipelines.checks import reconciled, standing_checks
from pipelines.config.settings import Channel, Settings, is_channel_name
from pipelines.dry_run_jobs import look_job, plan_job
from pipelines.housekeeping import housekeeping_job, housekeeping_schedule
from pipelines.names import MIRAKL_DELIVERY, MIRAKL_ORDERS, RAW_ORDERS, SHOP_DATABASE
from pipelines.resources import RESOURCES
from pipelines.runs.heartbeat import silent_runs
from pipelines.runs.replay import replay_job, undelivered_sensor
from pipelines.stand_ins import stand_ins


def build_definitions(settings: Settings) -> dg.Definitions:
    """Assemble the definitions of all channels; a broken one keeps its place, and its runs say what is wrong."""
    channels = [*settings.channels.values(), *stand_ins(settings)]
    for message in settings.shared_channels():
        dg.get_dagster_logger().warning(message)
    with beta_features():
        assets = [asset for channel in channels for asset in channel_assets(channel, settings)]
    return dg.Definitions(
        assets=[*dg.map_asset_specs(_with_faults(channels), assets), *_broken_blocks(settings.broken)],
        asset_checks=[
            check
            for channel in channels
            for check in (
                standing_checks(channel),
                reconciled(channel, dg.AssetKey([channel.name, SHOP_DATABASE])),
            )
        ],
        jobs=[
            *(channel_job(channel) for channel in channels),
            *(inspection_job(channel) for channel in channels),
            *(replay_job(channel, settings) for channel in channels),
            *(look_job(channel) for channel in channels),
            *(plan_job(channel, settings) for channel in channels),
            housekeeping_job(settings),
        ],
        sensors=[
            *(make(channel) for channel in channels for make in (undelivered_sensor, changes_sensor)),
            silent_runs,
            alerts_sensor(settings, channels),
        ],
        schedules=[
            *(
                make(channel)
                for channel in channels
                for make in (today_schedule, lookback_schedule, inspection_schedule)
            ),
            housekeeping_schedule(),
        ],
        resources=RESOURCES,
        # A chain has nothing to run side by side, and starting processes takes longer than most days.
        executor=dg.in_process_executor,
    )


def _with_faults(channels: Sequence[Channel]) -> Callable[[dg.AssetSpec], dg.AssetSpec]:
    """Show what is wrong with a channel's block on the pages of its assets."""
    faults = {channel.name: channel.fault for channel in channels if channel.fault}

    def described(spec: dg.AssetSpec) -> dg.AssetSpec:
        fault = faults.get(spec.key.path[0])
        return spec.replace_attributes(description=fault) if fault else spec

    return described


def _broken_blocks(broken: Mapping[str, str]) -> Iterator[dg.AssetsDefinition]:
    """Yield an asset for each block that no channel could be called by; its runs say what is wrong."""
    # A channel may be called broken_channels, too.
    taken = {RAW_ORDERS, MIRAKL_ORDERS, MIRAKL_DELIVERY, SHOP_DATABASE}
    for name, message in broken.items():
        dg.get_dagster_logger().error(message)
        if is_channel_name(name):
            continue
        word = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in name)
        while word in taken:
            word += "_"
        taken.add(word)
        yield _broken_block(word, message)


def _broken_block(word: str, message: str) -> dg.AssetsDefinition:
    @dg.asset(key=["broken_channels", word], group_name="broken_channels", description=message)
    def broken_channel() -> None:
        raise dg.Failure(message, allow_retries=False)

    return broken_channel
