"""A process that is signalled to stop stops, wherever the signal meets it."""

from __future__ import annotations

import subprocess
import sys

import pytest

_DROPPED = """
import signal, time, weakref
from pipelines.operations.interrupts import keep_interrupts

signal.signal(signal.SIGTERM, signal.default_int_handler)
keep_interrupts(signal.SIGTERM)
class Collected:
    pass
collected = Collected()
{drops}
del collected
try:
    time.sleep(60)
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.parametrize(
    "drops",
    [
        "callback = weakref.ref(collected, lambda _: signal.raise_signal(signal.SIGTERM))",
        "Collected.__del__ = lambda _: signal.raise_signal(signal.SIGTERM)",
    ],
)
def test_an_interrupt_that_python_drops_is_delivered_again(drops: str) -> None:
    program = [sys.executable, "-c", _DROPPED.format(drops=drops)]
    done = subprocess.run(program, capture_output=True, text=True, timeout=30, check=True)
    assert (done.stdout, done.stderr) == ("interrupted\n", "")


@pytest.mark.slow
def test_what_is_dropped_but_no_interrupt_is_reported_as_ever() -> None:
    drops = "Collected.__del__ = lambda _: 1 / 0\nsignal.setitimer(signal.ITIMER_REAL, 1)"
    program = [sys.executable, "-c", _DROPPED.format(drops=drops)]
    done = subprocess.run(program, capture_output=True, text=True, timeout=30, check=True)
    assert "ZeroDivisionError: division by zero" in done.stderr
    assert done.stdout == "interrupted\n"
