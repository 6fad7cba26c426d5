"""Clients of pyarrow.flight that read all endpoints side by side: together they are the whole."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import flight

from .conftest import StartServer
from .support.real_server import RealServer
from .support.tables import numbers

Open = Callable[[], flight.FlightClient]


@pytest.fixture
def server(start_server: StartServer, tmp_path: Path) -> RealServer:
    """Serves generated rows, a file of 16 row groups of more than one MiB, and a folder of 8 files."""
    one = tmp_path / "one.parquet"
    pq.write_table(noise(ROWS), one, row_group_size=ROWS // 16, compression="none")
    many = tmp_path / "many"
    many.mkdir()
    for number in range(8):
        pq.write_table(numbers(80).slice(number * 10, 10), many / f"{number}.parquet")
    return start_server(
        "--dataset", f"made=demo://?rows={ROWS}", "--dataset", f"one={one}", "--dataset", f"many={many}"
    )


@pytest.fixture
def connect(server: RealServer) -> Iterator[Open]:
    with ExitStack() as stack:

        def start() -> flight.FlightClient:
            address = f"grpc+tls://localhost:{server.address.port}"
            return stack.enter_context(flight.connect(address, tls_root_certs=server.ca.read_text()))

        yield start


def noise(rows: int) -> pa.Table:
    """Returns columns that no encoding makes smaller."""
    columns = {
        f"c{at}": pa.array(((row * 2654435761 + at) % 2**62 for row in range(rows)), pa.int64())
        for at in range(4)
    }
    return pa.table(columns)


def path(name: str) -> flight.FlightDescriptor:
    return flight.FlightDescriptor.for_path(name)


def side_by_side(clients: Sequence[flight.FlightClient], info: flight.FlightInfo) -> list[pa.Table]:
    """Reads endpoint after endpoint by the next of the clients, all of them at once."""

    def read(part: tuple[int, flight.FlightEndpoint]) -> pa.Table:
        number, endpoint = part
        return clients[number % len(clients)].do_get(endpoint.ticket).read_all()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(read, enumerate(info.endpoints)))


@pytest.mark.parametrize(("name", "endpoints"), [("made", 7), ("one", 16), ("many", 8)])
@pytest.mark.parametrize("connections", [1, 4])
def test_endpoints_are_the_whole(connect: Open, name: str, endpoints: int, connections: int) -> None:
    clients = [connect() for _ in range(connections)]
    info = clients[0].get_flight_info(path(name))
    assert len(info.endpoints) == endpoints
    parts = side_by_side(clients, info)
    whole = clients[0].do_get(flight.Ticket(name)).read_all()
    assert info.ordered
    assert info.total_records == whole.num_rows
    assert pa.concat_tables(parts).equals(whole)


def test_endpoints_of_a_statement_are_its_result(connect: Open) -> None:
    client = connect()
    info = client.get_flight_info(flight.FlightDescriptor.for_command("select id, id % 7 as week from made"))
    parts = side_by_side([client], info)
    ids = pa.concat_tables(parts).sort_by("id")["id"]
    assert ids.to_pylist() == list(range(ROWS))
    assert parts[0].schema == info.schema


def test_endpoints_are_read_twice(connect: Open) -> None:
    client = connect()
    info = client.get_flight_info(path("one"))
    assert side_by_side([client], info) == side_by_side([client], info)


def test_endpoints_of_rows_that_were_replaced_are_not_mixed(connect: Open) -> None:
    client = connect()
    put(client, "kept", numbers(10))
    info = client.get_flight_info(path("kept"))
    put(client, "kept", numbers(20), "replace")
    with pytest.raises(pa.ArrowException, match="not the one that was read before"):
        side_by_side([client], info)


def put(client: flight.FlightClient, name: str, table: pa.Table, mode: str = "append-or-create") -> None:
    headers = [(b"arrowlink-write-mode", mode.encode())]
    options = flight.FlightCallOptions(headers=headers)  # pyright: ignore[reportArgumentType] - they are bytes
    writer, _ = client.do_put(path(name), table.schema, options)
    writer.write_table(table)
    writer.close()


ROWS = 7 * 65_536
THREADS = 8
