"""Tables in files: Parquet, Arrow (file, stream, Feather 2), CSV and JSON, told apart by their first bytes.

Parquet and Arrow are read batch by batch; CSV and JSON whole, because all rows decide their types.
"""

import io
import json
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.json as pa_json
import pyarrow.parquet as pq

from .errors import ArrowLinkError, Kind


@dataclass(frozen=True)
class Source:
    """A schema, the batches that have it, and how many rows they are, where the file says so beforehand."""

    schema: pa.Schema
    batches: Iterable[pa.RecordBatch]
    rows: int | None = None


def open_source(path: Path) -> Source:
    """Opens the table in `path`; a file that cannot be read, now or while its batches are taken, is named.

    View types are cast to strings and binary, as which they travel.
    """
    with _naming(path):
        source = _open(path)
    columns = [_travelling(column) for column in source.schema]
    schema = pa.schema(columns).with_metadata(source.schema.metadata)
    return Source(schema, _batches(path, source, schema), source.rows)


def _open(path: Path) -> Source:
    with path.open("rb") as file:
        magic = file.read(len(ARROW_FILE))
    if magic.startswith(PARQUET):
        parquet = pq.ParquetFile(path)
        return Source(parquet.schema_arrow, parquet.iter_batches(), parquet.metadata.num_rows)
    if magic == ARROW_FILE:
        reader = pa.ipc.open_file(str(path))
        return Source(reader.schema, (reader.get_batch(index) for index in range(reader.num_record_batches)))
    if magic.startswith(ARROW_STREAM):
        stream = pa.ipc.open_stream(pa.OSFile(str(path), "rb"))
        return Source(stream.schema, stream)
    table = _read_text(path)
    return Source(table.schema, table.to_batches(), table.num_rows)


def _read_text(path: Path) -> pa.Table:
    names = [suffix.lower() for suffix in path.suffixes]
    ending = next((name for name in reversed(names) if name not in COMPRESSED), "")
    if ending in {".csv", ".tsv"}:
        delimiter = "\t" if ending == ".tsv" else ","
        options = pa_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)
        return pa_csv.read_csv(path, parse_options=options)
    if ending in {".json", ".ndjson", ".jsonl"}:
        return _read_json(path)
    message = (
        f"cannot tell what `{path}` is: it is neither Parquet nor Arrow, and does not end in {TEXT_ENDINGS}"
    )
    raise ArrowLinkError(Kind.INVALID_ARGUMENT, message)


def _read_json(path: Path) -> pa.Table:
    with pa.input_stream(str(path), compression="detect") as file:
        text = file.read()
    if text.lstrip().startswith(b"["):  # one array of objects, which Arrow's reader does not know
        return _table_of_objects(json.loads(text))
    return pa_json.read_json(
        io.BytesIO(text),
        read_options=pa_json.ReadOptions(block_size=max(len(text), 1)),
        parse_options=pa_json.ParseOptions(newlines_in_values=True),
    )


def _table_of_objects(rows: list[object]) -> pa.Table:
    objects = [row for row in rows if isinstance(row, dict)]
    if len(objects) != len(rows):
        message = "its array holds something else than objects"
        raise ValueError(message)
    return pa.Table.from_pylist(objects)


def _batches(path: Path, source: Source, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    with _naming(path):
        for batch in source.batches:
            yield batch if schema.equals(source.schema) else batch.cast(schema)


@contextmanager
def _naming(path: Path) -> Generator[None]:
    try:
        yield
    except (pa.ArrowException, OSError, ValueError) as error:
        # The system's errors have a number; without one, an `OSError` says that Arrow cannot decode.
        reason = error.strerror if isinstance(error, OSError) and error.errno else None
        kind = Kind.INVALID_ARGUMENT if reason else Kind.CORRUPT
        raise ArrowLinkError(kind, f"cannot read `{path}`: {reason or error}") from error


def _travelling(column: pa.Field) -> pa.Field:
    if pa.types.is_string_view(column.type):
        return column.with_type(pa.string())
    if pa.types.is_binary_view(column.type):
        return column.with_type(pa.binary())
    return column


PARQUET = b"PAR1"
ARROW_FILE = b"ARROW1"
ARROW_STREAM = b"\xff\xff\xff\xff"
COMPRESSED = {".gz", ".bz2", ".zst", ".lz4"}
TEXT_ENDINGS = "`.csv`, `.tsv`, `.json`, `.ndjson` or `.jsonl`"
