"""TPC-H's 22 queries through Flight SQL give what DuckDB gives over the same rows.

The scale factor is 0.1, 866,602 rows in all.

Rows are compared in an order of their own, since some queries leave the order of equal rows open. Numbers,
texts and dates have to be equal, decimals to the last digit; only what DuckDB computes as a float, averages,
which are decimals of six digits here, and quotients, may differ by one in the sixth digit.
"""

import math
from collections.abc import Iterator
from contextlib import closing

import pyarrow as pa
import pyarrow.types
import pytest
from adbc_driver_flightsql import dbapi

from .support import adbc
from .support.real_server import RealServer
from .support.tpch import TABLES, Tpch

Row = tuple[object, ...]


@pytest.fixture(scope="session")
def tpch() -> Tpch:
    return Tpch.generate(SCALE)


@pytest.fixture(scope="session")
def over_files(tpch: Tpch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dbapi.Connection]:
    """Connects to a server of DuckDB's tables in Parquet files."""
    files = tpch.write(tmp_path_factory.mktemp("tpch"))
    datasets = [part for name, file in files.items() for part in ("--dataset", f"{name}={file}")]
    with (
        RealServer(tmp_path_factory.mktemp("server"), *datasets) as server,
        closing(adbc.connect(server)) as connection,
    ):
        yield connection


def rows(table: pa.Table, exact: list[int]) -> list[Row]:
    """Returns the rows, sorted by the columns `exact`."""
    columns = [column.to_pylist() for column in table.columns]
    return sorted(zip(*columns, strict=True), key=lambda row: [row[column] for column in exact])


def is_close(ours: object, theirs: object) -> bool:
    if not isinstance(theirs, float):
        return ours == theirs
    return math.isclose(float(str(ours)), theirs, rel_tol=1e-9, abs_tol=1e-6)


@pytest.mark.parametrize("number", range(1, 23))
def test_query_gives_what_duckdb_gives(number: int, tpch: Tpch, over_files: dbapi.Connection) -> None:
    sql = tpch.query(number)
    theirs = tpch.answer(sql)
    ours = adbc.fetch(over_files, sql)
    exact = [at for at, kind in enumerate(theirs.schema.types) if not pyarrow.types.is_floating(kind)]
    assert ours.num_rows > 0
    assert ours.num_columns == theirs.num_columns
    pairs = zip(rows(ours, exact), rows(theirs, exact), strict=True)
    assert [pair for pair in pairs if not all(map(is_close, *pair))] == []


def test_generated_tables_have_the_facts_of_duckdb(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Compares all but addresses and comments, which every generator makes up by itself."""
    tpch = Tpch.generate(SMALL)
    folder = tmp_path_factory.mktemp("server")
    with (
        RealServer(folder, "--dataset", f"tpch=tpch://sf={SMALL}") as server,
        closing(adbc.connect(server)) as connection,
    ):
        for table in TABLES:
            ours = adbc.fetch(connection, f"select * from tpch.{table}")  # noqa: S608 - one of our names
            assert ours.column_names == tpch.answer(f"from {table}").column_names
            tpch.database.register("ours", ours)
            facts = "columns(c -> not regexp_matches(c, '_(comment|address)$'))"
            differing = f"select {facts} from ours except all select {facts} from {table}"  # noqa: S608
            assert tpch.answer(differing).num_rows == 0
            assert ours.num_rows == tpch.answer(f"from {table}").num_rows


SCALE = 0.1
SMALL = 0.001
