"""What an order was noticed for in its newest reading, though it can be sent: a status nobody mapped, sums that differ.

A notice is kept until the order is read again without it. Only what differs is written, so that orders which are read
every few minutes cost one query a chunk.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from connectors.ledger.schema import NOTICES, ORDERS
from transforms.outcomes import Notice

MOST_AN_ORDER = 20

_COLUMNS = ("channel", "channel_order_id", "code", "field", "detail")
_OF = (NOTICES.c.channel == sa.bindparam("key"), NOTICES.c.channel_order_id == sa.bindparam("order_id"))
_FORGET = NOTICES.delete().where(*_OF, NOTICES.c.code == sa.bindparam("of_code"), NOTICES.c.field == sa.bindparam("at"))
_KEPT = sa.select(NOTICES.c.channel_order_id, NOTICES.c.code, NOTICES.c.field, NOTICES.c.detail)


class Noticed(NamedTuple):
    """A notice that is kept, with its order's day."""

    channel_order_id: str
    day: str
    notice: Notice


def keep(connection: sa.Connection, key: str, found: Mapping[str, Sequence[Notice]]) -> None:
    """Replace the notices of these orders; at most 20 notices an order are kept."""
    known = _kept(connection, key, list(found))
    wanted: dict[tuple[str, str, str], str] = {
        (order_id, notice.code, notice.field): notice.detail
        for order_id, notices in found.items()
        for notice in notices[:MOST_AN_ORDER]
    }
    gone = [place for place, detail in known.items() if wanted.get(place) != detail]
    new = [place for place, detail in wanted.items() if known.get(place) != detail]
    if gone:
        places = [{"key": key, "order_id": order_id, "of_code": code, "at": field} for order_id, code, field in gone]
        connection.execute(_FORGET, places)
    if new:
        rows = [dict(zip(_COLUMNS, (key, *place, wanted[place]), strict=True)) for place in new]
        connection.execute(NOTICES.insert(), rows)


def _kept(connection: sa.Connection, key: str, order_ids: Sequence[str]) -> dict[tuple[str, str, str], str]:
    if connection.dialect.name == "postgresql":
        among = NOTICES.c.channel_order_id == sa.func.any(sa.bindparam("order_ids", type_=sa.ARRAY(sa.Text)))
    else:
        among = NOTICES.c.channel_order_id.in_(sa.bindparam("order_ids", expanding=True))
    query = _KEPT.where(NOTICES.c.channel == key, among)
    return {
        (order_id, code, field): detail
        for order_id, code, field, detail in connection.execute(query, {"order_ids": list(order_ids)})
    }


def listed(connection: sa.Connection, key: str, where: sa.ColumnElement[bool], limit: int) -> list[Noticed]:
    """Return the first notices of a kind, by day and order."""
    query = (
        sa.select(NOTICES.c.channel_order_id, ORDERS.c.day, NOTICES.c.code, NOTICES.c.field, NOTICES.c.detail)
        .select_from(_with_orders())
        .where(NOTICES.c.channel == key, where)
        .order_by(ORDERS.c.day, NOTICES.c.channel_order_id, NOTICES.c.field)
        .limit(limit)
    )
    return [Noticed(order_id, day, Notice(*rest)) for order_id, day, *rest in connection.execute(query)]


def counted(connection: sa.Connection, key: str, where: sa.ColumnElement[bool]) -> tuple[int, str, str]:
    """Return how many orders have such a notice, and the first and last of their days."""
    query = (
        sa.select(
            sa.func.count(NOTICES.c.channel_order_id.distinct()),
            sa.func.coalesce(sa.func.min(ORDERS.c.day), ""),
            sa.func.coalesce(sa.func.max(ORDERS.c.day), ""),
        )
        .select_from(_with_orders())
        .where(NOTICES.c.channel == key, where)
    )
    count, first, last = connection.execute(query).one()
    return count, first, last


def details(connection: sa.Connection, key: str, where: sa.ColumnElement[bool], limit: int) -> list[tuple[str, int]]:
    """Return what most orders were noticed for, and how many each."""
    orders = sa.func.count(NOTICES.c.channel_order_id.distinct())
    query = (
        sa.select(NOTICES.c.detail, orders)
        .select_from(_with_orders())
        .where(NOTICES.c.channel == key, where)
        .group_by(NOTICES.c.detail)
        .order_by(orders.desc(), NOTICES.c.detail)
        .limit(limit)
    )
    return [(detail, count) for detail, count in connection.execute(query)]


def _with_orders() -> sa.FromClause:
    return NOTICES.join(
        ORDERS,
        sa.and_(ORDERS.c.channel == NOTICES.c.channel, ORDERS.c.channel_order_id == NOTICES.c.channel_order_id),
    )
