"""The lock of the one sender: whoever holds it may send, and asks before each request whether it still does."""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import sqlalchemy as sa

from connectors.ledger.file_lock import alone, nobody_holds, together, wait_until
from connectors.ledger.schema import explained

PROOF_SECONDS = 5.0
# Nobody else's: a pooler that gave the session to another client would show here.
_HELD = sa.text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid()")
_TAKE = sa.text("SELECT pg_try_advisory_lock(hashtext('ledger sender'))")
_WAIT_FIRST = sa.text("SELECT pg_advisory_lock_shared(hashtext('ledger sender first'))")
_WAITED_FIRST = sa.text("SELECT pg_advisory_unlock_shared(hashtext('ledger sender first'))")
_NOBODY_FIRST = sa.text("SELECT pg_try_advisory_lock(hashtext('ledger sender first'))")
_LET_FIRST = sa.text("SELECT pg_advisory_unlock(hashtext('ledger sender first'))")

Held = Callable[[], bool]


@contextmanager
def file_lock(path: Path, waiting: Callable[[], None], *, first: bool) -> Iterator[Held]:
    """Hold the lock of a ledger that is a file; it is lost when the lock's file is removed or replaced.

    While one waits that is `first`, no other takes it.

    Raises:
        OSError: the file cannot be made.
    """
    before = path.with_name(f"{path.name}.first")
    with ExitStack() as held_while_waiting, ExitStack() as lock:
        if first:
            held_while_waiting.enter_context(together(before))
        lock.enter_context(alone(path, waiting, lambda: first or nobody_holds(before)))
        held_while_waiting.close()
        mine = path.stat()

        def held() -> bool:
            try:
                return os.path.samestat(mine, path.stat())
            except OSError:
                return False

        yield held


@contextmanager
def session_lock(engine: sa.Engine, waiting: Callable[[], None], *, first: bool) -> Iterator[Held]:
    """Hold the lock of a ledger in PostgreSQL; it is lost when the session ends, whoever ends it.

    While one waits that is `first`, no other takes it.

    Raises:
        LedgerError: the database cannot be used.
    """
    with explained():
        connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    try:
        with explained():
            # A machine that goes down says nothing: the server asks, and lets go of the lock within a minute.
            for setting, value in (("idle", 20), ("interval", 10), ("count", 3)):
                connection.exec_driver_sql(f"SET tcp_keepalives_{setting} = {value}")
            if first:
                connection.execute(_WAIT_FIRST)
            wait_until(lambda: (first or _nobody_is_first(connection)) and _is_true(connection, _TAKE), waiting)
            if first:
                connection.execute(_WAITED_FIRST)
        yield _Session(connection).held
    finally:
        # The lock belongs to the session, which must not go back to the pool with it.
        connection.invalidate()
        connection.close()


def _nobody_is_first(connection: sa.Connection) -> bool:
    return _is_true(connection, _NOBODY_FIRST) and _is_true(connection, _LET_FIRST)


def _is_true(connection: sa.Connection, question: sa.TextClause) -> bool:
    return bool(connection.execute(question).scalar_one())


class _Session:
    """A session that holds the lock. Thread-safe.

    What the server has to say, an ending first of all, lies in the socket at once: looking there costs no round trip. A
    connection that a firewall dropped in silence shows at the next proof, which is asked for every few seconds.
    """

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._lost = False
        self._proved_at = time.monotonic()

    def held(self) -> bool:
        with self._lock:
            if not self._lost and (self._server_speaks() or time.monotonic() - self._proved_at > PROOF_SECONDS):
                self._lost = not self._proved()
            return not self._lost

    def _server_speaks(self) -> bool:
        try:
            return bool(select.select([self._connection.connection.fileno()], [], [], 0)[0])
        except (AttributeError, OSError, ValueError):
            return True  # a driver without a socket to look at, or one that is closed: asking tells

    def _proved(self) -> bool:
        try:
            held = _is_true(self._connection, _HELD)
        except sa.exc.DBAPIError:
            return False
        self._proved_at = time.monotonic()
        return held
