"""The windows of a range side by side, each in a process of its own: while one is sent, the next are prepared.

Threads would share one core. A window is begun while the one before it reads its last day, and all others are read: the
shop has two connections to bear at most, and each window is read later than the one before it, so that an order that
meanwhile moves to a later day is met there. They send in their order.
Whichever stage is slowest sets the pace.

A process ends with the command: it is stopped when the command is, and stops by itself when the command was
killed. Either way what is in flight is finished and written down. The command takes signals in between two messages:
a handler that raises would do so in the middle of one, or while it forks, where Python drops what is raised.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import pickle
import queue
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from logging.handlers import QueueHandler
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import FrameType
from typing import Any, Self, TypeVar

from pipelines.operations import progress, turns
from pipelines.operations.interrupts import keep_interrupts

Result = TypeVar("Result")
# One reads, one normalises, one sends.
AT_ONCE = 3
# Forking loads nothing again, but is not safe on macOS.
_PROCESSES: Any = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
# The command's ends of the pipes to its processes.
_ENDS: list[Connection] = []


class WindowLost(Exception):
    """The process of a window ended without a result: it was killed, or ran out of memory."""


@dataclass(slots=True)
class _Window:
    """A window that is being worked on. `on_last_day`: reads it, or has `read` it; `asks`: for its turn to send."""

    days: list[str]
    process: BaseProcess
    connection: Connection
    on_last_day: bool = False
    read: bool = False
    asks: bool = False
    sending: bool = False
    sent: bool = False
    ended: bool = False
    result: Any = None
    error: BaseException | None = None


def overlapped(windows: Sequence[list[str]], work: Callable[[list[str]], Result]) -> Generator[Result | WindowLost]:
    """Do `work(days)` for each window in a process of its own; yield the results in the windows' order.

    The work has to be picklable. Once a result is not asked for, no further window is begun, and those that
    have begun are stopped.

    Raises:
        KeyboardInterrupt: the command was told to stop, or one of its processes was.
        Exception: what the work raised.
    """
    coming = deque(windows)
    begun: list[_Window] = []
    yielded = 0
    with _Signals() as signals:
        try:
            while coming or yielded < len(begun):
                unfinished = [window for window in begun if not window.ended]
                if coming and len(unfinished) < AT_ONCE and _may_begin(unfinished):
                    begun.append(_begin(coming.popleft(), work))
                    continue
                _grant_turn(begun)
                for connection in signals.wait([window.connection for window in unfinished]):
                    _receive(next(window for window in unfinished if window.connection is connection), signals)
                while yielded < len(begun) and begun[yielded].ended:
                    window = begun[yielded]
                    yielded += 1
                    if window.error is not None:
                        raise window.error
                    yield window.result
        finally:
            _stop([window for window in begun if not window.ended], signals)


class _Signals:
    """SIGINT and SIGTERM of the command: noted when they come, raised where it waits, while the block lasts."""

    def __enter__(self) -> Self:
        self._command = os.getpid()
        self._noted, self._note = multiprocessing.Pipe(duplex=False)
        self._before = [(number, signal.signal(number, self._handle)) for number in (signal.SIGINT, signal.SIGTERM)]
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for number, handler in self._before:
            signal.signal(number, handler)
        is_noted = self._noted.poll()
        self._noted.close()
        self._note.close()
        if is_noted and kind is None:
            raise KeyboardInterrupt

    def wait(self, objects: Sequence[Connection | int]) -> list[Any]:
        """Wait until some of these are ready, and return them.

        Raises:
            KeyboardInterrupt: the command was told to stop.
        """
        ready = wait([*objects, self._noted])
        if self._noted in ready:
            self._noted.recv_bytes()
            raise KeyboardInterrupt
        return ready

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        # A process that was just forked has handlers of its own in a moment.
        if os.getpid() == self._command:
            self._note.send_bytes(b"")


def _may_begin(unfinished: Sequence[_Window]) -> bool:
    """Return whether another window may be read beside those that have not ended."""
    return all(window.read for window in unfinished[:-1]) and all(window.on_last_day for window in unfinished[-1:])


def _grant_turn(begun: Sequence[_Window]) -> None:
    """Let the first window that is not done with sending send, if it asks."""
    first = next((window for window in begun if not (window.sent or window.ended)), None)
    if first is not None and first.asks and not first.sending:
        first.sending = True
        _send(first, "send")


def _receive(window: _Window, signals: _Signals) -> None:
    """Take in one message of a window's process."""
    try:
        kind, what = window.connection.recv()
    except (EOFError, OSError):
        _join(window, signals)
        _ENDS.remove(window.connection)
        window.result = WindowLost(
            f"the process of {window.days[0]} to {window.days[-1]} was killed or ran out of memory "
            f"(exit code {window.process.exitcode}); run these days again"
        )
        window.ended = True
        return
    match kind:
        case "progress":
            stage, day, orders, done, total = what
            if stage == "reading" and day == window.days[-1]:
                window.on_last_day = True
                window.read = window.read or done
            progress.report(stage, day, orders, done=done, total=total)
        case "log":
            logging.getLogger(what.name).handle(what)
        case "turn":
            window.asks = True
        case "sent":
            window.sent = True
        case "result":
            window.result = what
        case "error":
            window.error = what
    if kind in {"result", "error"}:
        _join(window, signals)
        window.ended = True
        _ENDS.remove(window.connection)
        window.connection.close()


def _join(window: _Window, signals: _Signals) -> None:
    signals.wait([window.process.sentinel])
    window.process.join()


def _send(window: _Window, message: str) -> None:
    try:
        window.connection.send(message)
    except OSError:
        return  # it is gone, which shows when it is next listened to


def _stop(windows: Sequence[_Window], signals: _Signals) -> None:
    """Let the windows finish what is in flight; a second signal ends them at once."""
    try:
        for window in windows:
            _send(window, "stop")
        for window in windows:
            while not window.ended:
                signals.wait([window.connection])
                _receive(window, signals)
    finally:
        for window in windows:
            if not window.ended:
                window.process.kill()
                window.process.join()


def _begin(days: list[str], work: Callable[[list[str]], Result]) -> _Window:
    ours, its = _PROCESSES.Pipe()
    _ENDS.append(ours)
    name = f"window of {days[0]}"
    process = _PROCESSES.Process(target=_process, args=(its, work, days), name=name, daemon=True)
    process.start()
    its.close()
    return _Window(days, process, ours)


def _process(connection: Connection, work: Callable[[list[str]], object], days: list[str]) -> None:
    """Do the work of one window in this process, and report to the command."""
    # A copy of them in this process would hide from the others that the command is gone.
    while _ENDS:
        _ENDS.pop().close()
    # Ctrl-C in a terminal goes to the command, which passes it on.
    os.setpgid(0, 0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    keep_interrupts(signal.SIGINT)
    # Those of the command may be held by its progress bars.
    sys.stdout = sys.stderr = sys.__stderr__
    command = _Command(connection)
    ended: tuple[str, object]
    try:
        with (
            command.obeyed(),
            progress.reported_only_to(command.progress),
            turns.granted_by(command.turn),
            command.logged(),
        ):
            ended = "result", work(days)
    except BaseException as error:
        ended = "error", error
    command.report(*ended)


class _Command:
    """The command that this process works for. Thread-safe."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._may_send = threading.Event()
        self._stopped = False

    @contextmanager
    def obeyed(self) -> Iterator[None]:
        """Let the command stop this process while the block lasts; nothing interrupts it afterwards."""
        try:
            threading.Thread(target=self._listen, name="command", daemon=True).start()
            yield
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)

    def progress(self, stage: str, day: str, orders: int, *, done: bool = False, total: int | None = None) -> None:
        """Pass on how far a stage is."""
        self._send("progress", (stage, day, orders, done, total))

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until the windows before are sent."""
        self._send("turn", None)
        self._may_send.wait()
        if self._stopped:
            # The signal may have come while Dagster held it back, and nobody gives a turn any more.
            raise KeyboardInterrupt
        try:
            yield
        finally:
            self._send("sent", None)

    @contextmanager
    def logged(self) -> Iterator[None]:
        """Pass on what would be printed here for want of a handler."""
        before = logging.lastResort
        relay = _Relay(lambda record: self._send("log", record))
        if before is not None:
            relay.setLevel(before.level)
            relay.filters = before.filters
        logging.lastResort = relay
        try:
            yield
        finally:
            logging.lastResort = before

    def report(self, kind: str, what: object) -> None:
        """Report how the work ended."""
        try:
            self._send(kind, what)
        except (TypeError, AttributeError, pickle.PicklingError):
            self._send("error", RuntimeError(f"{type(what).__name__}: {what}"))

    def _send(self, kind: str, what: object) -> None:
        with self._lock, suppress(OSError):  # where the command is gone, `_listen` stops this process
            self._connection.send((kind, what))

    def _listen(self) -> None:
        message = ""
        while message != "stop":
            try:
                message = self._connection.recv()
            except (EOFError, OSError):
                message = "stop"
            if message == "send":
                self._may_send.set()
        self._stopped = True
        # The signal first: it is the one thing that then ends the waiting for a turn.
        os.kill(os.getpid(), signal.SIGINT)
        self._may_send.set()


class _Relay(QueueHandler):
    """Passes records on in a shape that can be sent."""

    def __init__(self, send: Callable[[logging.LogRecord], None]) -> None:
        super().__init__(queue.Queue())
        self._send = send

    def enqueue(self, record: logging.LogRecord) -> None:
        self._send(record)
