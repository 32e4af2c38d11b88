"""The sandbox's own reading of the contract, against ours."""

from __future__ import annotations

import copy
from typing import Any

import orjson
import pytest

from connectors.sandbox.rules import findings
from tests.transforms.test_records import COMPLETE

ORDER: dict[str, Any] = orjson.loads(orjson.dumps(COMPLETE, default=float))


def test_an_order_with_every_field_of_the_contract_is_accepted() -> None:
    assert list(findings(ORDER, "orders[0]")) == []


@pytest.mark.parametrize(
    ("field", "value", "path"),
    [
        ("status", "SENT", "orders[0].status"),
        ("status", None, "orders[0].status"),
        ("created_at", "2026-01-01 10:00:00", "orders[0].created_at"),
        ("order_lines", [], "orders[0].order_lines"),
        ("surprise", 1, "orders[0].surprise"),
        ("fulfillment", {}, "orders[0].fulfillment.type"),
        ("billing_info", {"address": {"last_name": "X", "city": "Y"}}, "orders[0].billing_info.address.street"),
    ],
)
def test_what_breaks_the_contract_is_named_by_its_path(field: str, value: Any, path: str) -> None:
    assert path in [found for found, _ in findings({**copy.deepcopy(ORDER), field: value}, "orders[0]")]
