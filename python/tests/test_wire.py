"""Payloads put together, and payloads that are no good."""

import pyarrow as pa
import pytest

from demo.errors import ArrowLinkError, Kind
from demo.wire import Assembly, schema_differences

from .support.tables import ONE_ROW, numbers, payload


def assemble(*payloads: bytes) -> pa.Table:
    assembly = Assembly()
    for data in payloads:
        assembly.add(data)
    return assembly.table()


def check_refused(message: str, *payloads: bytes) -> None:
    with pytest.raises(ArrowLinkError) as caught:
        assemble(*payloads)
    assert caught.value.kind is Kind.CORRUPT
    assert message in str(caught.value)


def test_rows_of_all_payloads_come_in_order() -> None:
    table = numbers(10)
    parts = [payload(table.slice(0, 4)), payload(table.slice(4, 0)), payload(table.slice(4, 6))]
    assert assemble(*parts).equals(table)


def test_each_payload_brings_its_own_dictionary() -> None:
    parts = [pa.table({"word": pa.array(words).dictionary_encode()}) for words in (["a", "b"], ["c", "a"])]
    table = assemble(*map(payload, parts))
    assert table.column("word").to_pylist() == ["a", "b", "c", "a"]
    assert list(table.to_pandas()["word"]) == ["a", "b", "c", "a"]


def test_empty_dataset_keeps_its_schema() -> None:
    table = assemble(payload(ONE_ROW.slice(0, 0)))
    assert table.num_rows == 0
    assert table.schema.equals(ONE_ROW.schema)


def test_no_payload_at_all_is_corrupt() -> None:
    check_refused("the server sent no payload")


@pytest.mark.parametrize("data", [b"", b"hello, this is not Arrow", b"\xff\xff\xff\xff", b"PAR1"])
def test_payload_that_is_not_arrow_is_named(data: bytes) -> None:
    check_refused(f"payload 2 ({len(data)} bytes) is not a valid Arrow stream", payload(ONE_ROW), data)


def test_other_schema_is_said_field_by_field() -> None:
    other = pa.table({"id": pa.array([1], pa.int32()), "note": ["x"]})
    expected = (
        "payload 2 has another schema than payload 1: `id` is int32 instead of int64 not null, "
        "`value: double not null` is missing, `note: string` is new"
    )
    check_refused(expected, payload(ONE_ROW), payload(other))


def test_same_fields_in_another_order_are_said() -> None:
    first = pa.schema({"a": pa.int8(), "b": pa.int8()})
    second = pa.schema({"b": pa.int8(), "a": pa.int8()})
    assert schema_differences(first, second) == "the fields come in another order"


def test_truncated_payload_is_refused_wherever_it_is_cut() -> None:
    whole = payload(numbers(3))
    end_of_stream = 8  # the marker, without which a stream still is a valid one
    refused = 0
    for length in range(len(whole) - end_of_stream):
        try:
            table = assemble(whole[:length])
        except ArrowLinkError:
            refused += 1
        else:
            assert table.num_rows == 0, length  # cut between two messages
    assert refused > len(whole) // 2


def test_every_changed_byte_gives_a_table_or_an_error_of_ours() -> None:
    words = pa.array(["alpha", None, "gamma"])
    whole = payload(pa.table({"id": [1, 2, 3], "word": words, "coded": words.dictionary_encode()}))
    for position in range(len(whole)):
        changed = bytearray(whole)
        changed[position] ^= 0xFF
        try:
            table = assemble(bytes(changed))
        except ArrowLinkError as error:
            assert error.kind is Kind.CORRUPT  # noqa: PT017 - either outcome is right, another error is not
        else:
            table.validate(full=True)
