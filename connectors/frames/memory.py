"""How a process that moves chunks of some MB through its memory allocates, keeps and gives back.

glibc raises its limits for giving memory back with the largest block it has seen, and keeps an arena a thread: with
chunks of some MB that is a third more memory. Given back at once, on the other hand, every column of a chunk is mapped
and cleared anew, which is a seventh of what normalising costs. Other C libraries are left as they are.

Python's collector of cycles would walk through all modules that are loaded (Dagster's are half a million objects) each
time the rows of a few chunks have come and gone.
"""

from __future__ import annotations

import ctypes
import gc
from functools import cache

import pyarrow as pa

# As <malloc.h> numbers them.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
_KEPT_BYTES = 16_000_000
_ARENAS = 2
# More objects than a chunk's rows are: they come and go without one collection.
_COLLECT_AFTER = 50_000


def let_go() -> None:
    """Set it up for this process."""
    # Arrow's own pool keeps what it freed: some 30 MB more a process, and no faster here.
    pa.set_memory_pool(pa.system_memory_pool())
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_TRIM_THRESHOLD, _KEPT_BYTES)
        mallopt(_MMAP_THRESHOLD, _KEPT_BYTES)
        mallopt(_ARENA_MAX, _ARENAS)


@cache
def spare_collector() -> None:
    """Let the collector of cycles look at what is made from now on only, and more rarely; once a process."""
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER)
