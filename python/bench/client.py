"""Reads, writes or exchanges with pyarrow.flight, once for each line `go` of the standard input.

It says `ready` when it has connected, and answers each line with what it moved and how long that
took, as JSON.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
from pyarrow import flight

from .turns import Turn, take_turns


def read(client: flight.FlightClient) -> Turn:
    """Reads the whole table, batch by batch."""
    turn = Turn()
    start = time.perf_counter()
    for batch in _batches(client.do_get(flight.Ticket(TABLE))):
        turn.take(batch)
    turn.seconds.append(time.perf_counter() - start)
    return turn


def write(client: flight.FlightClient, table: pa.Table) -> Turn:
    """Writes the whole table; it ends when the server has it."""
    turn = Turn()
    start = time.perf_counter()
    writer, _ = client.do_put(flight.FlightDescriptor.for_path(UPLOADS), table.schema)
    for batch in table.to_batches():
        writer.write_batch(batch)
        turn.take(batch)
    writer.close()  # waits for the server's last word
    turn.seconds.append(time.perf_counter() - start)
    return turn


def exchange(client: flight.FlightClient, batch: pa.RecordBatch) -> Turn:
    """Sends a batch and waits for it to come back, again and again over one open call."""
    turn = Turn()
    writer, reader = client.do_exchange(flight.FlightDescriptor.for_path("echo"))
    writer.begin(batch.schema)
    writer.write_batch(batch)
    batches = _batches(reader)
    turn.take(next(batches))
    for _ in range(ROUND_TRIPS):
        start = time.perf_counter()
        writer.write_batch(batch)
        turn.take(next(batches))
        turn.seconds.append(time.perf_counter() - start)
    writer.done_writing()
    for rest in batches:
        turn.take(rest)
    writer.close()
    return turn


def main() -> None:
    """Connects, then takes turns until the standard input ends."""
    arguments = _arguments()
    roots = Path(arguments.ca).read_text() if arguments.ca else None
    client = flight.connect(arguments.uri, tls_root_certs=roots)
    work = _work(client, arguments)
    take_turns(lambda _: work(), (pa.ArrowException, StopIteration))


def _work(client: flight.FlightClient, arguments: argparse.Namespace) -> Callable[[], Turn]:
    if arguments.work == "read":
        return lambda: read(client)
    with pa.OSFile(arguments.table, "r") as file:
        table = pa.ipc.open_file(file).read_all()
    if arguments.work == "write":
        return lambda: write(client, table)
    batch = table.to_batches()[0].slice(0, EXCHANGED_ROWS)
    return lambda: exchange(client, batch)


def _batches(reader: flight.MetadataRecordBatchReader) -> Iterator[pa.RecordBatch]:
    return (chunk.data for chunk in reader if chunk.data is not None)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--uri", required=True, help="where the server is")
    parser.add_argument("--work", choices=["read", "write", "exchange"], default="read")
    parser.add_argument("--table", required=True, help="the Arrow file that is served, and written")
    parser.add_argument("--ca", help="the certificate of the server's CA")
    return parser.parse_args()


TABLE = b"table"
UPLOADS = "written"
EXCHANGED_ROWS = 32
ROUND_TRIPS = 2_000


if __name__ == "__main__":
    main()
