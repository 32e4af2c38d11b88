"""channels.toml: what is wrong is said by file, section and key, and one broken block leaves the others alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.config.environment import Environment
from pipelines.config.settings import SettingsError, load_settings

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


def test_a_fee_column_is_a_name_or_a_name_with_that_of_its_tax(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOUTIQUE_DATABASE_URL", "sqlite://")
    fees = 'fee_columns = ["cod_fee", {column = "fee", tax = "fee_tax"}]\n'
    source = load_settings(write(BLOCK + fees)).channel("boutique").source()
    assert source.fee_columns == (("cod_fee", None), ("fee", "fee_tax"))


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
        (('timezone = "Europe/Paris"', ""), "[channels.boutique] timezone: is missing"),
        (('"Europe/Paris"', '"Paris"'), "did you mean 'Europe/Paris'?"),
        (('"Europe/Paris"', '"France"'), "expected for example 'Europe/Paris'"),
        (('"Europe/Paris"', "1"), "unknown time zone '1'"),
        (('"Europe/Paris"', "[]"), "timezone: must be text in quotes"),
        (('"2026-01-01"', '"01/02/2026"'), 'start_date: must be a day, for example "2026-01-01"'),
        (('mirakl_store_id = "S-1"', ""), "mirakl_store_id is missing"),
        (
            ('store_id = "S-1"', 'store_id = "S-1"\nstatuses = {x = "SENT"}'),
            "statuses.x: 'SENT' is not a Mirakl status",
        ),
        (
            ('store_id = "S-1"', 'store_id = "S-1"\nreasons = {x = "SENT"}'),
            "reasons.x: 'SENT' is not an adjustment reason",
        ),
        (
            ("timezone =", 'statuses = {x = "shiped"}\ntimezone ='),
            "statuses.x: 'shiped' is not a Mirakl status; did you mean",
        ),
        (("timezone =", 'statuses = {x = "CLOSED/REFUND"}\ntimezone ='), "did you mean 'REFUNDED'?"),
        (("timezone =", 'reasons = {"" = "RETURN"}\ntimezone ='), "would be found in every text"),
        (("timezone =", 'stores = {1 = ""}\ntimezone ='), "stores.1: is empty"),
        (('"S-1"', '"S-1 "'), "mirakl_store_id: has blanks before or after it"),
        (('"2026-01-01"', '"1767225600"'), "start_date: must be a day"),
        (('"2026-01-01"', "2026-01-01T10:00:00"), "start_date: must be a day"),
        (('"2026-01-01"', '"0001-01-01"'), "start_date: must lie between 1970-01-01 and 2999-12-31"),
        (('"2026-01-01"', '"9999-12-31"'), "start_date: must lie between"),
        (('"env:BOUTIQUE_DATABASE_URL"', '"env:"'), "database_url: names no variable"),
        (("timezone =", 'owners = ["me@here"]\ntimezone ='), "'me@here' is neither an e-mail address"),
        (
            ("timezone =", 'fulfilled_by_partner = {column = "store", value = ["1"]}\ntimezone ='),
            "did you mean 'values'?",
        ),
        (("timezone =", 'exclude = {column = "sorce", values = ["x"]}\ntimezone ='), "did you mean 'source'?"),
        (("timezone =", 'exclude = [{column = "source"}]\ntimezone ='), "values: is missing"),
        (("timezone =", 'fulfilled_by_partner = {column = "store", values = []}\ntimezone ='), "values: is empty"),
        (("timezone =", 'fee_columns = ["fee; DROP"]\ntimezone ='), "'fee; DROP' is not the name of a column"),
        (("timezone =", 'fee_columns = ["fee", "fee"]\ntimezone ='), "fee_columns: names 'fee' twice"),
        (("timezone =", 'fee_columns = "fee"\ntimezone ='), 'fee_columns: must be a list, ["..."]'),
        (('store_id = "S-1"', 'store_id = "S-1"\nunmapped = "drop"'), "unmapped: must be 'send' or 'reject'"),
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
        ("[mirakle]\n", r"unknown section \[mirakle\]; did you mean 'mirakl'\?"),
        ('platform = "woocommerce"\n', r"the key 'platform' is in no section"),
        ("mirakl = 3\n", r"\[mirakl\] must be a table"),
        ("[mirakl]\nrequests_per_second = true", r"\[mirakl\] requests_per_second: must be a valid number"),
    ],
)
def test_what_all_channels_share_must_be_right(write: Write, content: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        load_settings(write(content))


def test_the_error_of_a_missing_file_names_the_variable_for_another(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="CHANNELS_FILE"):
        load_settings(tmp_path / "nowhere.toml")


def test_a_missing_environment_variable_is_named_with_its_channel(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BOUTIQUE_DATABASE_URL", raising=False)
    with pytest.raises(SettingsError, match="channel 'boutique': the environment variable BOUTIQUE_DATABASE_URL"):
        load_settings(write(BLOCK)).channel("boutique").source()


def test_a_misspelt_key_is_not_reported_as_missing_too(write: Write) -> None:
    message = load_settings(write(BLOCK.replace("timezone =", "timzone ="))).broken["boutique"]
    assert message.endswith("channels.toml: [channels.boutique] timzone: unknown key; did you mean 'timezone'?")


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "channels.toml").write_text(BLOCK, encoding="utf-8-sig")
    assert list(load_settings(tmp_path / "channels.toml").channels) == ["boutique"]


def test_a_file_in_another_encoding_is_asked_for_in_utf_8(tmp_path: Path) -> None:
    (tmp_path / "channels.toml").write_text(f"# é\n{BLOCK}", encoding="latin-1")
    with pytest.raises(SettingsError, match="save it as UTF-8"):
        load_settings(tmp_path / "channels.toml")


def test_blanks_around_a_secret_are_no_part_of_it(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOUTIQUE_DATABASE_URL", " mysql://me@host/shop\n")
    monkeypatch.setenv("MIRAKL_CLIENT_SECRET", "secret\n")
    assert load_settings(write(BLOCK)).channel("boutique").source().database_url == "mysql://me@host/shop"
    assert Environment().mirakl_client_secret == "secret"


def two_blocks(change: tuple[str, str], *, store: str = "") -> str:
    """The block, with a store of its own, beside another that differs in one thing."""
    block = BLOCK + ('store = "1"\n' if store else "")
    other = block.replace("channels.boutique", "channels.outlet").replace('store = "1"', f'store = "{store}"')
    return block + other.replace(*change)


def rivals(write: Write, content: str) -> dict[str, tuple[str, ...]]:
    return {name: channel.rivals for name, channel in load_settings(write(content)).channels.items()}


def test_two_shops_that_share_a_mirakl_channel_are_found(write: Write) -> None:
    content = two_blocks(("BOUTIQUE_DATABASE_URL", "OUTLET_DATABASE_URL"))
    assert rivals(write, content) == {"boutique": ("outlet",), "outlet": ("boutique",)}
    first, second = load_settings(write(content)).shared_channels()
    assert "[channels.boutique] has the mirakl_channel_id of outlet" in first
    assert "[channels.outlet] has the mirakl_channel_id of boutique" in second


def test_a_broken_block_is_found_to_share_a_mirakl_channel_as_well(write: Write) -> None:
    content = two_blocks(('timezone = "Europe/Paris"', 'timezone = "Mars"'), store="2")
    assert rivals(write, content) == {"boutique": ()}
    content = two_blocks(('database_url = "env:BOUTIQUE_DATABASE_URL"', 'database_url = ""'))
    assert rivals(write, content) == {"boutique": ("outlet",), "outlet": ("boutique",)}


def test_stores_of_one_shop_may_share_a_mirakl_channel(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    assert rivals(write, two_blocks(("", ""), store="2")) == {"boutique": (), "outlet": ()}
    monkeypatch.setenv("BOUTIQUE_DATABASE_URL", "mysql://one/shop")
    monkeypatch.setenv("SAME_DATABASE_URL", "mysql://one/shop")
    renamed = ("BOUTIQUE_DATABASE_URL", "SAME_DATABASE_URL")
    assert rivals(write, two_blocks(renamed, store="2")) == {"boutique": (), "outlet": ()}


@pytest.mark.parametrize(
    ("store", "change"),
    [
        ("", ("", "")),
        ("1", ("", "")),
        ("2", ("woocommerce", "magento2")),
        ("2", ('timezone = "', 'table_prefix = "x_"\ntimezone = "')),
        ("2", ("env:BOUTIQUE_DATABASE_URL", "env:OTHER")),
    ],
)
def test_blocks_that_are_not_two_stores_of_one_shop_may_not(write: Write, store: str, change: tuple[str, str]) -> None:
    assert rivals(write, two_blocks(change, store=store)) == {"boutique": ("outlet",), "outlet": ("boutique",)}


def test_channels_of_different_mirakl_channels_are_no_rivals(write: Write) -> None:
    assert rivals(write, two_blocks(('"1234"', '"5678"'))) == {"boutique": (), "outlet": ()}
