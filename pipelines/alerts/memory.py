"""What has been posted: one message a cause, however many runs show it, and one when it is over."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from pydantic import BaseModel, Field

# A cause that stays the same but for its numbers and orders is posted again so often, so many hours apart.
MOST_REPEATS = 3
REPEAT_AFTER = dt.timedelta(hours=1)
MOST_WAITING = 100


@dataclass(frozen=True, slots=True)
class Cause:
    """Something that is wrong now. `kind` is what makes it another cause: what is wrong, without numbers and orders."""

    key: str
    title: str
    kind: str
    text: str


class Told(BaseModel):
    """What was posted about a cause last."""

    title: str
    kind: str
    digest: str
    at: dt.datetime
    repeats: int = 0


class Failing(BaseModel):
    """Runs of a channel that failed for one reason, and the days that no later run has done since."""

    channel: str
    job: str
    reason: str
    days: list[str]
    order_ids: list[str] = []


class Memory(BaseModel):
    """What the sensor keeps between its ticks. `waiting` are messages that the webhook has not accepted yet."""

    told: dict[str, Told] = Field(default_factory=dict)
    failing: dict[str, Failing] = Field(default_factory=dict)
    failures_seen: int | None = None
    successes_seen: int | None = None
    waiting: list[str] = Field(default_factory=list)

    def learn(
        self, causes: Iterable[Cause], undecided: frozenset[str], now: dt.datetime, channels: Collection[str]
    ) -> None:
        """Put what is to be posted among the waiting messages; what is `undecided` just now stays as it is.

        What was wrong with a channel that is not among the `channels` any more is not resolved by that.
        """
        current = {cause.key: cause for cause in causes}
        for cause in current.values():
            if self._is_news(cause, now):
                self._post_later(f":red_circle: {cause.text}")
        for key in self.told.keys() - current.keys() - undecided:
            title = self.told.pop(key).title
            if title.removeprefix("channel ").partition(":")[0] in channels:
                self._post_later(f":large_green_circle: {title}: resolved")
            else:
                self._post_later(f":white_circle: {title}: not watched any more, channels.toml has no such channel")

    def _is_news(self, cause: Cause, now: dt.datetime) -> bool:
        before, repeats = self.told.get(cause.key), 0
        digest = hashlib.sha256(cause.text.encode()).hexdigest()[:16]
        if before is not None and before.kind == cause.kind:
            repeats = before.repeats + 1
            if before.digest == digest or repeats > MOST_REPEATS or now - before.at < REPEAT_AFTER:
                return False
        self.told[cause.key] = Told(title=cause.title, kind=cause.kind, digest=digest, at=now, repeats=repeats)
        return True

    def _post_later(self, message: str) -> None:
        if len(self.waiting) < MOST_WAITING:
            self.waiting.append(message)
