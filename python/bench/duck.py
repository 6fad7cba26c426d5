"""DuckDB in process, which only the environment of the SQL section has.

It is imported by its name when it is needed, so that the scripts can be checked without it.
"""

from importlib import import_module
from pathlib import Path
from typing import Any


def connect() -> Any:  # noqa: ANN401 - the package is not there where types are checked
    """Opens a database in memory."""
    return import_module("duckdb").connect()


def with_tpch() -> Any:  # noqa: ANN401 - as above
    """Opens a database in memory that can make TPC-H's tables; the extension is the wheel's own file."""
    package = import_module("duckdb_extension_tpch").__file__ or ""
    extension = next(Path(package).parent.rglob("*.duckdb_extension"))
    connection = connect()
    connection.execute(f"load '{extension}'")
    return connection


def errors() -> type[BaseException]:
    """Returns the class of DuckDB's errors."""
    return import_module("duckdb").Error
