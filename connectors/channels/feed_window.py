"""The window of a feed that is read page by page: which part of it is asked for next.

A page is all that is left of the window that is asked for, worked out and sorted by the database, and cut off. So once
a page is full, the rest is asked for in parts of about a page each: the database then looks at a change about once,
however many a day has. Times are those of the feed: text without offset, or moments with one.
"""

from __future__ import annotations

import datetime as dt
from typing import Any


class FeedWindow:
    """The part [`start`, `end`) that is asked for next, of a window that is asked for whole at first."""

    def __init__(self, start: Any, end: Any) -> None:
        self.start, self.end, self._last = start, end, end
        self._seconds = 0

    def after_full_page(self, change: Any) -> None:
        """Go on from the last change of a page, in a part as long as the page was."""
        passed = _seconds_between(self.start, change)
        if passed is not None:
            self._seconds = max(passed, 1)
            self.start, self.end = change, min(shifted(change, self._seconds), self._last)

    def after_short_page(self, *, few: bool) -> bool:
        """Go on to the next part, a longer one where there were few changes; return whether there is one."""
        if self.end == self._last:
            return False
        if few:
            self._seconds *= 2
        self.start, self.end = self.end, min(shifted(self.end, self._seconds), self._last)
        return True


def shifted(time_of_feed: Any, seconds: int) -> Any:
    """Return a time so many seconds later, written as it is."""
    by = dt.timedelta(seconds=seconds)
    if isinstance(time_of_feed, dt.datetime):
        return time_of_feed + by
    return as_text(dt.datetime.fromisoformat(time_of_feed) + by)


def as_text(moment: dt.datetime) -> str:
    """Write a time without its offset."""
    return moment.replace(tzinfo=None).isoformat(sep=" ")


def _seconds_between(earlier: Any, later: Any) -> int | None:
    """Return the whole seconds between two times; None where they are the same, or not written as by `as_text`."""
    if earlier == later:
        return None
    if isinstance(earlier, str):
        try:
            moments = [dt.datetime.fromisoformat(text) for text in (earlier, later)]
        except ValueError:
            return None
        if [as_text(moment) for moment in moments] != [earlier, later]:
            return None
        earlier, later = moments
    return int((later - earlier).total_seconds())
