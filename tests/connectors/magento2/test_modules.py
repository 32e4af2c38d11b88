"""What modules write beside Magento's own rows: fees, relay points, states of their own."""

from __future__ import annotations

import dataclasses
import sqlite3
from decimal import Decimal
from typing import Any

import pymysql
import pytest

from connectors.channels.check import check_shop
from connectors.channels.errors import ShopError
from connectors.channels.reader import ShopReader, ShopSource
from tests.connectors.magento2.conftest import MAPPING, payload, read_days
from tests.shops.magento2 import insert, insert_case
from transforms.mapping import Exclusion
from transforms.outcomes import Record

FEE = (("payment_fee", None),)
FEE_AND_TAX = (("payment_fee", "payment_fee_tax"),)
ELSEWHERE = {"street": "9 quai du Port", "city": "Marseille", "postcode": "13002"}


def add_columns(server: pymysql.Connection[Any], table: str, *columns: str) -> None:
    with server.cursor() as cursor:
        for column in columns:
            cursor.execute(f"ALTER TABLE {table} ADD COLUMN {column} DEFAULT NULL")


def read(source: ShopSource) -> Record:
    [record] = read_all(source).values()
    return record


def read_all(source: ShopSource) -> dict[str, Record]:
    """Read all orders, by the last three digits of their numbers."""
    reader = ShopReader(source)
    results = [result for _, result in read_days(reader)]
    reader.dispose()
    assert [reject for result in results for reject in result.rejects] == []
    return {record.channel_order_id[-3:]: record for result in results for record in result.records}


def euros(amount: float) -> dict[str, Any]:
    return {"amount": pytest.approx(Decimal(str(amount))), "currency": "EUR"}


def vat(amount: float) -> dict[str, Any]:
    return {"code": "VAT-20", "rate": Decimal("0.2"), "amount": euros(amount)}


@pytest.fixture
def fees(shop: ShopSource, server: pymysql.Connection[Any]) -> ShopSource:
    """A shop whose payment module keeps a fee, and its tax, in columns of orders and credit memos."""
    for table in ("sales_order", "sales_creditmemo"):
        add_columns(server, table, "payment_fee decimal(20,4)", "payment_fee_tax decimal(20,4)")
    return shop


def with_fee(order_id: int = 101, **rows: Any) -> dict[str, Any]:
    """The order of two mugs for 30.00, with a fee of 3.00 and 0.60 of tax on it, which Magento's tax rows tell as well."""
    order = {
        "grand_total": "33.6",
        "total_paid": "33.6",
        "tax_amount": "5.6",
        "payment_fee": 3,
        "payment_fee_tax": "0.6",
    }
    taxes = [
        {"item": 1, "taxable_item_type": "product", "tax_percent": 20, "amount": 4, "real_amount": 4},
        {"taxable_item_type": "shipping", "tax_percent": 20, "amount": 1, "real_amount": 1},
        {"taxable_item_type": "payment_fee_tax", "tax_percent": 20, "amount": "0.6", "real_amount": "0.6", "tax": 1},
    ]
    own = {**order, **rows.pop("sales_order", {})}
    return {"id": order_id, "rows": {"sales_order": own, "sales_order_tax_item": taxes, **rows}}


def test_a_fee_that_no_channel_names_is_missing_and_noticed(fees: ShopSource, server: pymysql.Connection[Any]) -> None:
    insert_case(server, with_fee(sales_order={"payment_fee_tax": None}))
    [notice] = read(fees).notices
    assert (notice.code, notice.detail) == (
        "money_mismatch",
        "Mirakl gets 30.60 EUR, the shop charged 33.60 EUR",
    )


@pytest.mark.parametrize("fee_columns", [FEE, FEE_AND_TAX], ids=["the fee alone", "with its tax"])
def test_a_fee_that_the_channel_names_is_a_line_with_its_tax(
    fee_columns: Any, fees: ShopSource, server: pymysql.Connection[Any]
) -> None:
    insert_case(server, with_fee())
    record = read(dataclasses.replace(fees, fee_columns=fee_columns))
    assert record.notices == ()
    mugs, fee = payload(record)["order_lines"]
    assert (mugs["price"], mugs["taxes"], mugs["total_shipping_price"]) == (euros(20), [vat(4)], euros(5))
    assert fee == {
        "channel_order_line_id": "payment_fee-101",
        "created_at": "2026-03-01T09:00:00Z",
        "updated_at": "2026-03-02T10:00:00Z",
        "quantity": 1,
        "price": euros(3),
        "taxes": [vat(0.6)],
        "total_shipping_price": euros(0),
        "product": {"id": "payment_fee", "title": "Payment fee"},
        "status": "AWAITING_SHIPMENT",
        "can_cancel": True,
        "can_refund": True,
    }


def test_an_order_without_the_fee_has_no_line_of_it(fees: ShopSource, server: pymysql.Connection[Any]) -> None:
    insert_case(server, {"id": 101, "rows": {"sales_order": {"payment_fee": 0}}})
    record = read(dataclasses.replace(fees, fee_columns=FEE))
    assert [line["channel_order_line_id"] for line in payload(record)["order_lines"]] == ["1011"]


def test_a_fee_below_zero_is_taken_off_the_products(fees: ShopSource, server: pymysql.Connection[Any]) -> None:
    insert_case(server, {"id": 101, "rows": {"sales_order": {"payment_fee": -2, "grand_total": 28, "total_paid": 28}}})
    record = read(dataclasses.replace(fees, fee_columns=FEE))
    assert record.notices == ()
    [line] = payload(record)["order_lines"]
    assert line["price"] == euros(18)


def test_a_credit_memo_gives_the_fee_back_on_its_line(fees: ShopSource, server: pymysql.Connection[Any]) -> None:
    memo = {"increment_id": "9", "state": 2, "grand_total": "15.6", "payment_fee": 3, "payment_fee_tax": "0.6"}
    rows: dict[str, Any] = {
        "sales_order": {"total_refunded": "15.6"},
        "sales_order_item": [{"qty_refunded": 1}],
        "sales_creditmemo": [memo],
        "sales_creditmemo_item": [{"order_item": 1, "qty": 1, "row_total": 10, "tax_amount": 2}],
    }
    insert_case(server, with_fee(**rows))
    record = read(dataclasses.replace(fees, fee_columns=FEE_AND_TAX))
    assert record.notices == ()
    mugs, fee = payload(record)["order_lines"]
    assert [made["channel_adjustment_id"] for made in mugs["adjustments"]] == ["cm-9-1011"]
    [adjustment] = fee["adjustments"]
    assert adjustment["channel_adjustment_id"] == "cm-9-payment_fee"
    assert (adjustment["quantity"], adjustment["price"], adjustment["taxes"]) == (1, euros(3), [vat(0.6)])
    assert (fee["status"], fee["status_reason"], fee["can_refund"]) == ("CLOSED", "REFUNDED", False)


def test_the_fee_of_a_cancelled_order_is_cancelled_with_it(fees: ShopSource, server: pymysql.Connection[Any]) -> None:
    order = {"state": "canceled", "status": "canceled", "total_paid": None, "total_due": "33.6"}
    insert_case(server, with_fee(sales_order=order, sales_order_item=[{"qty_canceled": 2, "qty_invoiced": 0}]))
    _, fee = payload(read(dataclasses.replace(fees, fee_columns=FEE_AND_TAX)))["order_lines"]
    [adjustment] = fee["adjustments"]
    assert (adjustment["type"], adjustment["quantity"], adjustment["price"]) == ("CANCELATION", 1, euros(3))


def test_a_fee_column_that_the_shop_lacks_is_one_message(fees: ShopSource) -> None:
    source = dataclasses.replace(fees, fee_columns=(("payment_fees", None),))
    with pytest.raises(ShopError) as caught, ShopReader(source).snapshot():
        pass
    assert str(caught.value) == (
        "channel 'shop': `fee_columns` names 'payment_fees', but sales_order has no such column; did you mean "
        "'payment_fee'?"
    )
    assert [str(caught.value)] == [
        f"channel 'shop': {finding.message}" if not finding.message.startswith("channel") else finding.message
        for finding in check_shop(ShopReader(source))
        if finding.verdict == "error"
    ]


def test_fee_columns_are_for_magento_only(tmp_path: Any) -> None:
    url = f"sqlite:///{tmp_path / 'shop.sqlite'}"
    source = ShopSource("shop", "woocommerce", url, table_prefix="wp_", fee_columns=FEE)
    with sqlite3.connect(tmp_path / "shop.sqlite") as connection:
        connection.execute("CREATE TABLE wp_wc_orders (id INTEGER)")
        connection.execute("CREATE TABLE wp_options (option_name TEXT, option_value TEXT)")
    with pytest.raises(ShopError, match="`fee_columns` is for Magento only"), ShopReader(source).snapshot():
        pass


def fetched(
    server: pymysql.Connection[Any], method: str, shipping: dict[str, Any], order_id: int = 101, **order: Any
) -> None:
    base = {
        "firstname": "Zoë",
        "lastname": "Müller",
        "street": "1 rue de la Paix",
        "city": "Paris",
        "postcode": "75002",
    }
    addresses = [
        {"address_type": "billing", "country_id": "FR", "telephone": "+33 1 23", **base},
        {"address_type": "shipping", "country_id": "FR", "telephone": "+33 1 23", **base, **shipping},
    ]
    cells = {"shipping_method": method, "shipping_description": "Where you like", **order}
    insert_case(server, {"id": order_id, "rows": {"sales_order": cells, "sales_order_address": addresses}})


def pick_up(server: pymysql.Connection[Any]) -> None:
    source = {"source_code": "marais", "name": "src_marais", "frontend_name": "Boutique du Marais", "country_id": "FR"}
    insert(server, "inventory_source", {**source, "city": "Paris", "street": "2 rue des Rosiers", "postcode": "75004"})
    insert(server, "inventory_pickup_location_order", {"order_id": 101, "pickup_location_code": "marais"})


@pytest.mark.parametrize(
    "shipping", [{}, {"street": "2 rue des Rosiers", "postcode": "75004"}], ids=["the buyer's home", "the shop"]
)
def test_an_order_picked_up_in_a_shop_goes_to_the_shop(
    shipping: dict[str, Any], shop: ShopSource, server: pymysql.Connection[Any]
) -> None:
    fetched(server, "instore_pickup", shipping)
    pick_up(server)
    order = payload(read(shop))
    info = order["shipping_info"]
    place = info["address"]
    assert info["pudo_id"] == "marais"
    assert (place["last_name"], place["street"], place["zip_code"]) == ("Müller", "2 rue des Rosiers", "75004")
    assert order["custom_attributes"] == [
        {"id": "pickup-location", "type": "STRING", "value": "Boutique du Marais"},
        {"id": "pickup-address", "type": "STRING", "value": "2 rue des Rosiers, 75004 Paris, FR"},
    ]


def test_a_pick_up_of_a_shop_without_an_address_goes_nowhere_but_there(
    shop: ShopSource, server: pymysql.Connection[Any]
) -> None:
    fetched(server, "instore_pickup", {})
    insert(server, "inventory_pickup_location_order", {"order_id": 101, "pickup_location_code": "marais"})
    with server.cursor() as cursor:
        cursor.execute("DROP TABLE inventory_source")
    info = payload(read(shop))["shipping_info"]
    assert ("address" in info, info["pudo_id"]) == (False, "marais")


def test_orders_that_a_module_imported_can_be_left_out(shop: ShopSource, server: pymysql.Connection[Any]) -> None:
    of_a_module = {"shipping_method": "m2eproshipping_m2eproshipping"}
    rows = {"sales_order": of_a_module, "sales_order_payment": [{"method": "m2epropayment"}]}
    insert_case(server, {"id": 101, "rows": rows})
    insert_case(server, {"id": 102, "rows": {}})
    for column, value in (("source", "m2epropayment"), ("shipping_method_code", of_a_module["shipping_method"])):
        mapping = dataclasses.replace(MAPPING, exclude=(Exclusion(column, frozenset({value})),))
        results = [result for _, result in read_days(ShopReader(shop), mapping)]
        assert [record.channel_order_id for result in results for record in result.records] == ["000000102"]
        assert [order_id for result in results for order_id in result.excluded] == ["000000101"]


RELAY_COLUMNS = {
    "sales_order": ("lpc_relay_id", "relais_id", "dpd_parcelshop_id", "sendcloud_service_point_id", "inpost_locker_id"),
    "sales_order_address": ("colissimo_pickup_id", "mondialrelay_pickup_id"),
}


def test_a_relay_point_is_named_and_the_buyers_home_is_not(shop: ShopSource, server: pymysql.Connection[Any]) -> None:
    cases = [(table, column) for table, columns in RELAY_COLUMNS.items() for column in columns]
    for table, column in cases:
        add_columns(server, table, f"{column} varchar(32)")
    for order_id, (table, column) in enumerate(cases, 101):
        of_order, of_address = ({column: "R-75"}, {}) if table == "sales_order" else ({}, {column: "R-75"})
        fetched(server, "relay_point", of_address, order_id, **of_order)
        fetched(server, "relay_point", {**ELSEWHERE, **of_address}, order_id + 100, **of_order)
    infos = {number: payload(record)["shipping_info"] for number, record in read_all(shop).items()}
    assert {info["pudo_id"] for info in infos.values()} == {"R-75"}
    home = {number for number, info in infos.items() if "address" not in info}
    assert home == {str(101 + index) for index in range(len(cases))}
    sent = {info["address"]["street"] for number, info in infos.items() if number not in home}
    assert sent == {"9 quai du Port"}


def test_no_goods_go_home_where_the_method_is_a_pickup(shop: ShopSource, server: pymysql.Connection[Any]) -> None:
    brought = {"storepickup_storepickup": False, "dpd_parcelshop": False, "mondialrelay_home": True, "ups_03": True}
    brought |= {"amstorepickup_7": False}
    for order_id, method in enumerate(brought, 101):
        fetched(server, method, {}, order_id)
    records = read_all(shop)
    sent = [("address" in payload(records[str(number)])["shipping_info"]) for number in range(101, 106)]
    assert sent == list(brought.values())


def test_a_modules_state_is_listed_by_its_name_and_decided_by_the_documents(
    shop: ShopSource, server: pymysql.Connection[Any]
) -> None:
    unpaid = {"total_paid": None, "total_due": 30}
    cases: list[tuple[dict[str, Any], dict[str, Any], str]] = [
        ({}, {}, "AWAITING_SHIPMENT"),
        (unpaid, {}, "AWAITING_PAYMENT"),
        (unpaid, {"qty_shipped": 2}, "SHIPPED"),
        ({"total_refunded": 24}, {"qty_refunded": 2}, "CLOSED"),
        (unpaid, {"qty_canceled": 2}, "CLOSED"),
    ]
    for order_id, (order, item, _) in enumerate(cases, 101):
        cells = {**order, "state": "module_review", "status": "waiting_for_module"}
        insert_case(server, {"id": order_id, "rows": {"sales_order": cells, "sales_order_item": [item]}})
    records = read_all(shop)
    details = {notice.detail for r in records.values() for notice in r.notices if notice.code == "unmapped_status"}
    assert details == {"status 'waiting_for_module' is not mapped; add it under `statuses`"}
    statuses = [payload(records[str(number)])["status"] for number in range(101, 106)]
    assert statuses == [status for _, _, status in cases]


def test_units_that_a_gift_card_of_a_module_paid_for_come_back_as_units(
    shop: ShopSource, server: pymysql.Connection[Any]
) -> None:
    """It stands in no column that is read: the sums are red, but no unit that came back waits for shipment again."""
    memo = {"increment_id": "9", "state": 2, "grand_total": 4, "tax_amount": 4}
    rows = {
        "sales_order": {"grand_total": 10, "total_paid": 10, "total_refunded": 4},
        "sales_order_item": [{"qty_refunded": 2}],
        "sales_creditmemo": [memo],
        "sales_creditmemo_item": [{"order_item": 1, "qty": 2, "row_total": 20, "tax_amount": 4}],
    }
    insert_case(server, {"id": 101, "rows": rows})
    [line] = payload(read(shop))["order_lines"]
    assert [made["quantity"] for made in line["adjustments"]] == [2]
    assert (line["status"], line["can_cancel"]) == ("CLOSED", False)
