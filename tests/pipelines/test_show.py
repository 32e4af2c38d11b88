"""What the command line prints can be read, whatever an order holds."""

from __future__ import annotations

import io

from rich.console import Console

from pipelines.show import rows


def test_an_id_of_hundreds_of_characters_leaves_room_for_the_reason() -> None:
    output = io.StringIO()
    failure = {
        "order_id": "z" * 600,
        "outcome": "rejected",
        "code": "invalid",
        "field": "total",
        "reason": "is missing",
    }
    uuid = {**failure, "order_id": "00000000-0000-4000-8000-0000000000ff"}
    rows(Console(file=output, width=140), "Orders that were rejected or refused", [failure, uuid])
    shown = output.getvalue().splitlines()
    told = ["rejected", "invalid", "total", "is", "missing"]
    assert [line.split() for line in shown if "invalid" in line] == [["z" * 39 + "…", *told], [uuid["order_id"], *told]]
