"""The upsertOrders request as pydantic models: Mirakl's contract, complete.

The gate of the product: normalisation builds plain payloads, these models judge them, and what passes is sent as it
stands. Strict: nothing is coerced, unknown fields and nulls are refused (absent means omitted, contract 2).

Decided here, because Mirakl leaves it open (contract 8):
- amounts have at most the currency's minor digits and stay below 10^12, so that the JSON number is exact;
- quantities are at least 1 on a line and at least 0 on an adjustment (a goodwill refund covers no unit);
- text that Mirakl requires is not blank; one order has one currency; line and adjustment ids are unique in the order;
- cancelled units never exceed the ordered ones; an order is not changed before it was created.

Belongs here: shape and rules of the request. Does not belong here: where values come from.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, AnyUrl, BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from transforms.money import MAX_AMOUNT, minor_digits

Status = Literal[
    "AWAITING_FRAUD_CHECK",
    "AWAITING_ACCEPTANCE",
    "AWAITING_PAYMENT",
    "AWAITING_SHIPMENT",
    "SHIPPED",
    "DELIVERED",
    "CLOSED",
    "CHANNEL_SPECIFIC",
]
StatusReason = Literal[
    "ACCEPTANCE_TIMEOUT",
    "AUTOMATICALLY_CLOSED",
    "CANCELED",
    "FRAUD_CHECK_FAILED",
    "FRAUD_CHECK_TIMEOUT",
    "PAYMENT_TIMEOUT",
    "REFUNDED",
    "REFUSED",
    "REFUSED_PAYMENT",
]
AdjustmentReason = Literal[
    "CUSTOMER_CANCELATION",
    "OUT_OF_STOCK",
    "RETURN",
    "ITEM_NOT_RECEIVED",
    "AGREEMENT",
    "DEFECT",
    "UNABLE_TO_DELIVER",
    "CHANNEL_SPECIFIC",
]
AdjustmentType = Literal["REFUND", "CANCELATION"]
FulfillmentType = Literal["FULFILLED_BY_SELLER", "FULFILLED_BY_PARTNER"]


def _real_moment(text: str) -> str:
    dt.datetime.fromisoformat(text)
    return text


def _email(text: str) -> str:
    local, at, domain = text.rpartition("@")
    if not at or not local or "." not in domain or any(char.isspace() for char in text):
        raise ValueError("is not an e-mail address")
    return text


_URL = TypeAdapter(AnyUrl)


def _url(text: str) -> str:
    _URL.validate_python(text)
    return text


Text = Annotated[str, Field(pattern=r"\S")]
Moment = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$"), AfterValidator(_real_moment)]
Email = Annotated[str, AfterValidator(_email)]
Url = Annotated[str, AfterValidator(_url)]


# The default of a field that may be left out. Its type has no None: absent is allowed, null is refused.
ABSENT: Any = None


class _Model(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)


class Money(_Model):
    """An amount, zero or positive, and its ISO 4217 currency (contract 2.6)."""

    amount: Decimal = Field(ge=0, lt=MAX_AMOUNT)
    currency: str

    @model_validator(mode="after")
    def _fits_the_currency(self) -> Self:
        digits = minor_digits(self.currency)
        if digits is None:
            raise ValueError("currency is not an ISO 4217 code")
        exponent = self.amount.as_tuple().exponent
        if not isinstance(exponent, int) or -exponent > digits:
            raise ValueError("amount has more decimals than its currency")
        return self


class Tax(_Model):
    """One tax of a price; `rate` is a fraction (0.20), the collectibles are parts of `amount`."""

    amount: Money
    code: Text
    rate: Decimal = ABSENT
    seller_collectible: Money = ABSENT
    channel_collectible: Money = ABSENT


class _Attribute(_Model):
    id: str = Field(min_length=1, max_length=255)


class StringAttribute(_Attribute):
    """A custom attribute holding text."""

    type: Literal["STRING"]
    value: str = Field(max_length=100_000)


class NumericAttribute(_Attribute):
    """A custom attribute holding a number within +-10^9."""

    type: Literal["NUMERIC"]
    value: Decimal = Field(ge=-1_000_000_000, le=1_000_000_000)


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
    value: list[Annotated[str, Field(max_length=10_000)]] = Field(min_length=1, max_length=1000)


CustomAttribute = Annotated[
    StringAttribute | NumericAttribute | BooleanAttribute | DateAttribute | ListAttribute, Field(discriminator="type")
]
CustomAttributes = Annotated[list[CustomAttribute], Field(max_length=1000)]


class Address(_Model):
    """A postal address; `country_iso_code` is alpha-3 (contract 2.4)."""

    last_name: Text
    street: Text
    city: Text
    first_name: str = ABSENT
    company: str = ABSENT
    street_additional_info: str = ABSENT
    zip_code: str = ABSENT
    state: str = ABSENT
    country: str = ABSENT
    country_iso_code: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = ABSENT
    phone: str = ABSENT
    additional_info: str = ABSENT


class DeliveryDate(_Model):
    """The delivery window shown to the buyer."""

    earliest: Moment
    latest: Moment

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if dt.datetime.fromisoformat(self.earliest) > dt.datetime.fromisoformat(self.latest):
            raise ValueError("earliest is after latest")
        return self


class ShippingInfo(_Model):
    """Destination and logistics; every child is optional."""

    address: Address = ABSENT
    carrier: str = ABSENT
    method: str = ABSENT
    email: Email = ABSENT
    pudo_id: str = ABSENT
    shipping_deadline: Moment = ABSENT
    delivery_date: DeliveryDate = ABSENT


class BillingInfo(_Model):
    """Invoicing data."""

    address: Address = ABSENT


class Fulfillment(_Model):
    """Who ships; `code` names the partner and means nothing for the seller."""

    type: FulfillmentType
    code: Text = ABSENT


class Product(_Model):
    """The product as the channel knows it."""

    id: Text
    title: Text
    thumbnail_url: Url = ABSENT


class Adjustment(_Model):
    """Units cancelled or money given back since the order was placed; amounts are positive (contract 2.6)."""

    channel_adjustment_id: Text
    type: AdjustmentType
    created_at: Moment
    reason: AdjustmentReason
    quantity: int = Field(ge=0)
    price: Money
    taxes: list[Tax] = ABSENT
    shipping_price: Money
    shipping_taxes: list[Tax] = ABSENT


class OrderLine(_Model):
    """One product in a quantity; `price` is the line's total without tax, not the unit's (contract 2.5)."""

    channel_order_line_id: Text
    created_at: Moment
    updated_at: Moment
    quantity: int = Field(ge=1)
    price: Money
    taxes: list[Tax] = ABSENT
    total_shipping_price: Money
    shipping_taxes: list[Tax] = ABSENT
    product: Product
    status: Status
    status_reason: StatusReason = ABSENT
    can_cancel: bool
    can_refund: bool
    adjustments: list[Adjustment] = ABSENT
    custom_attributes: CustomAttributes = ABSENT


class OrderRequest(_Model):
    """One whole order (contract 2.2)."""

    channel_order_id: Text
    created_at: Moment
    channel_updated_at: Moment
    status: Status
    status_reason: StatusReason = ABSENT
    order_lines: list[OrderLine] = Field(min_length=1)
    shipping_info: ShippingInfo
    fulfillment: Fulfillment
    billing_info: BillingInfo = ABSENT
    has_incident: bool = ABSENT
    custom_attributes: CustomAttributes = ABSENT
    sub_channel_code: Text = ABSENT

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if dt.datetime.fromisoformat(self.created_at) > dt.datetime.fromisoformat(self.channel_updated_at):
            raise ValueError("channel_updated_at is before created_at")
        currency = self.order_lines[0].price.currency
        lines: set[str] = set()
        adjustments: set[str] = set()
        for line in self.order_lines:
            if line.channel_order_line_id in lines:
                raise ValueError("order_lines holds one channel_order_line_id twice")
            lines.add(line.channel_order_line_id)
            if line.price.currency != currency or line.total_shipping_price.currency != currency:
                raise ValueError("order_lines holds more than one currency")
            cancelled = 0
            for adjustment in line.adjustments or ():
                if adjustment.channel_adjustment_id in adjustments:
                    raise ValueError("adjustments holds one channel_adjustment_id twice")
                adjustments.add(adjustment.channel_adjustment_id)
                if adjustment.price.currency != currency:
                    raise ValueError("adjustments holds another currency than the order")
                cancelled += adjustment.quantity if adjustment.type == "CANCELATION" else 0
            if cancelled > line.quantity:
                raise ValueError("adjustments cancels more units than were ordered")
        return self


class Origin(_Model):
    """Where all orders of one request come from."""

    channel_id: Text
    channel_store_id: Text


class UpsertOrdersRequest(_Model):
    """The whole request: one origin, 1 to 100 orders."""

    origin: Origin
    orders: list[OrderRequest] = Field(min_length=1, max_length=100)
