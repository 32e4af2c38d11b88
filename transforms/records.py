"""The upsertOrders request as pydantic models: Mirakl's contract, complete.

The gate of the product: normalisation makes JSON, these types judge the finished bytes, and what passes is sent as it
stands. Strict: nothing is coerced, unknown fields and nulls are refused (absent means omitted, contract 2).
Fields are declared in the order in which payloads have them, from which `gate` knows the usual ones by their form.
Nearly all is judged by patterns and bounds, which cost no Python; what is about several fields, once an order.

Decided here, because Mirakl leaves it open (contract 8):
- amounts have at most the currency's minor digits and stay below 10^12, so that the JSON number is exact;
- quantities are at least 1 on a line and at least 0 on an adjustment (a goodwill refund covers no unit);
- text that Mirakl requires is not blank; one order has one currency; line and adjustment ids are unique in the order;
- cancelled units never exceed the ordered ones; an order is not changed before it was created.
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Annotated, Literal, NotRequired

from pydantic import AfterValidator, AnyUrl, ConfigDict, Field, TypeAdapter
from typing_extensions import TypedDict

from transforms.money import MAX_AMOUNT, minor_digits
from transforms.vocabulary import AdjustmentReason, AdjustmentType, FulfillmentType, Status, StatusReason

_URL = TypeAdapter(AnyUrl)


@lru_cache(maxsize=65536)
def _url(text: str) -> str:
    _URL.validate_python(text)
    return text


# The contract's formats, read strictly: `email` is a mailbox of RFC 5321 (no quoted names, no addresses in brackets),
# `uri` one of RFC 3986 (no literal IPv6 host). Written for the engines of Arrow and pydantic alike.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_HOST = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
EMAIL_PATTERN = rf"^{_ATOM}(?:\.{_ATOM})*@(?:{_HOST}\.)+{_HOST}$"
URI_CHARACTER = r"(?:[A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})"
URI_PATTERN = rf"^[A-Za-z][A-Za-z0-9+.-]*:{URI_CHARACTER}+(?:#{URI_CHARACTER}*)?$"
Text = Annotated[str, Field(pattern=r"\S")]
# Only days that there are: 31, 30 or 28 of them, and the 29th of February in leap years.
_YEAR = r"[0-9]{4}-"
_DAY = (
    rf"({_YEAR}(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|{_YEAR}(0[469]|11)-(0[1-9]|[12][0-9]|30)"
    rf"|{_YEAR}02-(0[1-9]|1[0-9]|2[0-8])"
    r"|([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29)"
)
MOMENT_PATTERN = rf"^{_DAY}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{{3}})?Z$"
Moment = Annotated[str, Field(pattern=MOMENT_PATTERN)]
Email = Annotated[str, Field(pattern=EMAIL_PATTERN)]
Url = Annotated[str, Field(pattern=URI_PATTERN), AfterValidator(_url)]
CountryCode = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Quantity = Annotated[int, Field(ge=1)]
Units = Annotated[int, Field(ge=0)]
AttributeId = Annotated[str, Field(min_length=1, max_length=255)]
AttributeText = Annotated[str, Field(max_length=100_000)]
AttributeTexts = Annotated[list[Annotated[str, Field(max_length=10_000)]], Field(min_length=1, max_length=1000)]
AttributeNumber = Annotated[float, Field(ge=-1_000_000_000, le=1_000_000_000)]


_CONFIG = ConfigDict(strict=True, extra="forbid", hide_input_in_errors=True)


class _Model(TypedDict):
    __pydantic_config__ = _CONFIG  # type: ignore[misc]


class Money(_Model):
    """An amount, zero or positive, and its ISO 4217 currency (contract 2.6)."""

    amount: Annotated[float, Field(ge=0, lt=float(MAX_AMOUNT), allow_inf_nan=False)]
    currency: str


class Tax(_Model):
    """One tax of a price; `rate` is a fraction (0.20), the collectibles are parts of `amount`."""

    amount: Money
    code: Text
    rate: NotRequired[float]
    seller_collectible: NotRequired[Money]
    channel_collectible: NotRequired[Money]


class _Attribute(_Model):
    id: AttributeId


class StringAttribute(_Attribute):
    """A custom attribute holding text."""

    type: Literal["STRING"]
    value: AttributeText


class NumericAttribute(_Attribute):
    """A custom attribute holding a number within +-10^9."""

    type: Literal["NUMERIC"]
    value: AttributeNumber


class BooleanAttribute(_Attribute):
    """A custom attribute holding a boolean."""

    type: Literal["BOOLEAN"]
    value: bool


class DateAttribute(_Attribute):
    """A custom attribute holding a point in time."""

    type: Literal["DATE"]
    value: Moment


class ListAttribute(_Attribute):
    """A custom attribute holding 1 to 1,000 texts."""

    type: Literal["LIST"]
    value: AttributeTexts


CustomAttribute = Annotated[
    StringAttribute | NumericAttribute | BooleanAttribute | DateAttribute | ListAttribute, Field(discriminator="type")
]
CustomAttributes = Annotated[list[CustomAttribute], Field(max_length=1000)]


class Address(_Model):
    """A postal address; `country_iso_code` is alpha-3 (contract 2.4)."""

    company: NotRequired[str]
    street: Text
    street_additional_info: NotRequired[str]
    zip_code: NotRequired[str]
    city: Text
    state: NotRequired[str]
    phone: NotRequired[str]
    additional_info: NotRequired[str]
    last_name: Text
    first_name: NotRequired[str]
    country: NotRequired[str]
    country_iso_code: NotRequired[CountryCode]


class _DeliveryDate(_Model):
    """The delivery window shown to the buyer."""

    earliest: Moment
    latest: Moment


def _in_order(window: _DeliveryDate) -> _DeliveryDate:
    if dt.datetime.fromisoformat(window["earliest"]) > dt.datetime.fromisoformat(window["latest"]):
        raise ValueError("earliest is after latest")
    return window


DeliveryDate = Annotated[_DeliveryDate, AfterValidator(_in_order)]


class ShippingInfo(_Model):
    """Destination and logistics; every child is optional."""

    address: NotRequired[Address]
    carrier: NotRequired[str]
    method: NotRequired[str]
    pudo_id: NotRequired[str]
    email: NotRequired[Email]
    shipping_deadline: NotRequired[Moment]
    delivery_date: NotRequired[DeliveryDate]


class BillingInfo(_Model):
    """Invoicing data."""

    address: NotRequired[Address]


class Fulfillment(_Model):
    """Who ships; `code` names the partner and means nothing for the seller."""

    type: FulfillmentType
    code: NotRequired[Text]


class Product(_Model):
    """The product as the channel knows it."""

    id: Text
    title: Text
    thumbnail_url: NotRequired[Url]


class Adjustment(_Model):
    """Units cancelled or money given back since the order was placed; amounts are positive (contract 2.6)."""

    channel_adjustment_id: Text
    type: AdjustmentType
    created_at: Moment
    reason: AdjustmentReason
    quantity: Units
    price: Money
    shipping_price: Money
    taxes: NotRequired[list[Tax]]
    shipping_taxes: NotRequired[list[Tax]]


class OrderLine(_Model):
    """One product in a quantity; `price` is the line's total without tax, not the unit's (contract 2.5)."""

    channel_order_line_id: Text
    created_at: Moment
    updated_at: Moment
    quantity: Quantity
    price: Money
    total_shipping_price: Money
    product: Product
    status: Status
    can_cancel: bool
    can_refund: bool
    status_reason: NotRequired[StatusReason]
    taxes: NotRequired[list[Tax]]
    shipping_taxes: NotRequired[list[Tax]]
    adjustments: NotRequired[list[Adjustment]]
    custom_attributes: NotRequired[CustomAttributes]


class Order(_Model):
    """One whole order (contract 2.2)."""

    channel_order_id: Text
    created_at: Moment
    channel_updated_at: Moment
    status: Status
    order_lines: Annotated[list[OrderLine], Field(min_length=1)]
    shipping_info: ShippingInfo
    fulfillment: Fulfillment
    status_reason: NotRequired[StatusReason]
    billing_info: NotRequired[BillingInfo]
    has_incident: NotRequired[bool]
    sub_channel_code: NotRequired[Text]
    custom_attributes: NotRequired[CustomAttributes]


def _consistent(order: Order) -> Order:
    """Judge what no single field shows."""
    if dt.datetime.fromisoformat(order["created_at"]) > dt.datetime.fromisoformat(order["channel_updated_at"]):
        raise ValueError("channel_updated_at is before created_at")
    currency = order["order_lines"][0]["price"]["currency"]
    digits = minor_digits(currency)
    if digits is None:
        raise ValueError("currency is not an ISO 4217 code")
    lines: set[str] = set()
    adjustments: set[str] = set()
    for line in order["order_lines"]:
        lines.add(line["channel_order_line_id"])
        _judge_money(line, line["total_shipping_price"], currency, digits)
        if "adjustments" in line:
            cancelled = 0
            for adjustment in line["adjustments"]:
                if adjustment["channel_adjustment_id"] in adjustments:
                    raise ValueError("adjustments holds one channel_adjustment_id twice")
                adjustments.add(adjustment["channel_adjustment_id"])
                _judge_money(adjustment, adjustment["shipping_price"], currency, digits)
                cancelled += adjustment["quantity"] if adjustment["type"] == "CANCELATION" else 0
            if cancelled > line["quantity"]:
                raise ValueError("adjustments cancels more units than were ordered")
    if len(lines) < len(order["order_lines"]):
        raise ValueError("order_lines holds one channel_order_line_id twice")
    return order


def _judge_money(priced: OrderLine | Adjustment, shipping: Money, currency: str, digits: int) -> None:
    _judge_amount(priced["price"], currency, digits)
    _judge_amount(shipping, currency, digits)
    if "taxes" in priced:
        for tax in priced["taxes"]:
            _judge_tax(tax, currency, digits)
    if "shipping_taxes" in priced:
        for tax in priced["shipping_taxes"]:
            _judge_tax(tax, currency, digits)


def _judge_tax(tax: Tax, currency: str, digits: int) -> None:
    _judge_amount(tax["amount"], currency, digits)
    if "seller_collectible" in tax:
        _judge_amount(tax["seller_collectible"], currency, digits)
    if "channel_collectible" in tax:
        _judge_amount(tax["channel_collectible"], currency, digits)


def _judge_amount(money: Money, currency: str, digits: int) -> None:
    if money["currency"] != currency:
        raise ValueError("order_lines holds more than one currency")
    if round(money["amount"], digits) != money["amount"]:
        raise ValueError("amount has more decimals than its currency")


OrderRequest = Annotated[Order, AfterValidator(_consistent)]


class Origin(_Model):
    """Where all orders of one request come from."""

    channel_id: Text
    channel_store_id: Text


class UpsertOrdersRequest(_Model):
    """The whole request: one origin, 1 to 100 orders."""

    origin: Origin
    orders: Annotated[list[OrderRequest], Field(min_length=1, max_length=100)]


ORDERS: TypeAdapter[list[OrderRequest]] = TypeAdapter(list[OrderRequest], config=_CONFIG)
REQUEST: TypeAdapter[UpsertOrdersRequest] = TypeAdapter(UpsertOrdersRequest)
