"""A stand-in for a channel whose block of channels.toml is broken: it keeps its place in Dagster, and does nothing.

Its assets, job, schedules and sensors stay under their names, with their history, and fail with what is wrong with the
block. Otherwise one wrong letter would make a live channel vanish without a red mark.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from pipelines.config.blocks import ChannelSettings
from pipelines.config.settings import Channel, Settings, is_channel_name

# Days keep their names in any zone; earlier ones than these are out of sight until the block is mended.
_INSTEAD = {
    "platform": "woocommerce",
    "database_url": "env:UNREADABLE",
    "mirakl_channel_id": "unreadable",
    "mirakl_store_id": "unreadable",
    "timezone": "UTC",
    "start_date": "2020-01-01",
}


def stand_ins(settings: Settings) -> Iterator[Channel]:
    """Yield a stand-in for each broken block; one that no channel could be called has none."""
    for name, message in settings.broken.items():
        if is_channel_name(name):
            yield Channel(name, _readable(settings.blocks[name]), fault=message)


def _readable(block: Any) -> ChannelSettings:
    kept: dict[str, Any] = dict(_INSTEAD)
    for key, value in block.items() if isinstance(block, dict) else ():
        meant = next(iter(get_close_matches(key, ChannelSettings.model_fields, 1)), key)
        try:
            ChannelSettings.model_validate({**kept, meant: value})
        except ValidationError:
            continue
        kept[meant] = value
    return ChannelSettings.model_validate(kept)
