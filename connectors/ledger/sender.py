"""The lock of the one sender: whoever holds it may send, and asks before each request whether it still does."""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import sqlalchemy as sa

from connectors.ledger.file_lock import exclusive_lock, is_free, shared_lock, wait_until
from connectors.ledger.schema import as_ledger_error

PROOF_SECONDS = 5.0
# Nobody else's: a pooler that gave the session to another client would show here.
_HELD = sa.text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid()")
# Two numbers a lock: a space of their own beside those of the ledger's short transactions.
_WAIT_FIRST = sa.text("SELECT pg_advisory_xact_lock_shared(hashtext('ledger sender first'), hashtext(:credential))")
_TAKE = sa.text("SELECT pg_try_advisory_xact_lock(hashtext('ledger sender'), hashtext(:credential))")
_TAKE_UNLESS_ONE_IS_FIRST = sa.text("""
    SELECT CASE WHEN EXISTS (
        SELECT FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND granted
            AND classid::bigint::bit(32)::int = hashtext('ledger sender first')
            AND objid::bigint::bit(32)::int = hashtext(:credential)
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    ) THEN false ELSE pg_try_advisory_xact_lock(hashtext('ledger sender'), hashtext(:credential)) END
""")
_SETTINGS = (
    # The transaction lies open as long as is sent; it holds no snapshot, so it is in nobody's way.
    "SET LOCAL idle_in_transaction_session_timeout = 0",
    "SELECT set_config('transaction_timeout', '0', true) WHERE current_setting('server_version_num')::int >= 170000",
    # A machine that goes down sends nothing: the server asks, and lets go of the lock within a minute.
    "SET LOCAL tcp_keepalives_idle = 20",
    "SET LOCAL tcp_keepalives_interval = 10",
    "SET LOCAL tcp_keepalives_count = 3",
)

StillHeld = Callable[[], bool]


@contextmanager
def file_lock(path: Path, waiting: Callable[[], None], *, first: bool) -> Iterator[StillHeld]:
    """Hold the lock of a ledger that is a file; it is lost when the lock's file is removed or replaced.

    While one waits that is `first`, no other takes it.

    Raises:
        OSError: the file cannot be made.
    """
    before = path.with_name(f"{path.name}.first")
    with ExitStack() as held_while_waiting, ExitStack() as lock:
        if first:
            held_while_waiting.enter_context(shared_lock(before))
        lock.enter_context(exclusive_lock(path, waiting, lambda: first or is_free(before)))
        held_while_waiting.close()
        mine = path.stat()

        def held() -> bool:
            try:
                return os.path.samestat(mine, path.stat())
            except OSError:
                return False

        yield held


@contextmanager
def database_lock(
    engine: sa.Engine, credential: str, waiting: Callable[[], None], *, first: bool
) -> Iterator[StillHeld]:
    """Hold the lock of a ledger in PostgreSQL; it is lost when the session ends, whoever ends it.

    While one waits that is `first`, no other takes it. The lock belongs to a transaction, not to the session: a pooler
    in transaction mode gives the session to somebody else, but no transaction.

    Raises:
        LedgerError: the database cannot be used.
    """
    name = {"credential": credential}
    with ExitStack() as held_while_waiting, ExitStack() as lock:
        with as_ledger_error():
            if first:
                held_while_waiting.enter_context(_transaction(engine)).execute(_WAIT_FIRST, name)
            connection = lock.enter_context(_transaction(engine))

            def taken() -> bool:
                if _is_true(connection, _TAKE if first else _TAKE_UNLESS_ONE_IS_FIRST, name):
                    return True
                connection.rollback()
                return False

            wait_until(taken, waiting)
            for setting in _SETTINGS:
                connection.exec_driver_sql(setting)
            held_while_waiting.close()
        yield _Transaction(connection).held


@contextmanager
def _transaction(engine: sa.Engine) -> Iterator[sa.Connection]:
    connection = engine.connect().execution_options(isolation_level="READ COMMITTED")
    try:
        yield connection
    finally:
        # What was waited for and what was set ends with the session, whatever state it is in.
        connection.invalidate()
        connection.close()


def _is_true(connection: sa.Connection, question: sa.TextClause, parameters: Mapping[str, str] | None = None) -> bool:
    return bool(connection.execute(question, parameters).scalar_one())


class _Transaction:
    """A transaction that holds the lock. Thread-safe.

    What the server sends, an ending first of all, is in the socket at once: looking there costs no round trip. A
    connection that a firewall dropped in silence shows at the next proof, which is asked for every few seconds.
    """

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._lost = False
        self._proved_at = time.monotonic()

    def held(self) -> bool:
        with self._lock:
            if not self._lost and (self._server_has_sent() or time.monotonic() - self._proved_at > PROOF_SECONDS):
                self._lost = not self._proved()
            return not self._lost

    def _server_has_sent(self) -> bool:
        try:
            return bool(select.select([self._connection.connection.fileno()], [], [], 0)[0])
        except (AttributeError, OSError, ValueError):
            return True  # a driver without a socket to look at, or one that is closed: a query finds out

    def _proved(self) -> bool:
        try:
            held = _is_true(self._connection, _HELD)
        except sa.exc.DBAPIError:
            return False
        self._proved_at = time.monotonic()
        return held
