"""Libraries that read a URL read that of a dataset; the others read its bytes."""

import urllib.request
from collections.abc import Callable

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from .conftest import StartServer
from .support.real_server import RealServer

ROWS = 20_000


@pytest.fixture
def server(start_server: StartServer, monkeypatch: pytest.MonkeyPatch) -> RealServer:
    """A server whose certificate everything trusts that asks OpenSSL or rustls."""
    server = start_server("--dataset", f"readings=demo://?rows={ROWS}")
    monkeypatch.setenv("SSL_CERT_FILE", str(server.ca))
    return server


def url(server: RealServer, form: str) -> str:
    return f"https://localhost:{server.address.port}/v1/datasets/readings?format={form}"


def opened(server: RealServer, form: str) -> bytes:
    with urllib.request.urlopen(url(server, form)) as answer:  # noqa: S310 - a server of this test
        body: bytes = answer.read()
    return body


@pytest.mark.parametrize(
    ("form", "read"),
    [("csv", pd.read_csv), ("parquet", pd.read_parquet), ("arrow-file", pd.read_feather)],
)
def test_pandas_reads_urls(server: RealServer, form: str, read: Callable[[str], pd.DataFrame]) -> None:
    frame = read(url(server, form))
    assert len(frame) == ROWS
    assert frame["id"].is_unique


def test_pyarrow_reads_while_rows_come(server: RealServer) -> None:
    with (
        urllib.request.urlopen(url(server, "arrow-stream")) as answer,  # noqa: S310 - a server of this test
        pa.ipc.open_stream(answer) as reader,
    ):
        assert sum(batch.num_rows for batch in reader) == ROWS


@pytest.mark.parametrize(
    ("form", "read"),
    [
        ("csv", pl.read_csv),
        ("parquet", pl.read_parquet),
        ("arrow-file", pl.read_ipc),
        ("arrow-stream", pl.read_ipc_stream),
        ("ndjson", pl.read_ndjson),
    ],
)
def test_polars_reads_bytes(server: RealServer, form: str, read: Callable[[bytes], pl.DataFrame]) -> None:
    assert read(opened(server, form)).height == ROWS


def test_polars_reads_urls_of_streams(server: RealServer) -> None:
    assert pl.read_ipc_stream(url(server, "arrow-stream")).height == ROWS


def test_duckdb_reads_streams_of_pyarrow(server: RealServer) -> None:
    with urllib.request.urlopen(url(server, "arrow-stream")) as answer:  # noqa: S310 - a server of this test
        rows = pa.ipc.open_stream(answer)
        connection = duckdb.connect()
        connection.register("readings", rows)
        assert connection.execute("select count(*) from readings").fetchall() == [(ROWS,)]


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_head_has_no_length_and_no_body(server: RealServer, form: str) -> None:
    request = urllib.request.Request(url(server, form), method="HEAD")  # noqa: S310 - a server of this test
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - a server of this test
        assert answer.status == 200
        assert answer.headers["content-length"] is None
        assert answer.read() == b""
