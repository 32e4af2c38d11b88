"""channels.toml: what is wrong is said by file, section and key, and one broken block leaves the others alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.settings import SettingsError, load_settings

BLOCK = """
[channels.boutique]
platform = "woocommerce"
database_url = "env:BOUTIQUE_DATABASE_URL"
mirakl_channel_id = "1234"
mirakl_store_id = "S-1"
timezone = "Europe/Paris"
start_date = "2026-01-01"
"""
Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_file(content: str) -> Path:
        path = tmp_path / "channels.toml"
        path.write_text(content)
        return path

    return write_file


def test_a_block_with_the_required_keys_is_a_channel(write: Write) -> None:
    settings = load_settings(write(BLOCK))
    assert list(settings.channels) == ["boutique"]
    assert settings.broken == {}
    mapping = settings.channel("boutique").mapping()
    assert (mapping.store_id, mapping.reject_unmapped, mapping.strict_money) == ("S-1", False, False)


def test_the_limits_have_mirakls_recommendation_as_default(write: Write) -> None:
    limits = load_settings(write(BLOCK)).mirakl
    assert (limits.requests_per_second, limits.orders_per_request) == (20, 100)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('"woocommerce"', '"woocomerce"'), "platform: 'woocomerce' is neither a platform"),
        (('"woocommerce"', '"woocomerce"'), "did you mean 'woocommerce'?"),
        (
            ('"Europe/Paris"', '"Europe/Pariss"'),
            "timezone: unknown time zone 'Europe/Pariss'; did you mean 'Europe/Paris'?",
        ),
        (("timezone =", "timzone ="), "timzone: unknown key; did you mean 'timezone'?"),
        (("timezone =", "timzone ="), "timezone: is missing"),
        (('"2026-01-01"', '"01/02/2026"'), "start_date: Input should be a valid date"),
        (('mirakl_store_id = "S-1"', ""), "mirakl_store_id is missing"),
        (
            ('store_id = "S-1"', 'store_id = "S-1"\nstatuses = {x = "SENT"}'),
            "statuses.x: 'SENT' is not a Mirakl status",
        ),
        (
            ('store_id = "S-1"', 'store_id = "S-1"\nreasons = {x = "SENT"}'),
            "reasons.x: 'SENT' is not an adjustment reason",
        ),
        (('store_id = "S-1"', 'store_id = "S-1"\nunmapped = "drop"'), "unmapped: Input should be 'send' or 'reject'"),
    ],
)
def test_a_broken_block_is_named_by_its_key(write: Write, change: tuple[str, str], message: str) -> None:
    settings = load_settings(write(BLOCK.replace(*change)))
    assert message in settings.broken["boutique"]
    assert "channels.toml: [channels.boutique]" in settings.broken["boutique"]


def test_a_broken_block_leaves_the_others_alone(write: Write) -> None:
    settings = load_settings(write(BLOCK + BLOCK.replace("boutique", "other").replace("Paris", "Pariss")))
    assert list(settings.channels) == ["boutique"]
    with pytest.raises(SettingsError, match="unknown time zone"):
        settings.channel("other")


def test_an_unknown_channel_is_answered_with_the_nearest(write: Write) -> None:
    with pytest.raises(SettingsError, match=r"no channel 'boutiqe'.*did you mean 'boutique'"):
        load_settings(write(BLOCK)).channel("boutiqe")


def test_a_number_where_an_id_is_asked_for_is_taken_as_text(write: Write) -> None:
    settings = load_settings(write(BLOCK.replace('"1234"', "1234")))
    assert settings.channel("boutique").settings.mirakl_channel_id == "1234"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[channels", "channels.toml: is not TOML"),
        ("[mirakl]\nrequests_per_second = 31", r"\[mirakl\] requests_per_second: .* less than or equal to 30"),
        ("[mirakl]\norders_per_request = 101", r"\[mirakl\] orders_per_request: .* less than or equal to 100"),
        ("[mirakle]\n", r"unknown section \[mirakle\]"),
    ],
)
def test_what_all_channels_share_must_be_right(write: Write, content: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        load_settings(write(content))


def test_a_missing_file_says_which_variable_names_another(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="CHANNELS_FILE"):
        load_settings(tmp_path / "nowhere.toml")


def test_a_missing_environment_variable_is_named_with_its_channel(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BOUTIQUE_DATABASE_URL", raising=False)
    with pytest.raises(SettingsError, match="channel 'boutique': the environment variable BOUTIQUE_DATABASE_URL"):
        load_settings(write(BLOCK)).channel("boutique").source()
