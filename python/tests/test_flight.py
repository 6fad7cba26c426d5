"""Clients of pyarrow.flight as they are, and the real server: what is sent comes back, over TLS."""

import decimal
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pyarrow as pa
import pytest
from pyarrow import flight

from .conftest import StartServer
from .support.real_server import RealServer
from .support.tables import ONE_ROW, numbers

Open = Callable[..., flight.FlightClient]

KEEP = [(b"arrowlink-views", b"keep")]
EVERY_TYPE = flight.FlightCallOptions(headers=KEEP)  # pyright: ignore[reportArgumentType] - they are bytes
TYPES = {
    "boolean": pa.array([True, None, False]),
    "int64": pa.array([1, None, -3]),
    "float": pa.array([0.5, None, -1.25]),
    "decimal": pa.array([decimal.Decimal("1.50"), None, decimal.Decimal("-2.25")], pa.decimal128(20, 2)),
    "timestamp": pa.array([0, None, 86_400_000], pa.timestamp("ms", "Europe/Zurich")),
    "text": pa.array(["a", None, "a text of more than twelve bytes"]),
    "text_view": pa.array(["a", None, "a text of more than twelve bytes"], pa.string_view()),
    "binary_view": pa.array([b"a", None, b"bytes, and more than twelve of them"], pa.binary_view()),
    "large_text": pa.array(["a", None, "c"], pa.large_string()),
    "dictionary": pa.array(["x", None, "x"]).dictionary_encode(),
    "run_ends": pa.RunEndEncodedArray.from_arrays(pa.array([2, 3], pa.int32()), pa.array(["run", None])),
    "list": pa.array([[1, 2], None, []], pa.list_(pa.int32())),
    "large_list": pa.array([["a"], None, []], pa.large_list(pa.string())),
    "list_view": pa.array([[1, 2], None, []], pa.list_view(pa.int32())),
    "vector": pa.array([[1.0, 2.0], None, [3.0, 4.0]], pa.list_(pa.float32(), 2)),
    "struct": pa.array([{"a": 1, "b": ["x"]}, None, {"a": None, "b": None}]),
    "map": pa.array([[("k", 1)], None, []], pa.map_(pa.string(), pa.int64())),
    "null": pa.nulls(3),
}


@pytest.fixture
def connect() -> Iterator[Open]:
    """Opens clients over TLS that trust the server's authority."""
    with ExitStack() as stack:

        def start(server: RealServer) -> flight.FlightClient:
            address = f"grpc+tls://localhost:{server.address.port}"
            client = flight.connect(address, tls_root_certs=server.ca.read_text())
            return stack.enter_context(client)

        yield start


def put(client: flight.FlightClient, name: str, table: pa.Table) -> dict[str, object]:
    """Writes a table and returns the receipt."""
    writer, reader = client.do_put(flight.FlightDescriptor.for_path(name), table.schema)
    writer.write_table(table)
    writer.done_writing()
    said = []
    while (result := reader.read()) is not None:  # pyright: ignore[reportAttributeAccessIssue] - stubs
        said.append(json.loads(result.to_pybytes()))
    writer.close()
    assert all(one["state"] == "received" for one in said[:-1])
    return said[-1]


def get(client: flight.FlightClient, name: str) -> pa.Table:
    return client.do_get(flight.Ticket(name), EVERY_TYPE).read_all()


def echo(client: flight.FlightClient, table: pa.Table) -> pa.Table:
    writer, reader = client.do_exchange(flight.FlightDescriptor.for_path("echo"), EVERY_TYPE)
    with writer:
        writer.begin(table.schema)
        writer.write_table(table)
        writer.done_writing()
        return reader.read_all()


def read_one(reader: flight.MetadataRecordBatchReader) -> tuple[pa.RecordBatch, bytes]:
    """Reads one batch and its metadata, where both are there."""
    chunk = reader.read_chunk()
    assert chunk.data is not None
    assert chunk.app_metadata is not None
    return chunk.data, chunk.app_metadata.to_pybytes()


def test_fresh_server_answers_its_default_dataset(start_server: StartServer, connect: Open) -> None:
    assert get(connect(start_server()), "default").equals(ONE_ROW, check_metadata=True)


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_is_written_read_and_echoed(start_server: StartServer, connect: Open, kind: str) -> None:
    client = connect(start_server())
    field = pa.field(kind, TYPES[kind].type, metadata={"unit": "m"})
    table = pa.Table.from_arrays([TYPES[kind]], schema=pa.schema([field], metadata={"made by": "a test"}))
    receipt = put(client, "kept", table)
    assert (receipt["state"], receipt["rows"], receipt["batches"]) == ("in memory", 3, 1)
    back = get(client, "kept")
    back.validate(full=True)
    assert back.equals(table, check_metadata=True)
    assert echo(client, table).equals(table, check_metadata=True)


def test_receipt_says_that_rows_are_durable(start_server: StartServer, connect: Open) -> None:
    client = connect(start_server("--data-dir", "data"))
    assert put(client, "kept", numbers(10))["state"] == "durable"
    assert get(client, "kept").equals(numbers(10))


def test_table_without_rows_is_kept(start_server: StartServer, connect: Open) -> None:
    client = connect(start_server())
    empty = numbers(0)
    assert put(client, "empty", empty)["rows"] == 0
    assert get(client, "empty").equals(empty)
    assert echo(client, empty).equals(empty)


def test_dictionaries_may_change_between_batches(start_server: StartServer, connect: Open) -> None:
    client = connect(start_server())
    words = [["a", "b", "a"], ["b", "c"], ["x" * 10_000], ["a"]]
    column = pa.chunked_array([pa.array(part).dictionary_encode() for part in words])
    table = pa.Table.from_arrays([column], names=["words"])
    put(client, "words", table)
    assert get(client, "words").column("words").to_pylist() == table.column("words").to_pylist()
    assert echo(client, table).column("words").to_pylist() == table.column("words").to_pylist()


def test_one_batch_of_many_megabytes_travels_whole(start_server: StartServer, connect: Open) -> None:
    client = connect(start_server())
    table = numbers(2_000_000)
    put(client, "large", table)
    chunks = list(client.do_get(flight.Ticket("large")))
    batches = [chunk.data for chunk in chunks if chunk.data is not None]
    assert [batch.num_rows for batch in batches] == [2_000_000]
    assert pa.Table.from_batches(batches).equals(table)
    assert echo(client, table).equals(table)


def test_exchange_answers_each_batch_with_its_metadata(start_server: StartServer, connect: Open) -> None:
    client = connect(start_server())
    batches = numbers(1_000).to_batches(max_chunksize=10)
    writer, reader = client.do_exchange(flight.FlightDescriptor.for_path("echo"))
    with writer:
        writer.begin(batches[0].schema)
        for number, batch in enumerate(batches):
            note = f"batch {number}".encode()
            writer.write_with_metadata(batch, pa.py_buffer(note))
            assert read_one(reader) == (batch, note)
        writer.write_metadata(pa.py_buffer(b"no rows"))
        assert read_one(reader) == (batches[0].slice(0, 0), b"no rows")
        writer.done_writing()
        with pytest.raises(StopIteration):
            reader.read_chunk()


def test_reading_goes_on_while_another_writes(start_server: StartServer, connect: Open) -> None:
    server = start_server()
    client = connect(server)
    table = numbers(100_000)
    put(client, "busy", table)
    done = threading.Event()

    def write() -> None:
        try:
            with connect(server) as writer:
                for _ in range(20):
                    put(writer, "busy", table)
        finally:
            done.set()

    thread = threading.Thread(target=write)
    thread.start()
    lengths = [get(client, "busy").num_rows]
    while not done.is_set():
        lengths.append(get(client, "busy").num_rows)
    thread.join()
    assert all(length % table.num_rows == 0 for length in lengths)
    assert lengths == sorted(lengths)
    assert get(client, "busy").num_rows == 21 * table.num_rows
