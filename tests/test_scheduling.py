"""How a test run in several processes is cut."""

from __future__ import annotations

import pytest

from tests.scheduling import scope

GOLDEN = "tests/golden/test_golden.py"


@pytest.mark.parametrize(
    ("nodeid", "expected"),
    [
        ("tests/test_rooms.py::test_one[a-b]", "tests/test_rooms.py"),
        (f"{GOLDEN}::test_a[woocommerce-sqlite-an order, paid - twice]", f"{GOLDEN}::woocommerce-sqlite"),
        (f"{GOLDEN}::test_b[prestashop-mariadb 9.1]", f"{GOLDEN}::prestashop-mariadb 9.1"),
    ],
)
def test_a_file_is_whole_and_golden_cases_go_by_shop(nodeid: str, expected: str) -> None:
    assert scope(nodeid) == expected
