"""What one process of a test run in several does as a whole, so that what tests share is made once."""

from __future__ import annotations

import re

from xdist.scheduler import LoadFileScheduling

_GOLDEN = re.compile(
    r"(?P<file>tests/golden/test_golden\.py)::\w+\[(?P<platform>\w+)-(?P<shop>.*?)(?:-.*)?\]", re.DOTALL
)


class FilesAndShops(LoadFileScheduling):  # type: ignore[misc]
    """One file's tests run in one process; of the golden cases, those of one platform's shop."""

    def _split_scope(self, nodeid: str) -> str:
        return scope(nodeid)


def scope(nodeid: str) -> str:
    """Return the name of what a test belongs to: its file, or a shop of the golden cases."""
    golden = _GOLDEN.fullmatch(nodeid)
    return f"{golden['file']}::{golden['platform']}-{golden['shop']}" if golden else nodeid.partition("::")[0]
