"""The ADBC driver for Flight SQL as it is: results read in parts, elsewhere, by many, and in large values."""

import functools
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest
from adbc_driver_flightsql import DatabaseOptions, dbapi

from .conftest import ConnectSql, StartServer
from .support.adbc import fetch

TRIPS = ("--dataset", "trips=demo://?rows=200000")


def read(connection: dbapi.Connection, partitions: list[bytes]) -> pa.Table:
    tables: list[pa.Table] = []
    with connection.cursor() as cursor:
        for partition in partitions:
            cursor.adbc_read_partition(partition)
            tables.append(cursor.fetch_arrow_table())
    return pa.concat_tables(tables)


def test_partitions_are_read_by_any_server_of_the_same_datasets(
    start_server: StartServer, connect_sql: ConnectSql
) -> None:
    first, second = connect_sql(start_server(*TRIPS)), connect_sql(start_server(*TRIPS))
    with first.cursor() as cursor:
        partitions, schema = cursor.adbc_execute_partitions("select id, value from trips where id % 2 = 0")
    first.close()
    table = read(second, partitions)
    assert table.schema == schema
    assert table.sort_by("id")["id"].to_pylist() == list(range(0, 200_000, 2))


def test_schema_and_parameters_are_told_without_executing(connection: dbapi.Connection) -> None:
    sql = "select id, value * 2 as twice from trips where id = ? and category = ?"
    with connection.cursor() as cursor:
        parameters = cursor.adbc_prepare(sql)
        assert parameters is not None
        assert parameters.types == [pa.int64(), pa.string()]
        schema = cursor.adbc_execute_schema("select id, value * 2 as twice from trips")
    assert schema == pa.schema(
        [
            pa.field("id", pa.int64(), nullable=False),
            pa.field("twice", pa.float64()),
        ]
    )


def test_many_connections_query_at_once(start_server: StartServer, connect_sql: ConnectSql) -> None:
    server = start_server(*TRIPS)
    connections = [connect_sql(server) for _ in range(16)]

    def work(number: int) -> list[int]:
        sql = "select count(*) as n from trips where id % 16 = $1"
        return [fetch(connections[number], sql, (at,))["n"][0].as_py() for at in (number, 16)]

    with ThreadPoolExecutor(len(connections)) as pool:
        assert list(pool.map(work, range(len(connections)))) == [[12_500, 0]] * len(connections)


def test_a_result_that_is_left_gives_its_turn_to_the_next(
    start_server: StartServer, connect_sql: ConnectSql
) -> None:
    datasets = ("--dataset", f"endless=demo://?rows={10**12}")
    connection = connect_sql(start_server(*datasets, settings={"ARROWLINK__QUERY__MAX_QUERIES": "1"}))
    for _ in range(3):
        with connection.cursor() as cursor:
            cursor.execute("select id from endless")
            assert cursor.fetch_record_batch().read_next_batch().num_rows > 0


def test_a_result_is_sent_in_messages_that_the_driver_takes(connection: dbapi.Connection) -> None:
    table = fetch(connection, "select repeat('x', 40000) as text, value from range(1000)")
    assert table.nbytes > 40_000_000
    assert table.sort_by("value")["value"].to_pylist() == list(range(1000))


def test_a_large_value_is_read_by_who_takes_large_messages(
    start_server: StartServer, connect_sql: ConnectSql
) -> None:
    server = start_server()
    query = functools.partial(fetch, sql="select repeat('x', 30000000) as text")
    with pytest.raises(dbapi.Error, match="`arrowlink-max-message-bytes`"):
        query(connect_sql(server))
    options = {
        DatabaseOptions.WITH_MAX_MSG_SIZE.value: str(LARGE),
        f"{DatabaseOptions.RPC_CALL_HEADER_PREFIX.value}arrowlink-max-message-bytes": str(LARGE),
    }
    assert query(connect_sql(server, **options)).nbytes > 30_000_000


LARGE = 64 * 1024 * 1024
