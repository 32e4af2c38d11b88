"""Payloads as people see them: line by line, without personal data, and against another one."""

from __future__ import annotations

from typing import Any

from pipelines.operations.payloads import MASK, change, differences, lines, masked

PAYLOAD: dict[str, Any] = {
    "channel_order_id": "7",
    "status": "SHIPPED",
    "channel_updated_at": "2026-03-02T10:00:00Z",
    "order_lines": [
        {"quantity": 2, "price": {"amount": 20.0, "currency": "EUR"}, "product": {"id": "MUG", "title": "T"}}
    ],
    "shipping_info": {"email": "a@example.org", "address": {"last_name": "Zz", "country_iso_code": "FRA"}},
    "custom_attributes": [{"id": "gift", "type": "STRING", "value": "for Zoe"}],
}


def test_only_words_of_the_contract_ids_and_numbers_are_left_of_a_masked_payload() -> None:
    found = masked(PAYLOAD)
    assert found["order_lines"][0] == {**PAYLOAD["order_lines"][0], "product": {"id": "MUG", "title": MASK}}
    assert found["shipping_info"] == {"email": MASK, "address": {"last_name": MASK, "country_iso_code": "FRA"}}
    assert found["custom_attributes"] == [{"id": "gift", "type": "STRING", "value": MASK}]
    assert (found["channel_order_id"], found["status"]) == ("7", "SHIPPED")


def test_a_payload_is_shown_line_by_line_with_whole_paths() -> None:
    shown = dict(lines(PAYLOAD))
    assert shown["order_lines[0].price.amount"] == "20"
    assert shown["custom_attributes[0].value"] == "for Zoe"


def test_differences_are_named_leaf_by_leaf_and_stamps_are_none() -> None:
    new = {**PAYLOAD, "status": "CLOSED", "status_reason": "REFUNDED", "channel_updated_at": "2026-03-03T10:00:00Z"}
    new["order_lines"] = [*PAYLOAD["order_lines"], {"quantity": 1}]
    new["shipping_info"] = {"email": "b@example.org", "address": PAYLOAD["shipping_info"]["address"]}
    assert [change(*one) for one in differences(PAYLOAD, new)] == [
        "order_lines[1]: absent -> 1 values",
        "shipping_info.email",
        "status: SHIPPED -> CLOSED",
        "status_reason: absent -> REFUNDED",
    ]
    assert change("shipping_info.email", "a", "b", personal=True) == "shipping_info.email: a -> b"
