"""What a schema browser or SQLAlchemy's inspector asks, through ADBC: places, tables, columns and keys."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from adbc_driver_flightsql import dbapi

from .conftest import ConnectSql, StartServer
from .support.adbc import fetch

Table = tuple[str, str, str]


@dataclass(frozen=True)
class Inspector:
    """Asks as SQLAlchemy's `Inspector` does, with patterns of LIKE where it has them."""

    connection: dbapi.Connection

    def catalogs(self) -> list[str]:
        return [row["catalog_name"] for row in self.objects(depth="catalogs")]

    def schemas(self, catalog: str | None = None) -> list[tuple[str, str]]:
        rows = self.objects(depth="db_schemas", catalog_filter=catalog)
        return [
            (row["catalog_name"], schema["db_schema_name"])
            for row in rows
            for schema in row["catalog_db_schemas"]
        ]

    def tables(self, **filters: object) -> list[Table]:
        return [place for place, _ in self._tables(depth="tables", **filters)]

    def columns(self, table: str, columns: str | None = None) -> list[dict[str, Any]]:
        found = self._tables(depth="all", table_name_filter=table, column_name_filter=columns)
        return [column for _, found in found for column in found["table_columns"]]

    def constraints(self, table: str) -> list[object]:
        found = self._tables(depth="all", table_name_filter=table)
        return [constraint for _, found in found for constraint in found["table_constraints"]]

    def objects(self, **filters: object) -> list[dict[str, Any]]:
        return self.connection.adbc_get_objects(**filters).read_all().to_pylist()  # type: ignore[arg-type]

    def _tables(self, **filters: object) -> Iterator[tuple[Table, dict[str, Any]]]:
        for catalog in self.objects(**filters):
            for schema in catalog["catalog_db_schemas"]:
                for table in schema["db_schema_tables"]:
                    place = (catalog["catalog_name"], schema["db_schema_name"], table["table_name"])
                    yield place, table


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    path = tmp_path / "damaged.parquet"
    path.write_text("PAR1, and nothing of a table")
    return path


@pytest.fixture
def connection(start_server: StartServer, connect_sql: ConnectSql, damaged: Path) -> dbapi.Connection:
    """Connects to a server with datasets in two catalogs, one of them damaged."""
    datasets = {
        "trips": "demo://?rows=1000",
        "trip_s": "demo://?rows=1",
        "trip1s": "demo://?rows=1",
        "damaged": damaged,
        "sales.orders": "demo://?rows=10",
        "eu.sales.orders": "demo://?rows=20",
    }
    return connect_sql(
        start_server(*(part for name, uri in datasets.items() for part in ("--dataset", f"{name}={uri}")))
    )


@pytest.fixture
def inspector(connection: dbapi.Connection) -> Inspector:
    return Inspector(connection)


def test_catalogs_and_schemas_are_those_of_the_names(inspector: Inspector) -> None:
    assert inspector.catalogs() == ["arrowlink", "eu"]
    assert inspector.schemas("eu") == [("eu", "sales")]
    assert inspector.schemas("arrow%") == [
        ("arrowlink", "information_schema"),
        ("arrowlink", "public"),
        ("arrowlink", "sales"),
    ]


def test_tables_are_found_by_place_and_kind(inspector: Inspector) -> None:
    orders = [("arrowlink", "sales", "orders"), ("eu", "sales", "orders")]
    assert inspector.tables(table_name_filter="orders") == orders
    assert inspector.tables(catalog_filter="eu") == orders[1:]
    assert inspector.tables(catalog_filter="arrowlink", db_schema_filter="s_les") == orders[:1]
    assert inspector.tables(table_types_filter=["VIEW"]) == []
    public = inspector.tables(db_schema_filter="public", table_types_filter=["TABLE"])
    assert [table for _, _, table in public] == ["damaged", "default", "trip1s", "trip_s", "trips"]
    system = inspector.tables(table_types_filter=["SYSTEM TABLE"])
    assert {schema for _, schema, _ in system} == {"information_schema"}


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("trips", ["trips"]),
        ("TRIPS", []),
        ("trip%", ["trip1s", "trip_s", "trips"]),
        ("trip_s", ["trip1s", "trip_s"]),
        (r"trip\_s", ["trip_s"]),
        ("tr_ps", ["trips"]),
        ("%", ["damaged", "default", "trip1s", "trip_s", "trips"]),
        ("", []),
        ("trips'; --", []),
    ],
)
def test_patterns_of_tables(inspector: Inspector, pattern: str, found: list[str]) -> None:
    tables = inspector.tables(db_schema_filter="public", table_name_filter=pattern)
    assert [table for _, _, table in tables] == found


def test_columns_say_their_place_and_type(inspector: Inspector) -> None:
    columns = inspector.columns("trips")
    assert [(it["ordinal_position"], it["column_name"], it["xdbc_data_type"]) for it in columns] == [
        (1, "id", BIGINT),
        (2, "timestamp", TIMESTAMP),
        (3, "value", FLOAT),
        (4, "category", VARCHAR),
        (5, "is_valid", BIT),
    ]
    assert [it["column_name"] for it in inspector.columns("trips", "%i%")] == ["id", "timestamp", "is_valid"]


def test_columns_say_the_name_of_their_type(inspector: Inspector) -> None:
    columns = inspector.columns("trips")
    assert [it["xdbc_type_name"] for it in columns] == [
        "BIGINT",
        "TIMESTAMP WITH TIME ZONE",
        "DOUBLE",
        "VARCHAR",
        "BOOLEAN",
    ]
    assert {
        (it["xdbc_scope_catalog"], it["xdbc_scope_schema"], it["xdbc_scope_table"]) for it in columns
    } == {("arrowlink", "public", "trips")}
    assert {it["xdbc_is_autoincrement"] for it in columns} == {False}


def test_columns_say_whether_they_may_be_null(connection: dbapi.Connection) -> None:
    schema = connection.adbc_get_table_schema("trips", db_schema_filter="public")
    assert [field.nullable for field in schema] == [False] * 5
    sql = "select distinct is_nullable from information_schema.columns where table_name = 'trips'"
    assert fetch(connection, sql)["is_nullable"].to_pylist() == ["NO"]


def test_no_table_has_keys(inspector: Inspector) -> None:
    assert inspector.constraints("trips") == []


def test_a_damaged_dataset_is_listed_and_hinders_nobody(
    inspector: Inspector, connection: dbapi.Connection
) -> None:
    assert inspector.columns("damaged") == []
    assert len(inspector.columns("tr%")) == 15
    sql = "select table_name as name from information_schema.tables where table_schema = 'public' order by 1"
    assert fetch(connection, sql)["name"].to_pylist() == ["damaged", "default", "trip1s", "trip_s", "trips"]
    columns = fetch(connection, "select distinct table_name as name from information_schema.columns")
    assert "trips" in columns["name"].to_pylist()


def test_the_place_of_a_connection_is_told(connection: dbapi.Connection) -> None:
    assert connection.adbc_current_catalog == "arrowlink"
    assert connection.adbc_current_db_schema == "public"
    connection.adbc_current_db_schema = "sales"
    assert (connection.adbc_current_catalog, connection.adbc_current_db_schema) == ("arrowlink", "sales")
    assert fetch(connection, "select * from orders").num_rows == 10
    connection.adbc_current_catalog = "eu"
    assert fetch(connection, "select * from orders").num_rows == 20


def test_what_is_written_and_dropped_is_seen(inspector: Inspector, connection: dbapi.Connection) -> None:
    place = ("arrowlink", "public", "Kept")
    with connection.cursor() as cursor:
        cursor.adbc_ingest("Kept", pa.table({"id": [1]}), "create")
        assert inspector.tables(table_name_filter="K%") == [place]
        assert fetch(connection, 'select * from "Kept"').num_rows == 1
        cursor.execute('drop table "Kept"')
    assert inspector.tables(table_name_filter="K%") == []


def test_types_of_tables_are_those_of_the_tables(inspector: Inspector, connection: dbapi.Connection) -> None:
    types = connection.adbc_get_table_types()
    tables = {kind: inspector.tables(table_types_filter=[kind]) for kind in types}
    assert sorted(table for found in tables.values() for table in found) == sorted(inspector.tables())
    assert all(tables.values())


BIT, BIGINT, FLOAT, VARCHAR, TIMESTAMP = -7, -5, 6, 12, 93
