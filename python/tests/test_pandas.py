"""pandas as it is, and the real server: frames are read and written through ADBC's DBAPI."""

import gc
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from pandas.errors import DatabaseError
from pandas.testing import assert_frame_equal

Connection = Any  # the stubs of pandas do not know ADBC's
pytestmark = pytest.mark.filterwarnings("ignore:.*was not explicitly close:ResourceWarning")


@pytest.fixture(autouse=True)
def failed_cursors_are_collected() -> Iterator[None]:
    """Ends the cursors of failed queries, which pandas leaves open, before the next test."""
    yield
    gc.collect()


def test_a_frame_is_read(connection: Connection) -> None:
    frame = pd.read_sql("select * from trips where id >= 998 order by id", connection, index_col="id")
    assert list(frame.index) == [998, 999]
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == {
        "timestamp": "datetime64[ms, UTC]",
        "value": "float64",
        "category": "str",
        "is_valid": "bool",
    }


def test_a_frame_keeps_arrow_types(connection: Connection) -> None:
    frame = pd.read_sql("select * from trips", connection, dtype_backend="pyarrow")
    assert frame.dtypes["category"] == pd.ArrowDtype(pa.string())
    assert frame.dtypes["timestamp"] == pd.ArrowDtype(pa.timestamp("ms", "UTC"))
    assert len(frame) == 1000


def test_a_table_is_read_by_its_name(connection: Connection) -> None:
    assert len(pd.read_sql_table("trips", connection, columns=["id", "value"])) == 1000
    connection.adbc_current_db_schema = "sales"
    assert list(pd.read_sql_table("orders", connection)["id"]) == list(range(10))


def test_a_frame_comes_back_as_it_was(connection: Connection) -> None:
    frame = pd.DataFrame(
        {
            "number": [1.5, float("nan")],
            "text": ["a", None],
            "time": [pd.Timestamp("2026-01-01 12:00", tz="UTC"), pd.NaT],
            "category": pd.Categorical(["x", "y"], ["y", "x"]),
        }
    )
    assert frame.to_sql("kept", connection, index=False) == 2
    assert_frame_equal(pd.read_sql("select * from kept", connection), frame)


def test_tables_are_created_once_replaced_and_appended_to(connection: Connection) -> None:
    frame = pd.DataFrame({"id": [1, 2]})

    def ids() -> list[int]:
        return list(pd.read_sql("select id from sales.kept", connection)["id"])

    frame.to_sql("kept", connection, schema="sales", index=False)
    with pytest.raises(ValueError, match="Table 'kept' already exists"):
        frame.to_sql("kept", connection, schema="sales", index=False)
    frame.to_sql("kept", connection, schema="sales", index=False, if_exists="append")
    assert ids() == [1, 2, 1, 2]
    frame.head(1).to_sql("kept", connection, schema="sales", index=False, if_exists="replace")
    assert ids() == [1]


def test_rows_are_not_deleted(connection: Connection) -> None:
    frame = pd.DataFrame({"id": [1, 2]})
    frame.to_sql("kept", connection, index=False)
    with pytest.raises(DatabaseError, match="DELETE is not executed here"):
        frame.to_sql("kept", connection, index=False, if_exists="delete_rows")
    assert len(pd.read_sql("select * from kept", connection)) == 2


def test_errors_say_what_the_server_says(connection: Connection) -> None:
    with pytest.raises(DatabaseError, match="did you mean `trips`"):
        pd.read_sql("select * from tripz", connection)
