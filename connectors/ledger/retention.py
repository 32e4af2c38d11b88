"""Removing rows of orders settled long ago, so that what follows stays right.

A row is what is known to be at Mirakl. From it follow that an unchanged order is not sent again, that no stamp is below
one that Mirakl has (it would ignore the order with a 204), and that an older reading does not replace a newer one. So a
row may go when its order is delivered, nothing of it is in doubt or noticed, and its stamp, its reading, its last
request and its day all lie before a certain day. That day is kept with the destination as `removed_until`, in place of
all the rows: whatever Mirakl holds of an order without a row is stamped and was read before it.
"""

from __future__ import annotations

import sqlalchemy as sa

from connectors.ledger.schema import DESTINATIONS, NOTICES, ORDERS
from transforms.outcomes import Outcome

PAGE = 1000
# Pages of a SQLite file that must be free, as a share, before it is written anew without them.
VACUUM_FROM = 0.25


def removed_until(connection: sa.Connection, key: str) -> str | None:
    """Return the instant before which rows of a destination were removed, None where none were."""
    found: str | None = connection.scalar(sa.select(DESTINATIONS.c.removed_until).where(DESTINATIONS.c.key == key))
    return found


def remove_page(
    connection: sa.Connection, key: str, before: str, after: tuple[str, str]
) -> tuple[int, tuple[str, str] | None]:
    """Remove the next 1,000 rows settled before a day, by day and order id; return how many, and the last one's two."""
    settled = (
        ORDERS.c.channel == key,
        ORDERS.c.outcome == Outcome.DELIVERED.value,
        ORDERS.c.unaccepted_since.is_(None),
        ORDERS.c.doubtful_stamp.is_(None),
        *(ORDERS.c[name] < before for name in ("stamp", "read_at", "last_sent_at", "day")),
        ~sa.exists().where(
            NOTICES.c.channel == ORDERS.c.channel, NOTICES.c.channel_order_id == ORDERS.c.channel_order_id
        ),
    )
    place = (ORDERS.c.day, ORDERS.c.channel_order_id)
    query = sa.select(*place).where(*settled, sa.tuple_(*place) > sa.tuple_(*after)).order_by(*place).limit(PAGE)
    found = [(day, order_id) for day, order_id in connection.execute(query)]
    if not found:
        return 0, None
    order_ids = [order_id for _, order_id in found]
    connection.execute(
        DESTINATIONS.update()
        .where(DESTINATIONS.c.key == key, sa.func.coalesce(DESTINATIONS.c.removed_until, "") < f"{before}T00:00:00Z")
        .values(removed_until=f"{before}T00:00:00Z")
    )
    connection.execute(ORDERS.delete().where(ORDERS.c.channel == key, ORDERS.c.channel_order_id.in_(order_ids)))
    return len(found), found[-1]


def vacuum_sqlite(connection: sa.Connection) -> bool:
    """Write a SQLite file anew where much of it is free; return whether it was. Outside of any transaction."""
    free = connection.exec_driver_sql("PRAGMA freelist_count").scalar_one()
    pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    if free < VACUUM_FROM * pages:
        return False
    connection.exec_driver_sql("VACUUM")
    connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return True
