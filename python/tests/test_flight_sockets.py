"""Clients of pyarrow.flight without options: over the Unix socket, and in plaintext where that is allowed."""

from collections.abc import Iterator
from concurrent import futures
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pytest
from pyarrow import flight

from .conftest import StartServer
from .support.tables import numbers

TABLE = numbers(1_000)


@pytest.fixture
def socket(start_server: StartServer) -> Iterator[str]:
    """Starts a server on a Unix socket, in a folder whose path is short enough for one."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.sock"
        start_server("--listen", f"unix://{path}")
        yield f"grpc+unix://{path}"


def put(client: flight.FlightClient, name: str) -> None:
    writer, _ = client.do_put(flight.FlightDescriptor.for_path(name), TABLE.schema)
    writer.write_table(TABLE)
    writer.close()


def get(client: flight.FlightClient, name: str) -> pa.Table:
    return client.do_get(flight.Ticket(name)).read_all()


def echo(client: flight.FlightClient) -> pa.Table:
    writer, reader = client.do_exchange(flight.FlightDescriptor.for_path("echo"))
    with writer:
        writer.begin(TABLE.schema)
        writer.write_table(TABLE)
        writer.done_writing()
        return reader.read_all()


def test_unix_socket_takes_every_call(socket: str) -> None:
    with flight.connect(socket) as client:
        put(client, "numbers")
        assert get(client, "numbers").equals(TABLE)
        assert echo(client).equals(TABLE)


def test_hundreds_of_calls_run_over_one_unix_socket(socket: str) -> None:
    with flight.connect(socket) as client, futures.ThreadPoolExecutor(200) as pool:
        put(client, "numbers")
        reads = [pool.submit(get, client, "numbers") for _ in range(100)]
        echoes = [pool.submit(echo, client) for _ in range(50)]
        writes = [pool.submit(put, client, f"numbers{number}") for number in range(50)]
        assert all(table.result().equals(TABLE) for table in reads + echoes)
        assert [write.result() for write in writes] == [None] * 50
        assert get(client, "numbers49").equals(TABLE)


def test_plaintext_works_where_the_operator_allows_it(start_server: StartServer) -> None:
    server = start_server("--insecure")
    with flight.connect(f"grpc://127.0.0.1:{server.address.port}") as client:
        put(client, "numbers")
        assert get(client, "numbers").equals(TABLE)
        assert echo(client).equals(TABLE)


def test_plaintext_is_refused_by_a_server_with_certificates(start_server: StartServer) -> None:
    server = start_server()
    with (
        flight.connect(f"grpc://127.0.0.1:{server.address.port}") as client,
        pytest.raises(flight.FlightUnavailableError),
    ):
        get(client, "default")
