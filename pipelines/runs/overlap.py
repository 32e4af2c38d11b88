"""The windows of a range side by side, each in a process of its own: while one is sent, the next are prepared.

Threads would share one core. A window is begun while the one before it reads its last day, and all others are read: the
shop has two connections to bear at most, and each window is read later than the one before it, so that an order that
meanwhile moves to a later day is met there. They send in their order.
Whichever stage is slowest sets the pace.

A process ends with the command: it is stopped when the command is, and stops by itself when the command was
killed. Either way what is in flight is finished and written down.
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
from typing import Any, NoReturn, TypeVar

from pipelines.operations import progress, turns

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
    try:
        while coming or yielded < len(begun):
            unfinished = [window for window in begun if not window.ended]
            if coming and len(unfinished) < AT_ONCE and _may_begin(unfinished):
                begun.append(_begin(coming.popleft(), work))
                continue
            _grant_turn(begun)
            for connection in wait([window.connection for window in unfinished]):
                _receive(next(window for window in unfinished if window.connection is connection))
            while yielded < len(begun) and begun[yielded].ended:
                window = begun[yielded]
                yielded += 1
                if window.error is not None:
                    raise window.error
                yield window.result
    finally:
        _stop([window for window in begun if not window.ended])


def _may_begin(unfinished: Sequence[_Window]) -> bool:
    """Say whether another window may be read beside those that have not ended."""
    return all(window.read for window in unfinished[:-1]) and all(window.on_last_day for window in unfinished[-1:])


def _grant_turn(begun: Sequence[_Window]) -> None:
    """Let the first window that is not done with sending send, if it asks."""
    first = next((window for window in begun if not (window.sent or window.ended)), None)
    if first is not None and first.asks and not first.sending:
        first.sending = True
        _send(first, "send")


def _receive(window: _Window) -> None:
    """Take in one message of a window's process."""
    try:
        kind, what = window.connection.recv()
    except (EOFError, OSError):
        window.process.join()
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
        window.ended = True
        window.process.join()
        _ENDS.remove(window.connection)
        window.connection.close()


def _send(window: _Window, message: str) -> None:
    try:
        window.connection.send(message)
    except OSError:
        return  # it is gone, which shows when it is next listened to


def _stop(windows: Sequence[_Window]) -> None:
    """Let the windows finish what is in flight; a second signal ends them at once."""
    try:
        for window in windows:
            _send(window, "stop")
        for window in windows:
            while not window.ended:
                _receive(window)
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
    signal.signal(signal.SIGTERM, _interrupt)
    # Those of the command may be held by its progress bars.
    sys.stdout = sys.stderr = sys.__stderr__
    command = _Command(connection)
    try:
        with progress.reported_only_to(command.progress), turns.granted_by(command.turn), command.logged():
            result = work(days)
    except BaseException as error:
        command.end("error", error)
    else:
        command.end("result", result)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


class _Command:
    """The command that this process works for. Thread-safe."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._may_send = threading.Event()
        self._ended = self._stopped = False
        threading.Thread(target=self._listen, name="command", daemon=True).start()

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

    def end(self, kind: str, what: object) -> None:
        """Report how it ended; nothing interrupts this process any more."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self._ended = True
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
        self._may_send.set()
        if not self._ended:
            os.kill(os.getpid(), signal.SIGINT)


class _Relay(QueueHandler):
    """Passes records on in a shape that can be sent."""

    def __init__(self, send: Callable[[logging.LogRecord], None]) -> None:
        super().__init__(queue.Queue())
        self._send = send

    def enqueue(self, record: logging.LogRecord) -> None:
        self._send(record)
