"""Frames on S3: a server that speaks its protocol, the real driver; mistakes are one message each."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

import fsspec
import pytest

from connectors.frames import tables
from connectors.frames.storage import FrameStorage, StorageError
from tests.pipelines.test_tables import one_row

BUCKET = "frames-of-the-test"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    # Imported only here: it takes a second, in each process of a test run.
    server = import_module("moto.server").ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[fsspec.AbstractFileSystem]:
    """The environment of somebody who may use S3, with one bucket."""
    for name, value in {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret-key",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/nowhere",
        "AWS_SHARED_CREDENTIALS_FILE": "/nowhere",
    }.items():
        monkeypatch.setenv(name, value)
    forget()
    files = fsspec.filesystem("s3")
    if not files.exists(BUCKET):
        files.mkdir(BUCKET)
    yield files
    forget()


def forget() -> None:
    """Let the driver look at the environment anew, as a new process would."""
    fsspec.get_filesystem_class("s3").clear_instance_cache()


def buckets(files: fsspec.AbstractFileSystem) -> list[str]:
    files.invalidate_cache()
    return sorted(files.ls(""))


def test_frames_are_written_read_and_removed(s3: fsspec.AbstractFileSystem) -> None:
    storage = FrameStorage(f"s3://{BUCKET}/frames")
    storage.probe()
    storage.write("boutique", "mirakl_orders", "2026-03-01", tables.MIRAKL_ORDERS, [one_row()])
    [chunk] = storage.read("boutique", "mirakl_orders", "2026-03-01")
    assert chunk.equals(one_row())
    s3.invalidate_cache()
    assert s3.find(f"{BUCKET}/frames") == [f"{BUCKET}/frames/boutique/mirakl_orders/2026-03-01.parquet"]
    assert storage.remove_old(30) == 0
    assert storage.remove_old(-1) == 1


def test_a_mistyped_bucket_is_one_message_and_none_is_made(s3: fsspec.AbstractFileSystem) -> None:
    storage = FrameStorage("s3://framse-of-the-test/frames")
    with pytest.raises(StorageError, match="FRAMES_URL: nothing can be written to framse-of-the-test/frames"):
        storage.probe()
    with pytest.raises(StorageError, match="the frames of 2026-03-01 cannot be written"):
        storage.write("boutique", "mirakl_orders", "2026-03-01", tables.MIRAKL_ORDERS, [one_row()])
    assert buckets(s3) == [BUCKET]


@pytest.mark.usefixtures("s3")
def test_without_credentials_each_use_is_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    forget()
    storage = FrameStorage(f"s3://{BUCKET}/frames")
    with pytest.raises(StorageError, match=r"FRAMES_URL: .*Unable to locate credentials"):
        storage.probe()
    with pytest.raises(StorageError, match="Unable to locate credentials"):
        storage.write("boutique", "mirakl_orders", "2026-03-01", tables.MIRAKL_ORDERS, [one_row()])
    with pytest.raises(StorageError, match="Unable to locate credentials"):
        list(storage.read("boutique", "mirakl_orders", "2026-03-01"))
    with pytest.raises(StorageError, match="Unable to locate credentials"):
        storage.remove_old(30)


@pytest.mark.usefixtures("s3")
def test_a_server_that_is_not_there_is_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    forget()
    with pytest.raises(StorageError, match=r"FRAMES_URL: .*127\.0\.0\.1:1"):
        FrameStorage(f"s3://{BUCKET}/frames").probe()
