"""Records and rejects as a chunk's outcome, without the orders they came of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import pyarrow as pa

from transforms.normalised import MIRAKL_ORDERS, Normalised
from transforms.outcomes import Record, Reject


def normalised(records: Iterable[Record] = (), rejects: Iterable[Reject] = ()) -> Normalised:
    """Put records and rejects together as normalisation does."""
    rows: list[dict[str, Any]] = [
        {**record._asdict(), "rejected": False, "notices": [asdict(notice) for notice in record.notices]}
        for record in records
    ]
    rows += [{**reject._asdict(), "rejected": True, "notices": []} for reject in rejects]
    return Normalised(pa.RecordBatch.from_pylist(rows, MIRAKL_ORDERS))
