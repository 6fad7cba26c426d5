"""Errors as pyarrow.flight raises them: the kind that fits, with the server's own text."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import flight

from .conftest import StartServer
from .support.real_server import RealServer
from .support.tables import numbers


@pytest.fixture
def server(start_server: StartServer, tmp_path: Path) -> RealServer:
    path = tmp_path / "fixed.csv"
    path.write_text("id\n1\n")
    return start_server("--dataset", f"fixed={path}")


@pytest.fixture
def client(server: RealServer) -> Iterator[flight.FlightClient]:
    address = f"grpc+tls://localhost:{server.address.port}"
    with flight.connect(address, tls_root_certs=server.ca.read_text()) as client:
        yield client


def path(*elements: str) -> flight.FlightDescriptor:
    return flight.FlightDescriptor.for_path(*elements)


def put(client: flight.FlightClient, descriptor: flight.FlightDescriptor, table: pa.Table) -> None:
    writer, _ = client.do_put(descriptor, table.schema)
    writer.write_table(table)
    writer.close()


def read(client: flight.FlightClient, ticket: bytes | str) -> pa.Table:
    return client.do_get(flight.Ticket(ticket)).read_all()


def check(kind: type[Exception], call: Callable[[], object], *words: str) -> None:
    with pytest.raises(kind) as caught:
        call()
    for word in words:
        assert word in str(caught.value)


def test_unknown_dataset_is_a_key_error(client: flight.FlightClient) -> None:
    check(KeyError, lambda: read(client, "fxed"), "no dataset `fxed`", "`fixed`")


def test_ticket_that_is_no_name_is_invalid(client: flight.FlightClient) -> None:
    for ticket in (b"", b"\xff", b"no name"):
        check(pa.ArrowInvalid, partial(read, client, ticket), "the ticket is")


def test_upload_to_a_command_is_invalid(client: flight.FlightClient) -> None:
    command = flight.FlightDescriptor.for_command(b"SELECT 1")
    check(pa.ArrowInvalid, lambda: put(client, command, numbers(1)), "the descriptor is a command")


def test_other_schema_is_refused_field_by_field(client: flight.FlightClient) -> None:
    put(client, path("kept"), numbers(3))
    other = pa.table({"id": ["a"]})
    check(pa.ArrowException, lambda: put(client, path("kept"), other), "`id`", "expected Int64", "got Utf8")
    assert read(client, "kept").num_rows == 3


def test_dataset_of_a_file_is_read_only(client: flight.FlightClient) -> None:
    check(pa.ArrowException, lambda: put(client, path("fixed"), numbers(3)), "cannot be written to")


def test_unknown_function_is_a_key_error(client: flight.FlightClient) -> None:
    def call() -> None:
        writer, reader = client.do_exchange(path("ehco"))
        with writer:
            writer.begin(numbers(1).schema)
            writer.done_writing()
            reader.read_all()

    check(KeyError, call, "no function `ehco`", "`echo`")


def test_deadline_that_passes_is_a_timeout(client: flight.FlightClient) -> None:
    def call() -> None:
        writer, reader = client.do_exchange(path("echo"), flight.FlightCallOptions(timeout=0.2))
        writer.begin(numbers(1).schema)
        reader.read_chunk()

    check(flight.FlightTimedOutError, call)


def test_metadata_before_the_schema_is_refused_at_once(client: flight.FlightClient) -> None:
    def call() -> None:
        writer, reader = client.do_exchange(path("echo"), flight.FlightCallOptions(timeout=60))
        writer.write_metadata(pa.py_buffer(b"early"))
        reader.read_chunk()

    check(pa.ArrowInvalid, call, "before the schema")


def test_upload_of_a_client_that_is_killed_keeps_nothing(start_server: StartServer, tmp_path: Path) -> None:
    data = tmp_path / "data"
    server = start_server("--data-dir", data)
    address = f"grpc+tls://localhost:{server.address.port}"
    killed = subprocess.run(  # noqa: S603 - the script below
        [sys.executable, "-c", KILLED, address, server.ca], check=False, timeout=60
    )
    assert killed.returncode == -signal.SIGKILL
    server.stop()
    assert list(data.rglob("*.arrow")) == []


def test_server_that_stops_is_unavailable(client: flight.FlightClient, server: RealServer) -> None:
    read(client, "fixed")
    server.stop()
    check(flight.FlightUnavailableError, lambda: read(client, "fixed"))


def test_certificate_of_nobody_known_is_refused(server: RealServer) -> None:
    address = f"grpc+tls://localhost:{server.address.port}"
    with flight.connect(address) as stranger:
        check(flight.FlightUnavailableError, lambda: read(stranger, "fixed"))


KILLED = """
import os, pathlib, signal, sys
import pyarrow as pa
from pyarrow import flight
client = flight.connect(sys.argv[1], tls_root_certs=pathlib.Path(sys.argv[2]).read_text())
table = pa.table({"id": list(range(100_000))})
writer, _ = client.do_put(flight.FlightDescriptor.for_path("broken"), table.schema)
for _ in range(10):
    writer.write_table(table)
os.kill(os.getpid(), signal.SIGKILL)
"""
