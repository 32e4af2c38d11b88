"""What Dagster's catalogue says of a channel: code, documentation, tags, settings and the shop's versions."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from pipelines import catalogue
from pipelines.config.settings import load_settings
from tests.own_shop import OwnShop
from tests.pipelines.conftest import Runs
from transforms.platforms import PLATFORMS

ROOT = Path(__file__).parents[2]
SHOP = dg.AssetKey(["own", "shop_database"])


def specs(runs: Runs) -> dict[str, dg.AssetSpec]:
    return {spec.key.path[-1]: spec for spec in runs.definitions().resolve_all_asset_specs()}


def test_every_asset_links_to_code_that_is_installed_and_to_its_documentation(runs: Runs) -> None:
    found = specs(runs)
    assert set(found) == {"shop_database", "raw_orders", "mirakl_orders", "mirakl_delivery"}
    for spec in found.values():
        references = spec.metadata["dagster/code_references"].code_references
        assert references
        assert all(Path(reference.file_path).exists() for reference in references), references
        assert {name for name in spec.metadata if name.startswith("documentation")}


def test_every_page_and_section_that_is_linked_to_is_there(runs: Runs) -> None:
    attached: list[Any] = [spec.metadata for spec in specs(runs).values()]
    for check in runs.definitions().asset_checks or ():
        assert isinstance(check, dg.AssetChecksDefinition)
        attached += [spec.metadata for spec in check.check_specs]
    links = {str(value.value) for metadata in attached for name, value in metadata.items() if "documentation" in name}
    links |= {f"docs/{platform}.md" for platform in PLATFORMS}
    assert len(links) > 5
    for link in links:
        page, _, section = link.partition("#")
        headings = re.findall(r"^#+ (.+)$", (ROOT / page).read_text(), re.MULTILINE)
        assert not section or section in {heading.lower().replace(" ", "-") for heading in headings}, link


def test_a_documentation_address_of_the_distribution_becomes_a_link(monkeypatch: pytest.MonkeyPatch) -> None:
    class Metadata:
        def get_all(self, _: str) -> list[str]:
            return ["Homepage, https://example.com", "Documentation, https://docs.example.com/"]

    monkeypatch.setattr(catalogue, "distribution_metadata", lambda _: Metadata())
    monkeypatch.setattr(catalogue, "documentation_address", catalogue.documentation_address.__wrapped__)
    assert catalogue.documentation("docs/codes.md") == dg.MetadataValue.url("https://docs.example.com/docs/codes.md")


def test_the_settings_of_a_channel_are_on_one_page_without_a_secret(
    runs: Runs, environment: dict[str, str], shop: OwnShop
) -> None:
    url = '"postgresql://reader:hunter2@127.0.0.1/shop?password=hunter2"'
    Path(environment["CHANNELS_FILE"]).write_text(shop.block(database_url=url, money='"strict"'))
    metadata = specs(runs)["shop_database"].metadata
    assert metadata["settings"].value["money"] == "strict"
    assert metadata["settings"].value["unmapped"] == "send"
    assert metadata["platform"] == load_settings().channel("own").settings.platform
    assert "reader" in metadata["database"]
    assert "hunter2" not in json.dumps({name: str(value) for name, value in metadata.items()})


def test_a_run_observes_the_shop_it_has_read(runs: Runs, shop: OwnShop) -> None:
    shop.order("1", "2026-03-02 12:00:00")
    shop.order("2", "2026-03-02 13:30:00")
    runs.sync("2026-03-02")
    [record] = runs.instance.fetch_observations(SHOP, limit=5).records
    event = record.event_log_entry.asset_observation
    assert event is not None
    assert str(event.metadata["database_version"].value).startswith("SQLite 3.")
    assert event.metadata["newest_change"].value == "2026-03-02 13:30:00"


def test_channels_are_tagged_by_platform(runs: Runs) -> None:
    assert specs(runs)["raw_orders"].tags["platform"] == "custom"
    assert specs(runs)["raw_orders"].tags["mirakl_channel"] == "1234"
