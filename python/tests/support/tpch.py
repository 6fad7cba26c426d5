"""TPC-H as DuckDB makes, asks and answers it, with an extension from a wheel: nothing is downloaded."""

import importlib.resources
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import duckdb
import pyarrow as pa


@dataclass(frozen=True)
class Tpch:
    """The eight tables in DuckDB's memory."""

    database: duckdb.DuckDBPyConnection

    @classmethod
    def generate(cls, scale: float) -> Self:
        """Makes the tables; at scale factor 1 lineitem has six million rows."""
        database = duckdb.connect()
        database.load_extension(str(_extension()))
        database.execute("call dbgen(sf = ?)", [scale])
        return cls(database)

    def write(self, folder: Path) -> dict[str, Path]:
        """Writes each table into a Parquet file and returns the files by the tables' names."""
        files = {table: folder / f"{table}.parquet" for table in TABLES}
        for table, file in files.items():
            self.database.table(table).write_parquet(str(file))
        return files

    def query(self, number: int) -> str:
        """Returns the text of query `number`, which is one of 1 to 22."""
        row = self.database.execute("from tpch_queries() where query_nr = ?", [number]).fetchone()
        assert row is not None
        return row[1]

    def answer(self, sql: str) -> pa.Table:
        """Returns what DuckDB answers to a query over the tables."""
        return self.database.sql(sql).to_arrow_table()


def _extension() -> Path:
    package = importlib.resources.files("duckdb_extension_tpch")
    with importlib.resources.as_file(package) as folder:
        return folder / "extensions" / f"v{duckdb.__version__}" / "tpch.duckdb_extension"


TABLES = ("customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier")
