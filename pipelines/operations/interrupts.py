"""Interrupts: what a signal's handler raises must reach the code that it is to end."""

from __future__ import annotations

import signal
import sys

_DELAY = 0.05  # seconds
_NO_INTERRUPTS = (Exception, GeneratorExit, SystemExit)


def keep_interrupts(number: signal.Signals) -> None:
    """Raise this signal whenever the exception of one was dropped. For the main thread of a process of our own.

    Python drops what is raised in the callback of a weak reference or in a finaliser: it prints a traceback and goes
    on, so that the process does not end.
    """
    report = sys.unraisablehook

    def deliver_again(dropped: sys.UnraisableHookArgs) -> None:
        if issubclass(dropped.exc_type, _NO_INTERRUPTS):
            report(dropped)
        else:
            # Later, because what dropped it is still under way.
            signal.setitimer(signal.ITIMER_REAL, _DELAY)

    sys.unraisablehook = deliver_again
    signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(number))
