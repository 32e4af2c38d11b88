"""What a channel's configuration means to the transforms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PartnerPredicate:
    """Orders whose `column` of the orders frame is one of `values` are fulfilled by the partner `code`."""

    column: str
    values: frozenset[str]
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Orders whose `column` of the orders frame is one of `values` are left out."""

    column: str
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class ChannelMapping:
    """Everything normalisation needs to know of a channel.

    `statuses` (the shop's word -> `STATUS` or `STATUS/REASON`) and `reasons` (keyword -> adjustment reason) are the
    channel's own, over the platform's. `stores` maps the shop's store key to Mirakl store ids.
    `reject_unmapped`: hold orders whose status nobody mapped. `strict_money`: reject where sums differ.
    `rate_divisor`: 100 where the source gives tax rates in percent. `naive_timezone`: zone of times without offset.
    `amounts_include_tax`: prices and shipping in the frames include the taxes that the taxes frame lists.
    """

    store_id: str | None
    platform_statuses: Mapping[str, str] = field(default_factory=dict)
    statuses: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    stores: Mapping[str, str] = field(default_factory=dict)
    fulfilled_by_partner: PartnerPredicate | None = None
    exclude: tuple[Exclusion, ...] = ()
    reject_unmapped: bool = False
    strict_money: bool = False
    rate_divisor: int = 100
    naive_timezone: str = "UTC"
    amounts_include_tax: bool = False
