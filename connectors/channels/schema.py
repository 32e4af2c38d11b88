"""What a shop's database holds: tables, columns, indexes; each asked once."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import cache

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SAWarning

from connectors.channels.driver_errors import is_denied


class Schema:
    """The tables, columns and indexes that a connection sees. A table may be written `schema.table`.

    Raises:
        sqlalchemy.exc.DBAPIError: the database does not answer.
    """

    def __init__(self, connection: sa.Connection) -> None:
        inspector = sa.inspect(connection)

        @cache
        def columns(table: str) -> frozenset[str]:
            name, schema = _split(table)
            with warnings.catch_warnings():
                # Only names count here; of SQLite's `tinyint(1)` SQLAlchemy warns that it does not know the type.
                warnings.simplefilter("ignore", SAWarning)
                return frozenset(column["name"] for column in inspector.get_columns(name, schema=schema))

        @cache
        def has_table(table: str) -> bool:
            name, schema = _split(table)
            try:
                return inspector.has_table(name, schema=schema)
            except DBAPIError as error:
                # A user who may read some tables only is refused those that are not there.
                if is_denied(error):
                    return False
                raise

        self._inspector, self._columns, self.has_table = inspector, columns, has_table

    def has_column(self, table: str, column: str) -> bool:
        """Return whether there is such a column."""
        return self.has_table(table) and column in self._columns(table)

    def columns(self, table: str) -> frozenset[str]:
        """Return the columns of a table that is there."""
        return self._columns(table)

    def table_names(self) -> list[str]:
        """List the tables of the connection's own schema."""
        return self._inspector.get_table_names()

    def quoted(self, table: str) -> str:
        """Write a table's name as SQL of this database."""
        name, schema = _split(table)
        return self._inspector.dialect.identifier_preparer.format_table(sa.table(name, schema=schema))

    def quoted_column(self, column: str) -> str:
        """Write a column's name as SQL of this database."""
        return str(self._inspector.dialect.identifier_preparer.quote(column))

    def has_index(self, table: str, column: str) -> bool:
        """Return whether some index, or the primary key, begins with this column."""
        name, schema = _split(table)
        indexes = self._inspector.get_indexes(name, schema=schema)
        uniques = self._inspector.get_unique_constraints(name, schema=schema)
        keys: list[Sequence[str | None]] = [index["column_names"] for index in indexes]
        keys += [unique["column_names"] for unique in uniques]
        keys.append(self._inspector.get_pk_constraint(name, schema=schema)["constrained_columns"])
        return any(list(key[:1]) == [column] for key in keys)


def _split(table: str) -> tuple[str, str | None]:
    schema, _, name = table.rpartition(".")
    return name, schema or None
