"""The ADBC driver for Flight SQL as it is, and the real server: queries, values, browsing and ingest."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any, Literal, TypedDict, Unpack

import adbc_driver_manager
import pyarrow as pa
import pytest
from adbc_driver_flightsql import dbapi

from .conftest import ConnectSql, StartServer
from .support.adbc import fetch
from .support.certificates import Authority

Depth = Literal["all", "catalogs", "db_schemas", "tables"]
Mode = Literal["append", "create", "replace", "create_append"]


class Place(TypedDict, total=False):
    catalog_name: str
    db_schema_name: str
    temporary: bool


LONG = "select count(*) from range(100000000) a, range(100000000) b where a.value * b.value = 7"


def ingest(connection: dbapi.Connection, table: str, rows: int, mode: Mode, **place: Unpack[Place]) -> int:
    with connection.cursor() as cursor:
        return cursor.adbc_ingest(table, pa.table({"id": range(rows)}), mode, **place)


def count(connection: dbapi.Connection, table: str) -> int:
    return fetch(connection, f"select * from {table}").num_rows  # noqa: S608 - a test's own name


def test_a_query_returns_rows(connection: dbapi.Connection) -> None:
    assert fetch(connection, "select 1 as one, 'a' as a").to_pylist() == [{"one": 1, "a": "a"}]
    assert fetch(connection, "select * from trips").num_rows == 1000
    assert fetch(connection, "select * from sales.orders limit 3").num_rows == 3


@pytest.mark.parametrize(
    ("sql", "values", "answer"),
    [
        ("select ? + 1 as x", (41,), 42),
        ("select concat($2, $1) as x", ("b", "a"), "ab"),
        ("select count(*) as x from trips where ? is null", (None,), 1000),
        ("select date '2026-01-01' = ? as x", (dt.date(2026, 1, 1),), True),
    ],
)
def test_values_are_bound(connection: dbapi.Connection, sql: str, values: object, answer: object) -> None:
    assert fetch(connection, sql, values)["x"].to_pylist() == [answer]


def test_a_prepared_query_takes_one_value_after_another(connection: dbapi.Connection) -> None:
    with connection.cursor() as cursor:
        for value in range(3):
            cursor.execute("select cast($1 as bigint) as x", (value,))
            assert cursor.fetchall() == [(value,)]


def test_wrong_values_say_what_is_wrong(connection: dbapi.Connection) -> None:
    with pytest.raises(dbapi.ProgrammingError, match=r"parameter `\$1` is Int64, but the value is Utf8"):
        fetch(connection, "select id from trips where id = $1", ("many",))
    with pytest.raises(dbapi.ProgrammingError, match=r"1 parameter .*, but 2 values were given"):
        fetch(connection, "select cast($1 as bigint) as x", (1, 2))


def test_bad_sql_says_where(connection: dbapi.Connection) -> None:
    with pytest.raises(dbapi.Error, match="did you mean `trips`"):
        fetch(connection, "select * from tripz")
    with pytest.raises(dbapi.ProgrammingError, match="line 1"):
        fetch(connection, "selct 1")
    assert fetch(connection, "select 1 as one").num_rows == 1


def test_a_sample_is_not_the_whole(connection: dbapi.Connection) -> None:
    with pytest.raises(dbapi.NotSupportedError, match=r"(?i)sample"):
        fetch(connection, "select * from trips tablesample bernoulli (10)")


def test_many_rows_are_inserted_by_one_statement(connection: dbapi.Connection) -> None:
    ingest(connection, "t", 1, "create")
    with connection.cursor() as cursor:
        cursor.executemany("insert into t values ($1)", [(5,), (6,), (7,)])
        assert cursor.rowcount == 3
        cursor.adbc_statement.set_sql_query("insert into t values (8)")
        assert cursor.adbc_statement.execute_update() == 1
    assert fetch(connection, "select id from t order by id")["id"].to_pylist() == [0, 5, 6, 7, 8]


def test_objects_at_each_depth(connection: dbapi.Connection) -> None:
    def objects(depth: Depth, schema: str | None = None, table: str | None = None) -> dict[str, Any]:
        found = connection.adbc_get_objects(depth=depth, db_schema_filter=schema, table_name_filter=table)
        return {row["catalog_name"]: row["catalog_db_schemas"] for row in found.read_all().to_pylist()}

    assert objects("catalogs") == {"arrowlink": None}
    schemas = {schema["db_schema_name"] for schema in objects("db_schemas")["arrowlink"]}
    assert schemas == {"information_schema", "public", "sales"}
    (sales,) = objects("tables", "sales")["arrowlink"]
    assert [(table["table_name"], table["table_type"]) for table in sales["db_schema_tables"]] == [
        ("orders", "TABLE")
    ]
    (public,) = objects("all", "public", "tr%")["arrowlink"]
    columns = [column["column_name"] for column in public["db_schema_tables"][0]["table_columns"]]
    assert columns == fetch(connection, "select * from trips limit 0").column_names


def test_what_is_told_of_a_table_is_what_is_read(connection: dbapi.Connection) -> None:
    told = connection.adbc_get_table_schema("orders", db_schema_filter="sales")
    assert told == fetch(connection, "select * from sales.orders").schema
    assert connection.adbc_get_table_types() == ["SYSTEM TABLE", "TABLE"]
    system = connection.adbc_get_table_schema("tables", db_schema_filter="information_schema")
    assert system == fetch(connection, "select * from information_schema.tables").schema
    with pytest.raises(dbapi.Error, match=r"No table found|NOT_FOUND"):
        connection.adbc_get_table_schema("nothing")


def test_the_server_introduces_itself(connection: dbapi.Connection) -> None:
    info = connection.adbc_get_info()
    assert info["vendor_name"] == "ArrowLink"
    assert info["vendor_arrow_version"] == "1.5"


def test_ingest_in_each_mode(connection: dbapi.Connection) -> None:
    with pytest.raises(dbapi.Error, match="no dataset `t`"):
        ingest(connection, "t", 1, "append")
    assert ingest(connection, "t", 3, "create") == 3
    with pytest.raises(dbapi.Error, match="`t`"):
        ingest(connection, "t", 3, "create")
    assert ingest(connection, "t", 4, "append") == 4
    assert count(connection, "t") == 7
    assert ingest(connection, "t", 2, "replace") == 2
    assert count(connection, "t") == 2
    assert ingest(connection, "t", 1, "create_append") == 1
    assert ingest(connection, "u", 1, "create_append") == 1
    assert count(connection, "t") == 3


def test_ingest_into_a_schema(connection: dbapi.Connection) -> None:
    ingest(connection, "notes", 3, "create", db_schema_name="sales")
    assert count(connection, "sales.notes") == 3
    ingest(connection, "notes", 2, "create", catalog_name="eu", db_schema_name="sales")
    assert count(connection, "eu.sales.notes") == 2
    with pytest.raises(dbapi.NotSupportedError, match="no temporary tables"):
        ingest(connection, "notes", 3, "create", temporary=True)
    other = pa.table({"text": ["a"]})
    with connection.cursor() as cursor, pytest.raises(dbapi.Error, match=r"`text`|`id`"):
        cursor.adbc_ingest("notes", other, "append", db_schema_name="sales")
    assert count(connection, "sales.notes") == 3


def test_texts_are_plain(connection: dbapi.Connection) -> None:
    with connection.cursor() as cursor:
        announced = cursor.adbc_execute_schema("select arrow_cast('a', 'Utf8View') as a")
        cursor.execute("select arrow_cast('a', 'Utf8View') as a")
        table = cursor.fetch_arrow_table()
    assert announced == table.schema == pa.schema([pa.field("a", pa.string())])


def test_a_schema_is_chosen_for_a_session(connection: dbapi.Connection) -> None:
    connection.adbc_current_db_schema = "sales"
    assert connection.adbc_current_db_schema == "sales"
    assert count(connection, "orders") == 10
    ingest(connection, "notes", 2, "create")
    connection.adbc_current_db_schema = "public"
    assert count(connection, "sales.notes") == 2


def test_a_cancelled_query_gives_its_turn_to_the_next(
    start_server: StartServer, connect_sql: ConnectSql
) -> None:
    connection = connect_sql(start_server(settings={"ARROWLINK__QUERY__MAX_QUERIES": "1"}))
    with connection.cursor() as cursor, ThreadPoolExecutor() as pool:
        query = pool.submit(lambda: (cursor.execute(LONG), cursor.fetchall()))
        while wait([query], timeout=0.05).not_done:
            cursor.adbc_cancel()
        with pytest.raises(dbapi.Error, match=r"(?i)cancel"):
            query.result()
    assert fetch(connection, "select 1 as one").num_rows == 1


def test_there_are_no_transactions(start_server: StartServer, connect_sql: ConnectSql) -> None:
    connection = connect_sql(start_server())
    with pytest.raises(adbc_driver_manager.NotSupportedError):
        connection.adbc_connection.set_autocommit(False)


def test_an_unknown_authority_is_refused(
    start_server: StartServer, connect_sql: ConnectSql, authority: Authority
) -> None:
    server = start_server()
    with pytest.raises(dbapi.Error, match="certificate"):
        fetch(connect_sql(server, authority.pem.decode()), "select 1")
