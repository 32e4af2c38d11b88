"""The request models, judged against Mirakl's published schema."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import orjson
import pytest
from pydantic import ValidationError

from transforms.records import ORDERS, REQUEST

SCHEMA = Path(__file__).parents[1] / "golden" / "upsert_orders.schema.json"


def euros(amount: str) -> dict[str, Any]:
    return {"amount": Decimal(amount), "currency": "EUR"}


def tax(amount: str) -> dict[str, Any]:
    return {
        "amount": euros(amount),
        "code": "VAT",
        "rate": Decimal("0.2"),
        "seller_collectible": euros(amount),
        "channel_collectible": euros("0"),
    }


ADDRESS = {
    "last_name": "Müller",
    "street": "Hauptstraße 5",
    "city": "Berlin",
    "first_name": "Zoë",
    "company": "Müller GmbH",
    "street_additional_info": "2. OG",
    "zip_code": "10115",
    "state": "BE",
    "country": "Deutschland",
    "country_iso_code": "DEU",
    "phone": "+49 30 1234",
    "additional_info": "ring twice",
}
ATTRIBUTES = [
    {"id": "colour", "type": "STRING", "value": "red"},
    {"id": "weight", "type": "NUMERIC", "value": Decimal("1.5")},
    {"id": "gift", "type": "BOOLEAN", "value": True},
    {"id": "born", "type": "DATE", "value": "2026-01-27T09:24:36.326Z"},
    {"id": "extras", "type": "LIST", "value": ["bow", "card"]},
]
COMPLETE: dict[str, Any] = {
    "channel_order_id": "A-1",
    "created_at": "2026-01-01T10:00:00Z",
    "channel_updated_at": "2026-01-01T10:05:00Z",
    "status": "CLOSED",
    "status_reason": "REFUNDED",
    "order_lines": [
        {
            "channel_order_line_id": "A-1-1",
            "created_at": "2026-01-01T10:00:00Z",
            "updated_at": "2026-01-01T10:05:00Z",
            "quantity": 2,
            "price": euros("10"),
            "taxes": [tax("2")],
            "total_shipping_price": euros("1"),
            "shipping_taxes": [tax("0.2")],
            "product": {"id": "P1", "title": "Mug", "thumbnail_url": "https://shop.example/mug.jpg"},
            "status": "CLOSED",
            "status_reason": "REFUNDED",
            "can_cancel": False,
            "can_refund": False,
            "adjustments": [
                {
                    "channel_adjustment_id": "R-1",
                    "type": "REFUND",
                    "created_at": "2026-01-01T10:04:00Z",
                    "reason": "RETURN",
                    "quantity": 2,
                    "price": euros("10"),
                    "taxes": [tax("2")],
                    "shipping_price": euros("1"),
                    "shipping_taxes": [tax("0.2")],
                }
            ],
            "custom_attributes": ATTRIBUTES,
        }
    ],
    "shipping_info": {
        "address": ADDRESS,
        "carrier": "DHL",
        "method": "express",
        "email": "buyer@example.com",
        "pudo_id": "L-1",
        "shipping_deadline": "2026-01-02T10:00:00Z",
        "delivery_date": {"earliest": "2026-01-03T10:00:00Z", "latest": "2026-01-04T10:00:00Z"},
    },
    "fulfillment": {"type": "FULFILLED_BY_PARTNER", "code": "3PL"},
    "billing_info": {"address": ADDRESS},
    "has_incident": False,
    "custom_attributes": ATTRIBUTES,
    "sub_channel_code": "APP",
}


def with_value(path: str, value: Any) -> dict[str, Any]:
    order = copy.deepcopy(COMPLETE)
    *parents, leaf = (int(part) if part.isdigit() else part for part in path.split("."))
    target: Any = order
    for part in parents:
        target = target[part]
    target[leaf] = value
    return order


def sent(value: Any) -> bytes:
    """Write a value as it is sent: the models judge bytes."""
    return orjson.dumps(value, default=float)


def test_an_order_with_every_field_of_the_contract_is_valid() -> None:
    ORDERS.validate_json(sent([COMPLETE]))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("status", "SENT"),
        ("status_reason", "BORED"),
        ("status_reason", None),
        ("created_at", "2026-01-01 10:00:00"),
        ("created_at", "2026-02-30T10:00:00Z"),
        ("created_at", "2026-01-01T10:06:00Z"),
        ("channel_order_id", " "),
        ("channel_order_id", 7),
        ("order_lines", []),
        ("unknown_field", "x"),
        ("fulfillment.type", "FULFILLED_BY_ELVES"),
        ("order_lines.0.quantity", 0),
        ("order_lines.0.quantity", 1.0),
        ("order_lines.0.quantity", True),
        ("order_lines.0.price.amount", Decimal("-0.01")),
        ("order_lines.0.price.amount", Decimal("0.001")),
        ("order_lines.0.price.amount", Decimal("NaN")),
        ("order_lines.0.price.amount", Decimal("1e12")),
        ("order_lines.0.price.amount", "10.00"),
        ("order_lines.0.price.currency", "EURO"),
        ("order_lines.0.price.currency", "USD"),
        ("order_lines.0.adjustments.0.type", "CANCELLATION"),
        ("order_lines.0.adjustments.0.reason", "WHIM"),
        ("order_lines.0.adjustments.0.quantity", -1),
        ("shipping_info.email", "not-an-address"),
        ("shipping_info.address.country_iso_code", "DE"),
        ("shipping_info.delivery_date.latest", "2026-01-02T10:00:00Z"),
        ("order_lines.0.product.thumbnail_url", "not a url"),
        ("custom_attributes.0.id", ""),
        ("custom_attributes.1.value", Decimal(2_000_000_000)),
        ("custom_attributes.2.value", "true"),
        ("custom_attributes.4.value", []),
    ],
)
def test_what_breaks_the_contract_is_refused(path: str, value: Any) -> None:
    with pytest.raises(ValidationError):
        ORDERS.validate_json(sent([with_value(path, value)]))


def test_cancelling_more_units_than_were_ordered_is_refused() -> None:
    order = with_value("order_lines.0.adjustments.0.type", "CANCELATION")
    order["order_lines"][0]["adjustments"][0]["quantity"] = 3
    with pytest.raises(ValidationError, match="more units than were ordered"):
        ORDERS.validate_json(sent([order]))


def test_an_error_never_shows_what_the_field_held() -> None:
    with pytest.raises(ValidationError) as caught:
        ORDERS.validate_json(sent([with_value("shipping_info.email", "someone-private")]))
    assert "someone-private" not in str(caught.value)


def test_a_request_holds_one_to_a_hundred_orders() -> None:
    origin = {"channel_id": "1", "channel_store_id": "S"}
    REQUEST.validate_json(sent({"origin": origin, "orders": [COMPLETE] * 100}))
    for orders in ([], [COMPLETE] * 101):
        with pytest.raises(ValidationError):
            REQUEST.validate_json(sent({"origin": origin, "orders": orders}))


def test_a_request_with_every_field_satisfies_mirakls_schema() -> None:
    body = {"origin": {"channel_id": "1", "channel_store_id": "S"}, "orders": [COMPLETE]}
    REQUEST.validate_json(sent(body))
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text())).validate(
        orjson.loads(orjson.dumps(body, default=float))
    )


def test_the_models_have_the_fields_of_mirakls_schema_and_require_the_same() -> None:
    theirs, ours = json.loads(SCHEMA.read_text()), REQUEST.json_schema()
    assert fields(theirs, theirs) == fields(ours, ours)


def test_the_complete_order_has_every_field_of_the_models() -> None:
    ours = REQUEST.json_schema()
    assert set(paths(COMPLETE, ".orders[]")) == {path for path in fields(ours, ours) if path.startswith(".orders[].")}


def paths(value: Any, path: str) -> Iterator[str]:
    """Yield the path of every field in a value."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield f"{path}.{name}"
            yield from paths(part, f"{path}.{name}")
    elif isinstance(value, list):
        for part in value:
            yield from paths(part, f"{path}[]")


def fields(schema: dict[str, Any], node: dict[str, Any], path: str = "") -> dict[str, bool]:
    """Return path -> required of every field below a node."""
    if "$ref" in node:
        return fields(schema, schema["$defs"][node["$ref"].rpartition("/")[2]], path)
    found: dict[str, bool] = {}
    for branch in node.get("oneOf", ()):
        found |= fields(schema, branch, path)
    if "items" in node:
        found |= fields(schema, node["items"], f"{path}[]")
    for name, part in node.get("properties", {}).items():
        found[f"{path}.{name}"] = name in node.get("required", ())
        found |= fields(schema, part, f"{path}.{name}")
    return found
