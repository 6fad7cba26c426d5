"""DuckDB as it is, and the real server: it reads what ADBC and Flight stream, and its results are written."""

from collections.abc import Iterator

import duckdb
import pytest
from adbc_driver_flightsql import dbapi
from pyarrow import flight

from .conftest import ConnectSql, StartServer
from .support.adbc import fetch
from .support.real_server import RealServer

VALUES = {
    "hugeint": "1::hugeint",
    "decimal": "1.5::decimal(10, 2)",
    "text": "'a text of more than twelve bytes'",
    "blob": "'ab'::blob",
    "date": "date '2026-01-01'",
    "time": "time '01:02:03'",
    "timestamp": "timestamp_ns '2026-01-01 12:00:00'",
    "interval": "interval 1 month",
    "enum": "'x'::enum('y', 'x')",
    "uuid": "'2f1c8a1e-9d6b-4b6e-8a57-0d4d4b8ad1b5'::uuid",
    "list": "[1, null]",
    "vector": "[1, 2]::integer[2]",
    "struct": "{'a': 1, 'b': ['x']}",
    "map": "map {'k': 1}",
    "union": "union_value(num := 2)",
}


@pytest.fixture
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as database:
        yield database


@pytest.fixture
def server(start_server: StartServer) -> RealServer:
    return start_server(
        "--dataset", f"endless=demo://?rows={10**12}", "--dataset", "trips=demo://?rows=200000"
    )


@pytest.fixture
def sql(server: RealServer, connect_sql: ConnectSql) -> dbapi.Connection:
    return connect_sql(server)


@pytest.fixture
def client(server: RealServer) -> Iterator[flight.FlightClient]:
    address = f"grpc+tls://localhost:{server.address.port}"
    with flight.connect(address, tls_root_certs=server.ca.read_text()) as client:
        yield client


def test_a_result_is_queried_as_it_streams(
    database: duckdb.DuckDBPyConnection, sql: dbapi.Connection
) -> None:
    query = "select category, count(*) as n, sum(id) as ids from {} group by category order by category"
    with sql.cursor() as cursor:
        cursor.execute("select * from trips")
        theirs = database.from_arrow(cursor.fetch_record_batch()).query("trips", query.format("trips"))
        assert theirs.fetchall() == [
            tuple(row.values()) for row in fetch(sql, query.format("trips")).to_pylist()
        ]


def test_flight_and_sql_are_joined(
    database: duckdb.DuckDBPyConnection, client: flight.FlightClient, sql: dbapi.Connection
) -> None:
    with sql.cursor() as cursor:
        cursor.execute("select id, value from trips where id % 3 = 0")
        database.register("thirds", cursor.fetch_record_batch())
        database.register("trips", client.do_get(flight.Ticket("trips")).to_reader())
        joined = database.execute(
            "select count(*), bool_and(t.value = s.value) from trips t join thirds s using (id)"
        )
        assert joined.fetchone() == (66667, True)


def test_the_first_rows_of_a_result_without_end_are_there(
    database: duckdb.DuckDBPyConnection, sql: dbapi.Connection
) -> None:
    with sql.cursor() as cursor:
        cursor.execute("select id from endless")
        first = database.from_arrow(cursor.fetch_record_batch()).limit(3)
        assert len({row for (row,) in first.fetchall()}) == 3


def test_the_first_rows_of_a_dataset_without_end_are_there(
    database: duckdb.DuckDBPyConnection, client: flight.FlightClient
) -> None:
    reader = client.do_get(flight.Ticket("endless"))
    first = database.from_arrow(reader.to_reader()).project("id").limit(3)
    assert first.fetchall() == [(0,), (1,), (2,)]
    reader.cancel()


@pytest.mark.parametrize("kind", VALUES)
def test_every_type_is_written_and_read(
    database: duckdb.DuckDBPyConnection, sql: dbapi.Connection, kind: str
) -> None:
    made = database.sql(f"select unnest([{VALUES[kind]}, null]) as {kind}").to_arrow_table()
    with sql.cursor() as cursor:
        assert cursor.adbc_ingest("kept", made.to_reader(), "create") == 2
    kept = fetch(sql, "select * from kept")
    # SQL gives dictionaries keys that count them all.
    assert kept.equals(made.cast(kept.schema) if kind == "enum" else made)
    assert database.from_arrow(kept).fetchall() == database.from_arrow(made).fetchall()


def test_a_result_is_written_as_it_streams(
    database: duckdb.DuckDBPyConnection, client: flight.FlightClient
) -> None:
    made = database.sql("select i, repeat('x', i % 100) as text from range(100000) t(i)").to_arrow_reader(
        10_000
    )
    writer, _ = client.do_put(flight.FlightDescriptor.for_path("kept"), made.schema)
    for batch in made:
        writer.write_batch(batch)
    writer.close()
    kept = client.do_get(flight.Ticket("kept")).read_all()
    assert kept.num_rows == 100_000
    assert database.from_arrow(kept).aggregate("sum(i), sum(length(text))").fetchone() == (
        4999950000,
        4950000,
    )
