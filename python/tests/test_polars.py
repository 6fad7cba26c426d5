"""polars as it is, and the real server: frames are read and written through ADBC, every type as it was."""

import datetime as dt
from decimal import Decimal

import polars as pl
import pytest
from adbc_driver_flightsql import dbapi
from polars.testing import assert_frame_equal

from .conftest import ConnectSql, StartServer

COLUMNS = {
    "boolean": pl.Series([True, None]),
    "int8": pl.Series([-128, None], dtype=pl.Int8),
    "uint64": pl.Series([2**64 - 1, None], dtype=pl.UInt64),
    "float": pl.Series([1.5, None]),
    "decimal": pl.Series([Decimal("1.50"), None], dtype=pl.Decimal(20, 2)),
    "text": pl.Series(["a text of more than twelve bytes", None]),
    "binary": pl.Series([b"bytes, and more than twelve of them", None]),
    "date": pl.Series([dt.date(2026, 1, 1), None]),
    "time": pl.Series([dt.time(1, 2, 3, 4), None]),
    "datetime": pl.Series([dt.datetime(2026, 1, 1, 12), None], dtype=pl.Datetime("us")),  # noqa: DTZ001 - none
    "zoned": pl.Series([dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC), None], dtype=pl.Datetime("ns", "UTC")),
    "duration": pl.Series([dt.timedelta(days=-1), None], dtype=pl.Duration("ms")),
    "category": pl.Series(["x", None], dtype=pl.Categorical),
    "enum": pl.Series(["x", None], dtype=pl.Enum(["y", "x"])),
    "list": pl.Series([["a", None], None], dtype=pl.List(pl.String)),
    "vector": pl.Series([[1, 2], None], dtype=pl.Array(pl.Int16, 2)),
    "struct": pl.Series([{"a": 1, "b": ["x"]}, None]),
}


def test_a_frame_is_read(connection: dbapi.Connection) -> None:
    frame = pl.read_database("select * from trips where id >= 998 order by id", connection)
    assert frame.schema == {
        "id": pl.Int64,
        "timestamp": pl.Datetime("ms", "UTC"),
        "value": pl.Float64,
        "category": pl.String,
        "is_valid": pl.Boolean,
    }
    assert frame["id"].to_list() == [998, 999]


def test_values_are_bound(connection: dbapi.Connection) -> None:
    sql = "select * from trips where id < $1 and category = $2 order by id"
    bound = pl.read_database(sql, connection, execute_options={"parameters": (500, "tango")})
    trips = pl.read_database("select * from trips order by id", connection)
    assert_frame_equal(bound, trips.filter(pl.col("id") < 500, category="tango"))


def test_an_address_is_enough(start_server: StartServer) -> None:
    server = start_server("--insecure", "--dataset", "trips=demo://?rows=1000")
    uri = f"flightsql://127.0.0.1:{server.address.port}?transport=tcp"
    with pytest.warns(match="Cannot disable autocommit"):
        frame = pl.read_database_uri("select count(*) as n from trips", uri, engine="adbc")
    assert frame.to_dicts() == [{"n": 1000}]


def test_batches_come_one_by_one(start_server: StartServer, connect_sql: ConnectSql) -> None:
    connection = connect_sql(start_server("--dataset", f"endless=demo://?rows={10**12}"))
    with connection.cursor() as cursor:
        frames = pl.read_database("select id from endless", cursor, iter_batches=True, batch_size=1000)
        first, second = next(frames), next(frames)
    assert first["id"].is_unique().all()
    assert second.join(first, on="id").is_empty()


@pytest.mark.parametrize("kind", COLUMNS)
def test_every_type_is_written_and_read(connection: dbapi.Connection, kind: str) -> None:
    frame = pl.DataFrame({kind: COLUMNS[kind]})
    assert frame.write_database("kept", connection, engine="adbc") == 2
    assert_frame_equal(pl.read_database("select * from kept", connection), frame)


def test_tables_are_created_once_replaced_and_appended_to(connection: dbapi.Connection) -> None:
    frame = pl.DataFrame({"id": [1, 2]})
    frame.write_database("sales.kept", connection, engine="adbc")
    with pytest.raises(dbapi.Error, match="kept"):
        frame.write_database("sales.kept", connection, engine="adbc")
    frame.write_database("sales.kept", connection, engine="adbc", if_table_exists="append")
    assert pl.read_database("select id from sales.kept", connection)["id"].to_list() == [1, 2, 1, 2]
    other = pl.DataFrame({"text": ["a"]})
    other.write_database("sales.kept", connection, engine="adbc", if_table_exists="replace")
    assert pl.read_database("select * from sales.kept", connection).to_dicts() == [{"text": "a"}]


def test_errors_say_what_the_server_says(connection: dbapi.Connection) -> None:
    with pytest.raises(dbapi.Error, match="did you mean `trips`"):
        pl.read_database("select * from tripz", connection)
