"""A Singer target made with singer-sdk, fed by a tap that writes one record an order."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from typing import Any, ClassVar

from singer_sdk import BatchSink, Target

from tests.benchmarks.floor import batches, post

SCHEMA = {"type": "object", "properties": {"channel_order_id": {"type": "string"}}, "additionalProperties": True}


class OrderSink(BatchSink):
    max_size = 100

    def process_batch(self, context: dict[str, Any]) -> None:
        post(sys.argv[2], [context["records"]])


class TargetOrders(Target):
    name = "target-orders"
    config_jsonschema: ClassVar[dict[str, Any]] = {"type": "object", "properties": {}}
    default_sink_class = OrderSink


def tap(database: str) -> None:
    """Write Singer messages."""
    print(json.dumps({"type": "SCHEMA", "stream": "orders", "schema": SCHEMA, "key_properties": ["channel_order_id"]}))
    for batch in batches(database):
        for order in batch:
            print(json.dumps({"type": "RECORD", "stream": "orders", "record": order}))


if __name__ == "__main__":
    if sys.argv[1] == "tap":
        tap(sys.argv[2])
    else:
        with subprocess.Popen(
            [sys.executable, "-m", __spec__.name, "tap", sys.argv[1]], stdout=subprocess.PIPE
        ) as source:
            assert source.stdout is not None
            TargetOrders(config={}).listen(io.TextIOWrapper(source.stdout, encoding="utf-8"))
