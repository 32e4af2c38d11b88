"""Orders in storage: the way there and back changes nothing."""

from __future__ import annotations

import datetime as dt
import resource
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.frames import tables
from connectors.frames.storage import FrameStorage, StorageError
from tests.outcomes import normalised
from transforms.frames import COLUMNS, FRAME_NAMES, Frame, OrderFrames, Table, order_frames, table
from transforms.outcomes import Notice, Record, Reject

READ_AT = dt.datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=dt.UTC)
ORDER_IDS = st.sampled_from(["1", "2", "Ünï-3", None])
CELLS = st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]), max_size=4))


@st.composite
def any_frames(draw: st.DrawFn) -> OrderFrames:
    ids = draw(st.lists(ORDER_IDS, min_size=1, max_size=4, unique=True))
    frames: dict[str, Frame] = {}
    for name, columns in COLUMNS.items():
        owners = ids if name == "orders" else draw(st.lists(st.sampled_from(ids), max_size=6))
        rows = [[owner, *(draw(CELLS) for _ in columns[1:])] for owner in owners]
        frames[name] = table([column.name for column in columns], rows)
    return order_frames(frames, READ_AT)


def rows_by_order(frame: pa.RecordBatch) -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = {}
    for row in zip(*(column.tolist() for column in frame.columns), strict=True):
        found.setdefault(row[0], []).append(row)
    return found


@pytest.mark.slow
@given(any_frames())
def test_whole_orders_come_back_as_they_went_in(frames: OrderFrames) -> None:
    back = tables.order_frames_of(tables.raw_table(frames))
    assert back.read_at == READ_AT
    for name in FRAME_NAMES:
        assert rows_by_order(getattr(back, name)) == rows_by_order(getattr(frames, name))


def test_rows_of_an_order_that_is_no_order_are_left_out() -> None:
    cells = {column.name: ["cart"] for column in COLUMNS["addresses"]}
    orders = {column.name: ["1"] for column in COLUMNS["orders"]}
    frames = order_frames({"orders": Table(orders), "addresses": Table(cells)}, READ_AT)
    assert len(tables.order_frames_of(tables.raw_table(frames)).addresses) == 0


def test_records_and_rejects_come_back_as_they_went_in() -> None:
    record = Record("1", "S-1", "u", "r", b'{"a":1}', "h", 2, 1, (Notice("dropped_field", "f", "d"),))
    reject = Reject("2", "missing", "order_lines", "is required", "r")
    table = tables.mirakl_table(normalised([record], [reject]))
    assert list(tables.records_of([table.select(tables.RECORD_COLUMNS)])) == [record]
    assert list(tables.rejects_of([table.select(tables.REJECT_COLUMNS)])) == [reject]


def one_row(text: str = "x") -> pa.Table:
    return tables.mirakl_table(normalised([], [Reject(text, "invalid", "f", "r", "t")]))


def test_a_day_is_written_in_place_of_what_was_there(tmp_path: Path) -> None:
    storage = FrameStorage(str(tmp_path / "frames"))
    for text in ("first", "second"):
        storage.write("boutique", "mirakl_orders", "2026-03-01", tables.MIRAKL_ORDERS, [one_row(text)])
    [chunk] = storage.read("boutique", "mirakl_orders", "2026-03-01")
    assert chunk["channel_order_id"].to_pylist() == ["second"]


def test_a_day_whose_writing_fails_is_as_it_was_before(tmp_path: Path) -> None:
    storage = FrameStorage(str(tmp_path / "frames"))
    storage.write("boutique", "mirakl_orders", "2026-03-01", tables.MIRAKL_ORDERS, [one_row("first")])

    def broken() -> Any:
        yield one_row("second")
        raise RuntimeError("the shop went away")

    with pytest.raises(RuntimeError):
        storage.write("boutique", "mirakl_orders", "2026-03-01", tables.MIRAKL_ORDERS, broken())
    [chunk] = storage.read("boutique", "mirakl_orders", "2026-03-01")
    assert chunk["channel_order_id"].to_pylist() == ["first"]
    assert len(list((tmp_path / "frames/boutique/mirakl_orders").iterdir())) == 1


def test_frames_are_private_to_their_owner(tmp_path: Path) -> None:
    storage = FrameStorage(str(tmp_path / "frames"))
    storage.write("boutique", "mirakl_orders", "2026-03-01", tables.MIRAKL_ORDERS, [one_row()])
    path = Path(storage.path("boutique", "mirakl_orders", "2026-03-01"))
    assert path.stat().st_mode & 0o777 == 0o600
    assert {place.stat().st_mode & 0o777 for place in (path.parent, path.parents[1], path.parents[2])} == {0o700}


def test_a_folder_that_was_there_before_keeps_its_permissions(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    for folder in (shared, shared / "frames"):
        folder.mkdir()
        folder.chmod(0o750)
    storage = FrameStorage(str(shared / "frames"))
    storage.probe()
    storage.write("boutique", "mirakl_orders", "2026-03-01", tables.MIRAKL_ORDERS, [one_row()])
    folders = (shared, shared / "frames", shared / "frames/boutique", shared / "frames/boutique/mirakl_orders")
    assert [folder.stat().st_mode & 0o777 for folder in folders] == [0o750, 0o750, 0o700, 0o700]


def test_trying_a_place_leaves_nothing_there_and_reports_one_not_writable(tmp_path: Path) -> None:
    FrameStorage(str(tmp_path / "new/frames")).probe()
    assert list((tmp_path / "new/frames").iterdir()) == []
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match=f"FRAMES_URL: nothing can be written to {tmp_path}/file/frames"):
        FrameStorage(str(tmp_path / "file/frames")).probe()


def test_trying_a_full_disk_reports_that_nothing_can_be_written(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        with pytest.raises(StorageError, match="FRAMES_URL: nothing can be written to"):
            FrameStorage(str(tmp_path)).probe()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_frames_are_removed_after_the_retention_time(tmp_path: Path) -> None:
    import os

    storage = FrameStorage(str(tmp_path / "frames"))
    for day in ("2026-03-01", "2026-03-02"):
        storage.write("boutique", "mirakl_orders", day, tables.MIRAKL_ORDERS, [one_row()])
    os.utime(storage.path("boutique", "mirakl_orders", "2026-03-01"), (0, 0))
    assert storage.remove_old(30) == 1
    with pytest.raises(StorageError, match="no mirakl_orders of channel 'boutique' for 2026-03-01"):
        list(storage.read("boutique", "mirakl_orders", "2026-03-01"))
    assert len(list(storage.read("boutique", "mirakl_orders", "2026-03-02"))) == 1


def test_removing_old_frames_does_not_mind_what_runs_beside_it_finish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = FrameStorage(str(tmp_path / "frames"))
    storage.write("boutique", "mirakl_orders", "2026-03-01", tables.MIRAKL_ORDERS, [one_row()])
    listed = storage._files.find

    def find(root: str) -> list[str]:
        return [f"{root}/boutique/raw_orders/.2026-03-02.{32 * '0'}", *listed(root)]

    monkeypatch.setattr(storage._files, "find", find)
    assert storage.remove_old(30) == 0


def test_columns_are_read_by_name_in_whatever_order_they_were_stored() -> None:
    cells = {column.name: [column.name] for column in COLUMNS["orders"]}
    stored = tables.raw_table(order_frames({"orders": Table(cells)}, READ_AT))
    turned = stored.select(stored.schema.names[::-1])
    assert tables.order_frames_of(turned).orders == tables.order_frames_of(stored).orders


@pytest.mark.parametrize(
    ("asset", "other"),
    [
        ("mirakl_orders", pa.schema(list(tables.MIRAKL_ORDERS)[1:])),
        ("mirakl_orders", tables.MIRAKL_ORDERS.append(pa.field("of_tomorrow", pa.string()))),
        ("raw_orders", tables.RAW_ORDERS.append(pa.field("of_tomorrow", pa.string()))),
        ("raw_orders", tables.RAW_ORDERS.remove(tables.RAW_ORDERS.get_field_index("channel_order_id"))),
        ("raw_orders", tables.RAW_ORDERS.set(0, pa.field(tables.RAW_ORDERS.field(0).name, pa.int64()))),
    ],
)
def test_frames_of_another_version_are_refused_with_what_to_do(tmp_path: Path, asset: str, other: pa.Schema) -> None:
    storage = FrameStorage(str(tmp_path / "frames"))
    storage.write("boutique", asset, "2026-03-01", other, [])
    with pytest.raises(StorageError, match="another version of this software; materialise boutique/raw_orders"):
        list(storage.read("boutique", asset, "2026-03-01"))


def test_raw_orders_stored_before_an_optional_column_was_known_are_read_without_it(tmp_path: Path) -> None:
    storage = FrameStorage(str(tmp_path / "frames"))
    cells = {column.name: ["7"] for column in COLUMNS["orders"]}
    lines = {column.name: ["7"] for column in COLUMNS["lines"]}
    stored = tables.raw_table(order_frames({"orders": Table(cells), "lines": Table(lines)}, READ_AT))
    older_lines = pa.list_(
        pa.struct([cell for cell in stored.schema.field("lines").type.value_type if cell.name != "gross_amount"])
    )
    place = stored.schema.get_field_index("lines")
    older = stored.drop(["email"]).set_column(place - 1, "lines", stored["lines"].cast(older_lines))
    storage.write("boutique", "raw_orders", "2026-03-01", tables.made_from(older.schema, "the shop"), [older])
    [read] = storage.read("boutique", "raw_orders", "2026-03-01")
    frames = tables.order_frames_of(read)
    assert (frames.orders["email"].to_pylist(), frames.orders["status"].to_pylist()) == ([None], ["7"])
    assert frames.lines["price"].to_pylist() == ["7"]
    # What a tick carries over is complete: such a day is read from the shop again.
    assert storage.made_from("boutique", "raw_orders", "2026-03-01") is None


def test_a_day_without_orders_is_an_empty_file(tmp_path: Path) -> None:
    storage = FrameStorage(str(tmp_path / "frames"))
    storage.write("boutique", "raw_orders", "2026-03-01", tables.RAW_ORDERS, [])
    assert list(storage.read("boutique", "raw_orders", "2026-03-01")) == []


def test_frames_can_be_kept_in_any_file_system_fsspec_knows() -> None:
    storage = FrameStorage("memory://frames")
    storage.write("boutique", "mirakl_orders", "2026-03-01", tables.MIRAKL_ORDERS, [one_row("x")])
    [chunk] = storage.read("boutique", "mirakl_orders", "2026-03-01", ["channel_order_id"])
    assert chunk["channel_order_id"].to_pylist() == ["x"]


def test_a_full_disk_is_one_message_that_names_the_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = FrameStorage(str(tmp_path / "frames"))

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(storage, "_write", full)
    with pytest.raises(StorageError, match=r"No space left on device.*FRAMES_URL"):
        storage.write("boutique", "mirakl_orders", "2026-03-01", tables.MIRAKL_ORDERS, [one_row()])


def test_decimals_never_reach_a_cell_as_floats() -> None:
    frame = Table({column.name: [Decimal("1.10")] for column in COLUMNS["orders"]})
    back = tables.order_frames_of(tables.raw_table(order_frames({"orders": frame}, READ_AT)))
    assert back.orders["total"].tolist() == ["1.10"]
