"""Batches cut into payloads."""

import numpy as np
import pyarrow as pa
import pytest

from demo.cut import Payload, cut
from demo.errors import ArrowLinkError, Kind
from demo.stubs import ArrowData
from demo.wire import Assembly

GRPC_PREFIX = 5


def cut_table(table: pa.Table, max_message_bytes: int) -> list[Payload]:
    return list(cut(table.schema, table.to_batches(), max_message_bytes))


def check(table: pa.Table, max_message_bytes: int) -> list[Payload]:
    """Cuts the table; every message has to fit and all of them together have to be the table again."""
    payloads = cut_table(table, max_message_bytes)
    assembly = Assembly()
    for payload in payloads:
        assert len(ArrowData(payload=payload.data).SerializeToString()) + GRPC_PREFIX <= max_message_bytes
        assert assembly.add(payload.data) == payload.rows
    assert assembly.table().to_pylist() == table.to_pylist()
    assert assembly.table().schema.equals(table.schema, check_metadata=True)
    return payloads


def test_numbers_fill_their_messages() -> None:
    payloads = check(pa.table({"id": pa.array(np.arange(100_000))}), 65_536)
    assert len(payloads) < 100_000 * 8 / 65_536 * 1.25


def test_rows_of_very_different_size_fit() -> None:
    words = ["x" * (5_000 if row % 97 == 0 else row % 7) for row in range(2_000)]
    check(pa.table({"word": words, "row": range(2_000)}), 16_384)


def test_small_table_is_one_payload() -> None:
    assert len(check(pa.table({"id": [1, 2, 3]}), 4 * 1024 * 1024)) == 1


def test_empty_table_is_one_payload_with_its_schema() -> None:
    assert [payload.rows for payload in check(pa.table({"id": pa.array([], pa.int8())}), 65_536)] == [0]


def test_single_row_over_the_limit_is_named() -> None:
    table = pa.table({"blob": [b"small", b"small", b"x" * 20_000, b"small"]})
    with pytest.raises(ArrowLinkError) as caught:
        cut_table(table, 16_384)
    assert caught.value.kind is Kind.LIMIT_EXCEEDED
    assert "row 2 alone makes a message of 20" in str(caught.value)
    assert "the limit is 16384" in str(caught.value)
    assert "`--max-message-bytes`" in str(caught.value)


def test_dictionary_is_cut_to_the_values_in_use() -> None:
    words = pa.array([f"word number {number}" for number in range(100_000)])
    column = pa.DictionaryArray.from_arrays(pa.array([7, 7, None], pa.int32()), words)
    payloads = check(pa.table({"word": column}), 16_384)
    assert sum(len(payload.data) for payload in payloads) < 1_000


def test_ordered_dictionary_keeps_its_order_and_types() -> None:
    sizes = pa.array(["small", "medium", "large", "unused"])
    indices = pa.array([2, 0, 2], pa.int8())
    column = pa.DictionaryArray.from_arrays(indices, sizes, ordered=True)
    [payload] = check(pa.table({"size": column}), 16_384)
    read = pa.ipc.open_stream(payload.data).read_all().column("size").chunk(0)
    assert isinstance(read, pa.DictionaryArray)
    assert read.dictionary.to_pylist() == ["small", "large"]
    assert read.type == column.type


def test_dictionaries_inside_nested_columns_are_cut_too() -> None:
    words = pa.array([f"word number {number}" for number in range(50_000)])
    coded = pa.DictionaryArray.from_arrays(pa.array([1, 2, None, 49_999], pa.int32()), words)
    lists = pa.ListArray.from_arrays(pa.array([0, 2, None, 4], pa.int32()), coded)
    table = pa.table(
        {
            "struct": pa.StructArray.from_arrays([coded, pa.array([1, None, 3, 4])], ["word", "number"]),
            "fixed": pa.FixedSizeListArray.from_arrays(pa.concat_arrays([coded, coded]), 2),
            # The stubs ask for offsets of int64, the format for int32.
            "map": pa.MapArray.from_arrays(
                pa.array([0, 1, 2, 3, 4], pa.int32()),  # pyright: ignore[reportArgumentType]
                pa.array(list("abcd")),
                coded,
            ),
        }
    )
    for whole in (table, table.slice(1, 2), pa.table({"list": lists})):
        payloads = check(whole, 16_384)
        assert sum(len(payload.data) for payload in payloads) < 4_000


def test_metadata_of_the_schema_travels() -> None:
    table = pa.table({"id": [1]}).replace_schema_metadata({"unit": "metre"})
    check(table, 16_384)
