"""What Mirakl says of an error is a code and a path; whatever else stands in their place is not kept."""

from __future__ import annotations

import httpx
import orjson
import pytest

from connectors.mirakl.errors import Fault, faults, stop_of


def body(code: str, field: str | None) -> bytes:
    return orjson.dumps({"code": code, "errors": [{"code": code, "field": field}]})


@pytest.mark.parametrize(
    "path", ["$.orders[3].status", "orders.3.status", "$['orders'][3]", "/orders/3/status", "input"]
)
def test_codes_and_paths_of_any_syntax_are_kept(path: str) -> None:
    assert faults(body("invalid.value-2:x", path)) == (Fault("invalid.value-2:x", path),)


@pytest.mark.parametrize(
    ("code", "field", "kept"),
    [
        ("no such\x1b[31m thing", "orders[0].status\x1b[0m", Fault("no_such_thing", "orders[0].status")),
        ("E jane@example.org", "orders[0].email jane@example.org", Fault("E_e-mail_", "orders[0].email")),
        ("X", "jane.doe@example.org", Fault("X", None)),
        ("X", "orders[0].phone +49 170 555 1234", Fault("X", "orders[0].phone")),
        ("X", "the name Jane Doe is too long", Fault("X", "the")),
        ("x" * 5000, "f" * 5000, Fault("x" * 99 + "_", "f" * 299)),
        ("\x00", "\x00", Fault("HTTP_400", None)),
    ],
)
def test_what_is_no_code_or_no_path_is_cleaned_and_bounded(code: str, field: str, kept: Fault) -> None:
    assert faults(body(code, field)) == (kept,)


def test_the_code_of_a_stopped_store_is_cleaned_as_well() -> None:
    answer = httpx.Response(403, content=body("NO jane@example.org\n", None))
    assert str(stop_of(answer)).startswith("HTTP 403 (NO_e-mail_): ")
