"""Files as polars, pandas and DuckDB write them, served: by name and by SQL the same rows."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from adbc_driver_flightsql import dbapi
from pyarrow import flight

from .support import adbc
from .support.real_server import RealServer

Rows = list[dict[str, object]]

FRAME = pl.DataFrame(
    {
        "text": ["a text of more than twelve bytes", None],
        "category": pl.Series(["x", None], dtype=pl.Categorical),
        "decimal": pl.Series([1, None], dtype=pl.Decimal(20, 2)),
        "list": [["a", None], None],
        "struct": [{"a": 1, "b": ["x"]}, None],
        "vector": pl.Series([[1, 2], None], dtype=pl.Array(pl.Int16, 2)),
    }
)
INDEXED = pd.DataFrame({"number": [1.5, 2.5]}, index=pd.Index(["r", "s"], name="key"))
ORDERED = pd.DataFrame({"size": pd.Categorical(["s", "l"], ["s", "m", "l"], ordered=True)})
DUCKDB = """
select 1.5::decimal(10, 2) as decimal, 'ab'::blob as blob, date '2026-01-01' as date, time '01:02:03' as time,
    timestamp_ns '2026-01-01 12:00:00' as nanos, 'x'::enum('y', 'x') as enum, [1, null] as list,
    {'a': 1, 'b': ['x']} as struct, map {'k': 1} as map
union all select null, null, null, null, null, null, null, null, null
"""
INTERVAL = "select interval 14 month + interval 3 day + interval 5 second as length"


@dataclass(frozen=True)
class File:
    """A file by the end of its name: how it is written, and what it holds."""

    suffix: str
    write: Callable[[Path], object]
    rows: Rows


def from_pandas(frame: pd.DataFrame) -> Rows:
    return pa.Table.from_pandas(frame).to_pylist()


FILES = {
    "polars-parquet": File("parquet", FRAME.write_parquet, FRAME.to_dicts()),
    "polars-arrow": File("arrow", FRAME.write_ipc, FRAME.to_dicts()),
    "polars-zstd": File("arrow", lambda path: FRAME.write_ipc(path, compression="zstd"), FRAME.to_dicts()),
    "pandas-indexed": File("parquet", INDEXED.to_parquet, from_pandas(INDEXED)),
    "pandas-ordered": File("parquet", ORDERED.to_parquet, from_pandas(ORDERED)),
    "pandas-csv": File("csv", INDEXED.to_csv, from_pandas(INDEXED.reset_index())),
    "duckdb-parquet": File(
        "parquet",
        lambda path: duckdb.sql(DUCKDB).write_parquet(str(path)),
        duckdb.sql(DUCKDB).to_arrow_table().to_pylist(),
    ),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    """Serves every file, each under its name."""
    folder = tmp_path_factory.mktemp("written")
    intervals = folder / "intervals.parquet"
    duckdb.sql(INTERVAL).write_parquet(str(intervals))
    datasets = ["--dataset", f"intervals={intervals}"]
    for name, file in FILES.items():
        path = folder / f"{name}.{file.suffix}"
        file.write(path)
        datasets += ["--dataset", f"{name}={path}"]
    with RealServer(folder, *datasets) as server:
        yield server


@pytest.fixture
def connection(server: RealServer) -> Iterator[dbapi.Connection]:
    with closing(adbc.connect(server)) as connection:
        yield connection


@pytest.fixture
def client(server: RealServer) -> Iterator[flight.FlightClient]:
    address = f"grpc+tls://localhost:{server.address.port}"
    with flight.connect(address, tls_root_certs=server.ca.read_text()) as client:
        yield client


@pytest.mark.parametrize("name", FILES)
def test_every_file_is_read_by_name_and_by_sql(
    client: flight.FlightClient, connection: dbapi.Connection, name: str
) -> None:
    by_name = client.do_get(flight.Ticket(name)).read_all()
    assert by_name.to_pylist() == FILES[name].rows
    by_sql = adbc.fetch(connection, f'select * from "{name}"')  # noqa: S608 - ours
    # SQL gives dictionaries keys that count them all.
    assert by_sql.equals(by_name.cast(by_sql.schema) if name == "pandas-ordered" else by_name)


def test_intervals_that_would_lose_their_months_are_refused(
    client: flight.FlightClient, connection: dbapi.Connection
) -> None:
    with pytest.raises(NotImplementedError, match="column `length` is an INTERVAL"):
        client.do_get(flight.Ticket("intervals")).read_all()
    with pytest.raises(dbapi.NotSupportedError, match="column `length` is an INTERVAL"):
        adbc.fetch(connection, "select * from intervals")
