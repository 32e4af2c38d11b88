"""Two clocks: that of the shop's database, by which readings are ordered, and this machine's, which judges it.

Neither overrules the other, as either may be wrong; that they differ is reported, and a reading that lies in the future
is noticed (`stamps_sane`) once the wrong one is put right.
"""

from __future__ import annotations

import datetime as dt

TOLERANCE = dt.timedelta(minutes=5)


def clocks_differ(read_at: dt.datetime) -> str | None:
    """Describe how an instant just read from a database's clock differs from this machine's, None when it does not."""
    ours = dt.datetime.now(dt.UTC)
    if abs(read_at - ours) <= TOLERANCE:
        return None
    return (
        f"the clock of the shop's database is at {_text(read_at)}, this machine's {_text(ours)}; "
        "set the wrong one right: of an order that was read in the future no later change is sent"
    )


def _text(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
