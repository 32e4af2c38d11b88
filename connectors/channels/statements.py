"""Running queries on one connection, and fetching what they yield.

Chunk after chunk the same queries run with lists of ids of the same few lengths. Expanding `IN :order_ids` costs as
much as the database's answer, so it is done once for each length; rows stay the driver's own tuples. A driver that
writes parameters into the text itself (pymysql) would do so id by id: of whole numbers the text is written here.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from connectors.channels.database import fetch_all
from connectors.channels.driver_errors import driver_errors
from connectors.channels.errors import ShopError
from connectors.channels.queries import LISTS, Query
from transforms.database_values import Cell

Parameters = Mapping[str, Cell]
# Lists longer than this are filled up to a multiple of it by repeating an id, so that there are few lengths.
ROUND_LENGTH = 50
# In place of a list that is written into a query's text, where no database takes it for anything else.
_LIST = "\0"


class _Expanded(NamedTuple):
    """A query for a list of ids of one length, as the driver takes it.

    `ids`: the parameters of the ids. `order`: all parameters by position, None for a driver that takes them by name.
    `convert`: what the dialect does to a parameter's value.
    """

    text: str
    ids: Sequence[str]
    order: Sequence[str] | None
    convert: Mapping[str, Any]


class Statements:
    """Runs the queries of one connection; a list of ids is expanded once for each query and length. Thread-safe."""

    def __init__(self, channel: str, connection: sa.Connection) -> None:
        self._channel, self._connection = channel, connection
        self._driver_error = connection.dialect.loaded_dbapi.Error
        self._expanded: dict[tuple[str, int], _Expanded] = {}
        self._templates: dict[str, str] = {}
        self._driver_writes_values = connection.dialect.driver == "pymysql"
        self._lock = threading.Lock()

    def run(
        self, query: Query, parameters: Parameters, ids: Sequence[Cell] = ()
    ) -> tuple[list[str], Sequence[tuple[Cell, ...]]]:
        """Return the names of a query's columns and its rows; `ids` are what it asks for, if it asks for a list.

        Raises:
            ShopError: the database refuses the query, or it is none.
        """
        with self._lock, driver_errors(self._channel, f", query {query.file}", self._driver_error):
            read = fetch_all(self._connection, lambda: self._execute(query, parameters, ids))
        if read is None:
            raise ShopError(
                "bad_query", f"channel {self._channel!r}: {query.file} yields no rows; it must be one SELECT"
            )
        return read

    def _execute(self, query: Query, parameters: Parameters, ids: Sequence[Cell]) -> sa.CursorResult[Any]:
        name = next((name for name in LISTS if name in query.parameters), None)
        if name is None:
            return self._connection.execute(query.statement, parameters)
        if self._driver_writes_values and set(map(type, ids)) == {int}:
            template = self._templates.get(query.name)
            if template is None:
                template = self._templates[query.name] = self._template(query, name, parameters)
            return self._connection.exec_driver_sql(template.replace(_LIST, ", ".join(map(str, ids))), {**parameters})
        # NULL is in a list of every type, an empty list is not.
        ids = list(ids) or [None]
        if len(ids) > ROUND_LENGTH:
            ids += ids[-1:] * (-len(ids) % ROUND_LENGTH)
        expanded = self._expanded.get((query.name, len(ids)))
        if expanded is None:
            expanded = self._expanded[query.name, len(ids)] = self._expand(query, name, len(ids), parameters)
        values = {**parameters, **dict(zip(expanded.ids, ids, strict=True))}
        for converted, convert in expanded.convert.items():
            values[converted] = convert(values[converted])
        if expanded.order is None:
            return self._connection.exec_driver_sql(expanded.text, values)
        return self._connection.exec_driver_sql(expanded.text, tuple(values[one] for one in expanded.order))

    def _template(self, query: Query, name: str, parameters: Parameters) -> str:
        expanded = self._expand(query, name, 1, parameters)
        return expanded.text.replace(f"%({expanded.ids[0]})s", _LIST)

    def _expand(self, query: Query, name: str, length: int, parameters: Parameters) -> _Expanded:
        compiled = query.statement.compile(dialect=self._connection.dialect)
        assert isinstance(compiled, sa.sql.compiler.SQLCompiler)
        state = compiled.construct_expanded_state({**parameters, name: [None] * length})
        return _Expanded(state.statement, state.parameter_expansion[name], state.positiontup, state.processors)
