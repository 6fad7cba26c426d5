"""Files of every kind, read as their own libraries read them."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.feather as pa_feather
import pyarrow.parquet as pq
import pytest

from demo.errors import ArrowLinkError, Kind
from demo.files import open_source

TABLE = pa.table({"id": [1, 2, 3], "word": ["a", None, "c"]})


def read(path: Path) -> pa.Table:
    source = open_source(path)
    return pa.Table.from_batches(source.batches, source.schema)


def check_refused(path: Path, kind: Kind, *words: str) -> None:
    with pytest.raises(ArrowLinkError) as caught:
        read(path)
    assert caught.value.kind is kind
    for word in (str(path), *words):
        assert word in str(caught.value)


def write_parquet(path: Path) -> None:
    pq.write_table(TABLE, path, row_group_size=2)


def write_feather(path: Path) -> None:
    pa_feather.write_feather(TABLE, str(path))


def write_arrow_file(path: Path) -> None:
    with pa.ipc.new_file(str(path), TABLE.schema) as writer:
        writer.write_table(TABLE, max_chunksize=2)


def write_arrow_stream(path: Path) -> None:
    with pa.ipc.new_stream(str(path), TABLE.schema) as writer:
        writer.write_table(TABLE)


def write_csv(path: Path) -> None:
    path.write_text("id,word\n1,a\n2,\n3,c\n")


def write_lines(path: Path) -> None:
    path.write_text("\n".join(json.dumps(row) for row in TABLE.to_pylist()))


def write_array(path: Path) -> None:
    path.write_text(json.dumps(TABLE.to_pylist()))


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("t.parquet", write_parquet),
        ("t.feather", write_feather),
        ("t.arrow", write_arrow_file),
        ("t.arrows", write_arrow_stream),
        ("t.ndjson", write_lines),
        ("t.json", write_array),
        ("without-ending", write_parquet),
        ("misleading.csv", write_arrow_file),
    ],
)
def test_each_format_is_read(tmp_path: Path, name: str, write: Callable[[Path], None]) -> None:
    path = tmp_path / name
    write(path)
    assert read(path).to_pylist() == TABLE.to_pylist()


def test_csv_is_read_as_pyarrow_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    write_csv(path)
    assert read(path).equals(pa_csv.read_csv(path))


def test_compressed_csv_and_tabs_are_read(tmp_path: Path) -> None:
    path = tmp_path / "t.tsv.gz"
    path.write_bytes(gzip.compress(b"id\tword\n1\ta\n"))
    assert read(path).to_pylist() == [{"id": 1, "word": "a"}]


def test_newlines_inside_quotes_are_part_of_the_value(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('id,word\n1,"two\nlines"\n')
    assert read(path).to_pylist() == [{"id": 1, "word": "two\nlines"}]


def test_json_over_many_lines_is_one_row(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    path.write_text(json.dumps({"kind": "collection", "items": [{"x": 1}, {"x": None}]}, indent=2))
    assert read(path).to_pylist() == [{"kind": "collection", "items": [{"x": 1}, {"x": None}]}]


def test_views_are_read_as_strings_and_binary(tmp_path: Path) -> None:
    path = tmp_path / "t.arrow"
    table = pa.table({"word": pa.array(["a"], pa.string_view()), "blob": pa.array([b"b"], pa.binary_view())})
    with pa.ipc.new_file(str(path), table.schema) as writer:
        writer.write_table(table)
    assert read(path).schema.types == [pa.string(), pa.binary()]
    assert read(path).to_pylist() == [{"word": "a", "blob": b"b"}]


def test_rows_are_known_where_the_file_says_so(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    write_parquet(path)
    assert open_source(path).rows == 3


def test_missing_file_is_named(tmp_path: Path) -> None:
    check_refused(tmp_path / "none.csv", Kind.INVALID_ARGUMENT, "No such file or directory")


def test_folder_is_refused(tmp_path: Path) -> None:
    check_refused(tmp_path, Kind.INVALID_ARGUMENT, "directory")


def test_unknown_ending_lists_the_known_ones(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    path.write_bytes(b"PK")
    check_refused(path, Kind.INVALID_ARGUMENT, "`.csv`", "`.ndjson`")


def test_row_with_too_many_fields_is_named(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("id,word\n1,a\n2,b,c\n")
    check_refused(path, Kind.CORRUPT, "2,b,c")


def test_broken_json_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    path.write_text('[{"id": 1}')
    check_refused(path, Kind.CORRUPT)


def test_array_that_holds_no_objects_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    path.write_text("[1, 2]")
    check_refused(path, Kind.CORRUPT, "objects")


def test_damaged_parquet_is_named_even_after_its_start(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"word": [f"word {number}" for number in range(50_000)]}), path)
    data = bytearray(path.read_bytes())
    data[2_000:40_000] = bytes(38_000)
    path.write_bytes(data)
    check_refused(path, Kind.CORRUPT)
