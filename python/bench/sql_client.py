"""Asks queries, one for each line of the standard input, and takes the results as Arrow tables.

With `--uri` a Flight SQL server is asked by the ADBC driver as it comes; without it DuckDB, in this
process, over the Parquet files of `--tables`.
"""

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
from adbc_driver_flightsql import dbapi

from . import duck
from .turns import Turn, take_turns


def asked(fetch: Callable[[str], tuple[pa.Table, float]], query: str) -> Turn:
    """Asks one query; the result is let go of afterwards."""
    table, seconds = fetch(query)
    batches = sum(1 for _ in table.to_batches())
    return Turn(rows=table.num_rows, bytes=table.nbytes, batches=batches, seconds=[seconds])


def server(uri: str) -> dbapi.Connection:
    """Connects to a server, which may have been started a moment ago."""
    patience = time.monotonic() + PATIENCE_SECONDS
    while True:
        connection = dbapi.connect(uri, autocommit=True)
        try:
            fetch_from(connection, "select 1")
        except dbapi.Error:
            connection.close()
            if time.monotonic() > patience:
                raise
            time.sleep(0.1)
        else:
            return connection


def fetch_from(connection: dbapi.Connection, query: str) -> tuple[pa.Table, float]:
    """Asks a server.

    The clock stops when the table is there: closing a cursor collects the garbage of the driver's
    whole process.
    """
    with connection.cursor() as cursor:
        start = time.perf_counter()
        cursor.execute(query)
        table = cursor.fetch_arrow_table()
        return table, time.perf_counter() - start


def fetch_in_process(database: Any, query: str) -> tuple[pa.Table, float]:  # noqa: ANN401 - see `duck`
    """Asks DuckDB."""
    start = time.perf_counter()
    table = database.execute(query).to_arrow_table()
    return table, time.perf_counter() - start


def main() -> None:
    """Connects, makes the tables known where that is the client's part, and takes turns."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--uri", help="the server; without it DuckDB answers in this process")
    parser.add_argument("--tables", type=Path, help="Parquet files to make known as tables")
    parser.add_argument("--statement", help="what makes a file known: `{name}` and `{file}` are put in")
    arguments = parser.parse_args()
    files: list[Path] = sorted(arguments.tables.glob("*.parquet")) if arguments.tables else []
    statements = [arguments.statement.format(name=file.stem, file=file) for file in files]
    if arguments.uri:
        fetch, failure = partial(fetch_from, server(arguments.uri)), dbapi.Error
    else:
        fetch, failure = partial(fetch_in_process, duck.connect()), duck.errors()
    for statement in statements:
        fetch(statement)
    take_turns(partial(asked, fetch), (failure,))


PATIENCE_SECONDS = 60


if __name__ == "__main__":
    main()
