"""Makes the tables of TPC-H as Parquet files, one for each table, and the benchmark's 22 queries beside them.

DuckDB's extension has both, and comes as a wheel: nothing is downloaded.
"""

import argparse
import json
from pathlib import Path

from .duck import with_tpch


def make(folder: Path, scale_factor: float) -> None:
    """Writes `TABLE.parquet` for each table, compressed by Snappy, and `queries.json`, a list of texts."""
    folder.mkdir(parents=True, exist_ok=True)
    connection = with_tpch()
    connection.execute(f"call dbgen(sf = {scale_factor})")
    for (table,) in connection.execute("show tables").fetchall():
        file = folder / f"{table}.parquet"
        connection.execute(f"copy {table} to '{file}' (format parquet, compression snappy)")
    queries = connection.execute("select query from tpch_queries() order by query_nr").fetchall()
    # Not everybody takes the semicolon at the end. The file comes last: with it the folder is whole.
    texts = [text.strip().removesuffix(";") for (text,) in queries]
    (folder / "queries.json").write_text(json.dumps(texts, indent=1))


def main() -> None:
    """Makes the folder that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where the files are made")
    parser.add_argument("--scale-factor", type=float, required=True, help="1 is about a gigabyte in all")
    arguments = parser.parse_args()
    make(arguments.folder, arguments.scale_factor)


if __name__ == "__main__":
    main()
