"""Letting memory go: what a chunk needed goes back to the system, so that a process does not grow over its hours.

glibc raises its limits for giving memory back with the largest block it has seen, and keeps an arena a thread: with
chunks of some MB that is a third more memory. Other C libraries are left as they are.
"""

from __future__ import annotations

import ctypes

import pyarrow as pa

# As <malloc.h> numbers them.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
_KEPT_BYTES = 2_000_000
_ARENAS = 2


def let_go() -> None:
    """Set it up for this process."""
    # Arrow's own pool keeps what it freed: some 30 MB more a process, and no faster here.
    pa.set_memory_pool(pa.system_memory_pool())
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_TRIM_THRESHOLD, _KEPT_BYTES)
        mallopt(_MMAP_THRESHOLD, _KEPT_BYTES)
        mallopt(_ARENA_MAX, _ARENAS)
