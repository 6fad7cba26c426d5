"""Serves one Arrow file with pyarrow.flight: gets, puts and an echo, over TCP or a Unix socket.

What is put is read and dropped, as every server of the bench drops it.
"""

import argparse
import sys

import pyarrow as pa
from pyarrow import flight


class Server(flight.FlightServerBase):
    """Answers every ticket with the same table."""

    def __init__(self, location: str, table: pa.Table) -> None:
        """Listens on `location` from now on."""
        super().__init__(location)
        self._table = table

    def do_get(self, context: flight.ServerCallContext, ticket: flight.Ticket) -> flight.FlightDataStream:
        """Streams the table; all of it happens in C++."""
        del context, ticket
        return flight.RecordBatchStream(self._table)

    def do_put(
        self,
        context: flight.ServerCallContext,
        descriptor: flight.FlightDescriptor,
        reader: flight.MetadataRecordBatchReader,
        writer: flight.FlightMetadataWriter,
    ) -> None:
        """Reads every batch and keeps none."""
        del context, descriptor, writer
        for _ in reader:
            pass

    def do_exchange(
        self,
        context: flight.ServerCallContext,
        descriptor: flight.FlightDescriptor,
        reader: flight.MetadataRecordBatchReader,
        writer: flight.MetadataRecordBatchWriter,
    ) -> None:
        """Sends every batch back."""
        del context, descriptor
        writer.begin(reader.schema)
        for chunk in reader:
            if chunk.data is not None:
                writer.write_batch(chunk.data)


def main() -> None:
    """Serves until the process is ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", required=True, help="the Arrow file to serve")
    parser.add_argument("--socket", help="the Unix socket to listen on; without it a free port")
    arguments = parser.parse_args()
    with pa.OSFile(arguments.table, "r") as file:
        table = pa.ipc.open_file(file).read_all()
    location = f"grpc+unix://{arguments.socket}" if arguments.socket else "grpc://127.0.0.1:0"
    server = Server(location, table)
    address = arguments.socket or f"127.0.0.1:{server.port}"
    sys.stdout.write(f"listening on {address}\n")
    sys.stdout.flush()
    server.serve()


if __name__ == "__main__":
    main()
