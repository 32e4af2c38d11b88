"""A PrestaShop for the tests: its tables in three versions, what its installer fills in, and rows with defaults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
# A shop of 1.7.7 has no module for relay points here, so that their queries are tried without such tables too.
FILES = {
    "1.7.7": ("prestashop.sql", "prestashop_1_7_7.sql"),
    "8": ("prestashop.sql", "prestashop_modules.sql"),
    "9.1": ("prestashop.sql", "prestashop_9_1.sql", "prestashop_modules.sql"),
}
Row = Mapping[str, Any]

# The installer's states in its order, so that a fresh shop's ids are 1 to 13: key, name, flags.
INSTALLED_STATES: tuple[tuple[str, str, Row], ...] = (
    ("PS_OS_CHEQUE", "Awaiting check payment", {}),
    ("PS_OS_PAYMENT", "Payment accepted", {"logable": 1, "paid": 1, "invoice": 1}),
    ("PS_OS_PREPARATION", "Processing in progress", {"logable": 1, "paid": 1, "delivery": 1, "invoice": 1}),
    ("PS_OS_SHIPPING", "Shipped", {"logable": 1, "paid": 1, "delivery": 1, "shipped": 1, "invoice": 1}),
    ("PS_OS_DELIVERED", "Delivered", {"logable": 1, "paid": 1, "delivery": 1, "shipped": 1, "invoice": 1}),
    ("PS_OS_CANCELED", "Canceled", {}),
    ("PS_OS_REFUND", "Refunded", {"invoice": 1}),
    ("PS_OS_ERROR", "Payment error", {}),
    ("PS_OS_OUTOFSTOCK_PAID", "On backorder (paid)", {"paid": 1, "invoice": 1}),
    ("PS_OS_BANKWIRE", "Awaiting bank wire payment", {}),
    ("PS_OS_WS_PAYMENT", "Remote payment accepted", {"logable": 1, "paid": 1, "invoice": 1}),
    ("PS_OS_OUTOFSTOCK_UNPAID", "On backorder (not paid)", {}),
    ("PS_OS_COD_VALIDATION", "Awaiting Cash On Delivery validation", {}),
)
OWN_STATES: tuple[tuple[int, str, Row], ...] = (
    (14, "Ready", {"paid": 1, "deleted": 1}),
    (15, "Handed to courier", {"shipped": 1}),
    (16, "Waiting for approval", {}),
    (17, "Internal", {"hidden": 1}),
    (18, "At the customer's", {"shipped": 1}),
    # What payment modules add: every flag off.
    (19, "Partial refund", {"module_name": "mollie"}),
    (20, "Authorized. To be captured by merchant", {"module_name": "ps_checkout"}),
    (21, "Partially shipped", {"module_name": "mollie", "deleted": 1}),
    (22, "Awaiting for PayPal payment", {"module_name": "paypal"}),
)
ZERO = "0000-00-00 00:00:00"


def create(cursor: Any, version: str) -> None:
    """Create the tables of a PrestaShop version in the current database, as its installer does with sql_mode=''."""
    cursor.execute("SET SESSION sql_mode = ''")
    for name in FILES[version]:
        lines = (FOLDER / name).read_text().splitlines()
        for statement in "\n".join(line for line in lines if not line.startswith("--")).split(";\n"):
            if statement.strip():
                cursor.execute(statement)


def install(cursor: Any, first_state: int = 1) -> None:
    """Fill in what a shop has before its first order. `first_state`: id of the first state, 1 on a fresh shop.

    On a shop with other ids, the usual ids belong to other states, so that trusting them is found out.
    """
    shift = first_state - 1
    states = [(first_state + index, name, flags) for index, (_, name, flags) in enumerate(INSTALLED_STATES)]
    states += [(id_state + shift, name, flags) for id_state, name, flags in OWN_STATES]
    states += [(id_state, "From an old shop", {"deleted": 1}) for id_state in range(1, min(first_state, 14))]
    insert(cursor, "order_state", [{"id_order_state": id_, "unremovable": 1, **flags} for id_, _, flags in states])
    names = [(id_, lang, name if lang == 1 else f"[{name}]") for id_, name, _ in states for lang in (1, 2)]
    insert(
        cursor,
        "order_state_lang",
        [{"id_order_state": i, "id_lang": g, "name": n, "template": ""} for i, g, n in names],
    )
    settings: list[tuple[str, Any, int | None]] = [("PS_TIMEZONE", "Europe/Paris", None), ("PS_LANG_DEFAULT", 1, None)]
    settings += [(key, first_state + index, None) for index, (key, _, _) in enumerate(INSTALLED_STATES)]
    settings += [("PS_TIMEZONE", "America/New_York", 2), ("PS_OS_DELIVERED", 18 + shift, 2)]
    settings += [("PS_SHOP_ADDR1", "2 place Bellecour", 1), ("PS_SHOP_CODE", "69002", 1), ("PS_SHOP_CITY", "Lyon", 1)]
    settings += [("PS_CHECKOUT_STATE_AUTHORIZED", 20 + shift, None), ("PAYPAL_OS_WAITING", 22 + shift, None)]
    insert(
        cursor,
        "configuration",
        [
            {"name": name, "value": value, "id_shop": shop, "date_add": ZERO, "date_upd": ZERO}
            for name, value, shop in settings
        ],
    )
    insert(
        cursor,
        "shop",
        [{"id_shop": 1, "id_shop_group": 1, "name": "Boutique"}, {"id_shop": 2, "id_shop_group": 1, "name": "US"}],
    )
    insert(
        cursor,
        "currency",
        [
            {"id_currency": i, "iso_code": code, "conversion_rate": rate}
            for i, code, rate in ((1, "EUR", "1"), (2, "USD", "1.1"))
        ],
    )
    taxes = (
        (1, "20", "VAT FR 20%", 0),
        (2, "5.5", "VAT FR 5.5%", 0),
        (3, "5", "GST", 0),
        (4, "9.975", "QST", 0),
        (5, "19.6", "VAT FR 19.6%", 1),
    )
    insert(cursor, "tax", [{"id_tax": i, "rate": rate, "deleted": deleted} for i, rate, _, deleted in taxes])
    insert(
        cursor,
        "tax_lang",
        [
            {"id_tax": i, "id_lang": g, "name": name if g == 1 else f"[{name}]"}
            for i, _, name, _ in taxes
            for g in (1, 2)
        ],
    )
    carriers = ((1, 1, "0", 0), (2, 2, "Colissimo", 0), (3, 3, "Old Post", 1), (4, 4, "DHL", 0))
    insert(
        cursor,
        "carrier",
        [{"id_carrier": i, "id_reference": r, "name": name, "deleted": deleted} for i, r, name, deleted in carriers],
    )
    insert(cursor, "country", [{"id_country": 8, "iso_code": "FR"}, {"id_country": 6, "iso_code": "ES"}])
    insert(cursor, "state", [{"id_state": 5, "id_country": 6, "name": "Madrid", "iso_code": "ES-M"}])
    people = ((1, "Zoë", "Müller", "zoe@example.com", 0), (2, "Ana", "García", "ana@example.com", 1))
    insert(
        cursor,
        "customer",
        [{"id_customer": i, "firstname": f, "lastname": n, "email": m, "is_guest": g} for i, f, n, m, g in people],
    )
    insert(cursor, "address", ADDRESSES)


ADDRESSES: tuple[Row, ...] = (
    {
        "id_address": 1,
        "address1": "5 rue de la Paix",
        "postcode": "75002",
        "city": "Paris",
        "phone": "+33 1 00 00 00 00",
    },
    {"id_address": 2, "address1": "9 avenue Foch", "address2": "", "company": "", "postcode": "75016", "city": "Paris"},
    {"id_address": 3, "address1": "1 rue Ancienne", "postcode": "69001", "city": "Lyon", "deleted": 1},
    {
        "id_address": 4,
        "id_customer": 2,
        "id_country": 6,
        "id_state": 5,
        "firstname": "Ana",
        "lastname": "García",
        "company": "ACME SL",
        "address1": "Calle Mayor 1",
        "address2": "2º B",
        "postcode": "28013",
        "city": "Madrid",
        "phone": "+34 910 000 000",
        "phone_mobile": "+34 600 000 000",
        "other": "Ring twice",
        "vat_number": "ESB12345678",
        "dni": "12345678Z",
    },
)

DEFAULTS: Mapping[str, Row] = {
    "address": {
        "id_country": 8,
        "id_customer": 1,
        "alias": "Home",
        "firstname": "Zoë",
        "lastname": "Müller",
        "date_add": ZERO,
        "date_upd": ZERO,
    },
    "orders": {
        "id_carrier": 2,
        "id_lang": 1,
        "id_customer": 1,
        "id_cart": 1,
        "id_currency": 1,
        "id_address_delivery": 1,
        "id_address_invoice": 2,
        "current_state": 2,
        "payment": "Card",
        "module": "ps_card",
        "valid": 1,
        "total_products": "20",
        "total_products_wt": "24",
        "total_shipping_tax_excl": "5",
        "total_shipping_tax_incl": "6",
        "carrier_tax_rate": "20",
        "total_paid_tax_incl": "30",
        "total_paid_real": "30",
        "invoice_date": ZERO,
        "delivery_date": ZERO,
        "date_add": "2026-03-01 10:00:00",
        "date_upd": "2026-03-02 11:00:00",
    },
    "order_detail": {
        "id_shop": 1,
        "product_id": 7,
        "product_attribute_id": 0,
        "product_reference": "MUG",
        "product_name": "Mug",
        "product_quantity": 2,
        "unit_price_tax_excl": "10",
        "unit_price_tax_incl": "12",
        "total_price_tax_excl": "20",
        "total_price_tax_incl": "24",
        "product_weight": "0",
        "tax_name": "",
    },
    "order_detail_tax": {"id_tax": 1, "unit_amount": "2", "total_amount": "4"},
    "order_carrier": {"id_carrier": 2},
    "order_history": {"id_employee": 0, "id_order_state": 2},
    "order_payment": {"id_currency": 1, "amount": "30", "payment_method": "Card"},
    "order_cart_rule": {"id_cart_rule": 1},
    "order_slip": {"id_customer": 1, "partial": 0},
    "order_return": {"id_customer": 1},
    "shipment": {"id_carrier": 2, "date_add": "2026-03-01 10:00:00"},
    "cart_rule": {"date_from": ZERO, "date_to": ZERO, "code": "", "date_add": ZERO, "date_upd": ZERO},
    "product": {"date_add": ZERO, "date_upd": ZERO},
    "product_lang": {"id_lang": 1},
    "attribute_lang": {"id_lang": 1},
    "attribute_group_lang": {"id_lang": 1, "name": ""},
    "customization_field_lang": {"id_lang": 1},
    "customer_thread": {"id_lang": 1, "id_contact": 0, "email": "", "date_add": ZERO, "date_upd": ZERO},
    "customer_message": {"id_employee": 1, "date_upd": ZERO},
    "mondialrelay_selected_relay": {"date_add": ZERO, "date_upd": ZERO},
    "colissimo_order": {"id_colissimo_service": 2},
    "colissimo_pickup_point": {"country": "", "product_code": "A2P", "date_add": ZERO, "date_upd": ZERO},
    "carrier": {"id_reference": 9},
}
# An order has these rows even where a test does not speak of them.
OF_EVERY_ORDER = ("order_detail", "order_detail_tax", "order_carrier", "order_history", "order_payment")


def insert(cursor: Any, table: str, rows: Iterable[Row]) -> None:
    """Insert rows over the table's `DEFAULTS`; the database fills in the rest."""
    for row in rows:
        cells = {**DEFAULTS.get(table, {}), **row}
        names = ", ".join(f"`{name}`" for name in cells)
        places = ", ".join(["%s"] * len(cells))
        cursor.execute(f"INSERT INTO ps_{table} ({names}) VALUES ({places})", tuple(cells.values()))


def insert_order(cursor: Any, rows: Mapping[str, Iterable[Row]], state_shift: int = 0) -> None:
    """Insert one order with its rows: ids, reference and times that a row leaves out are the order's.

    `state_shift` is added to every state id.
    """
    [order] = rows["orders"]
    order = {**DEFAULTS["orders"], "reference": f"R{order['id_order']}", **order}
    order["total_paid"] = order["total_paid_tax_incl"]
    own = {
        "id_order": order["id_order"],
        "id_order_detail": order["id_order"] * 10,
        "date_add": order["date_add"],
        "order_reference": order["reference"],
    }
    order["current_state"] += state_shift
    insert(cursor, "orders", [order])
    for table in [*OF_EVERY_ORDER, *(set(rows) - {*OF_EVERY_ORDER, "orders"})]:
        cursor.execute(f"SHOW COLUMNS FROM ps_{table}")
        columns = {column[0] for column in cursor.fetchall()}
        for row in rows.get(table, [{}]):
            cells = {
                name: value for name, value in own.items() if name in columns and name not in DEFAULTS.get(table, {})
            } | dict(row)
            if table == "order_history":
                cells["id_order_state"] = cells.get("id_order_state", 2) + state_shift
            insert(cursor, table, [cells])
