"""What became of an order, held against what its golden case expects."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from decimal import Decimal

from tests.golden.cases import Case, Platform
from tests.golden.reading import Seen
from tests.golden.record import charged, differing, notices_of, refunded
from transforms.outcomes import Record, Reject


def assert_as_expected(platform: Platform, case: Case, seen: Sequence[Seen]) -> None:
    """Assert that an order was seen on one day only, that of its newest change, as its case expects, to the cent."""
    expect = case["expect"]
    if expect.get("missing"):
        assert list(seen) == []
        return
    [(day, timezone, found)] = seen
    if "reject" in expect:
        assert isinstance(found, Reject)
        assert f"{found.code} {found.field}" == expect["reject"]
        return
    assert isinstance(found, Record), found
    payload = json.loads(found.payload, parse_float=Decimal)
    assert differing(payload, expect, platform.plain) == []
    assert notices_of(found, expect.get("notices", [])) == expect.get("notices", [])
    assert found.store == expect.get("store", "S-1")
    assert dt.datetime.fromisoformat(payload["channel_updated_at"]).astimezone(timezone).date() == day
    if not any(notice.code == "money_mismatch" for notice in found.notices):
        assert platform.charged(case) in (None, charged(payload))
        assert platform.given_back(case) in (None, refunded(payload))
