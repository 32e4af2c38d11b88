"""Trying a ledger: it is found usable, or that one could be made; nothing is left behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.ledger import Ledger, LedgerError
from connectors.ledger.trial import try_ledger


def test_a_ledger_that_is_not_there_is_tried_and_not_made(url: str, tmp_path: Path) -> None:
    assert try_ledger(url).is_missing
    assert try_ledger(url).is_missing
    assert list(tmp_path.iterdir()) == []
    made = Ledger(url)
    made.dispose()
    assert made.was_made
    assert not try_ledger(url).is_missing


def test_folders_made_on_the_way_are_removed_again(tmp_path: Path) -> None:
    assert try_ledger(f"sqlite:///{tmp_path}/a/b/ledger.sqlite").is_missing
    assert list(tmp_path.iterdir()) == []


def test_a_ledger_is_new_once(url: str) -> None:
    assert [_made(url), _made(url)] == [True, False]


def test_a_place_where_none_can_be_made_is_an_error() -> None:
    with pytest.raises(LedgerError, match="LEDGER_URL: the folder /proc/none cannot be made"):
        try_ledger("sqlite:////proc/none/ledger.sqlite")


def _made(url: str) -> bool:
    ledger = Ledger(url)
    ledger.dispose()
    return ledger.was_made
