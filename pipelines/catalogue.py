"""What Dagster's catalogue says of a channel beside its numbers: code, documentation, tags, settings, the shop."""

from __future__ import annotations

from functools import cache
from importlib.metadata import metadata as distribution_metadata
from pathlib import Path
from types import CodeType
from typing import Any

import dagster as dg
from sqlalchemy.exc import ArgumentError

import transforms.normalise
from connectors.channels import reader
from connectors.config.database_url import read_url, shown_url
from connectors.mirakl import delivery
from pipelines.config.blocks import FROM_ENVIRONMENT
from pipelines.config.settings import Channel
from transforms.platforms import PLATFORMS

_CODE = "dagster/code_references"
_CHANNELS_FOLDER = Path(reader.__file__).parent
# Where each asset's rules are, beside the step that calls them.
_RULES: dict[str, tuple[Path, str]] = {
    "mirakl_orders": (Path(transforms.normalise.__file__), "the rules"),
    "mirakl_delivery": (Path(delivery.__file__), "the delivery"),
}


def about(asset: str, channel: Channel, step: CodeType) -> dict[str, Any]:
    """Return the metadata of an asset's definition: links to the code that is installed, and to the documentation."""
    path, label = _RULES.get(asset) or (platform_folder(channel), "the queries")
    references = [
        dg.LocalFileCodeReference(
            file_path=step.co_filename,
            line_number=step.co_firstlineno,
            label="the step",
        ),
        dg.LocalFileCodeReference(file_path=str(path), label=label),
    ]
    return {
        _CODE: dg.CodeReferencesMetadataValue(code_references=list(references)),
        "documentation": documentation("docs/architecture.md", "the-life-of-an-order"),
        "documentation_of_codes": documentation("docs/codes.md"),
    }


def documentation(page: str, section: str = "") -> dg.MetadataValue[Any]:
    """Return a link to a page of the documentation: an address where the distribution names one, else the file."""
    anchored = f"{page}#{section}" if section else page
    address = documentation_address()
    return dg.MetadataValue.url(f"{address}/{anchored}") if address else dg.MetadataValue.path(anchored)


@cache
def documentation_address() -> str | None:
    """Return where the distribution says that its documentation is, None where it says nothing of it."""
    for entry in distribution_metadata("channel-to-mirakl").get_all("Project-URL") or ():
        label, _, address = entry.partition(", ")
        if label == "Documentation":
            return str(address).rstrip("/")
    return None


def platform_folder(channel: Channel) -> Path:
    """Return the folder of SQL that a channel's orders are read with."""
    platform = channel.settings.platform
    return _CHANNELS_FOLDER / platform if platform in PLATFORMS else Path(platform).absolute()


def tags(channel: Channel) -> dict[str, str]:
    """Return the tags of a channel's assets and jobs: to find all shops of a platform, or of a Mirakl channel."""
    platform, mirakl_channel = channel.settings.platform, channel.settings.mirakl_channel_id
    found = {"platform": platform if platform in PLATFORMS else "custom"}
    if _can_be_tag(mirakl_channel):
        found["mirakl_channel"] = mirakl_channel
    return found


def _can_be_tag(value: str) -> bool:
    return len(value) <= 63 and all(letter.isascii() and (letter.isalnum() or letter in "_-.") for letter in value)


def shop(channel: Channel) -> dict[str, Any]:
    """Return the metadata of the shop's database: what it is, and all settings of the channel, without a secret."""
    settings = channel.settings
    page = f"docs/{settings.platform}.md" if settings.platform in PLATFORMS else "docs/custom-channel.md"
    return {
        "platform": settings.platform,
        "database": _address(settings.database_url),
        "store": settings.store or ", ".join(settings.stores) or "every store",
        "time_zone": settings.timezone,
        "settings": dg.MetadataValue.json(settings_shown(channel)),
        "documentation": documentation(page),
        _CODE: dg.CodeReferencesMetadataValue(
            code_references=[dg.LocalFileCodeReference(file_path=str(platform_folder(channel)), label="the queries")]
        ),
    }


def settings_shown(channel: Channel) -> dict[str, Any]:
    """Return a channel's settings as they are in force, defaults included; a password in an address is masked."""
    values: dict[str, Any] = channel.settings.model_dump(mode="json")
    return {**values, "database_url": _address(channel.settings.database_url)}


def _address(url: str) -> str:
    if url.startswith(FROM_ENVIRONMENT):
        return url
    try:
        return shown_url(read_url(url))
    except (ValueError, ArgumentError):
        return "(not an address)"
