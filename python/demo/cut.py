"""From record batches to payloads: as many rows each as fit a message, by the size that was measured."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyarrow as pa

from .dictionaries import prune_batch
from .errors import ArrowLinkError, Kind


@dataclass(frozen=True)
class Payload:
    """One self-contained Arrow IPC stream and the rows in it."""

    data: bytes
    rows: int


def cut(schema: pa.Schema, batches: Iterable[pa.RecordBatch], max_message_bytes: int) -> Iterator[Payload]:
    """Yields payloads that hold all rows in order, each small enough for one message of `max_message_bytes`.

    Without any row there is one payload, which carries the schema. A single row that is too large is
    `LimitExceeded`.
    """
    budget = max_message_bytes - FRAMING
    row = 0
    for batch in batches:
        for payload in _cut_batch(schema, batch, budget, row):
            row += payload.rows
            yield payload
    if row == 0:
        yield Payload(_encode(schema, []), 0)


def _cut_batch(schema: pa.Schema, batch: pa.RecordBatch, budget: int, first_row: int) -> Iterator[Payload]:
    batch = prune_batch(batch)  # so that its size says something about its rows
    start = 0
    rows = _scaled(batch.num_rows, batch.nbytes, budget)
    while start < batch.num_rows:
        piece = batch.slice(start, rows)
        data = _encode(schema, [prune_batch(piece)])
        rows = _scaled(piece.num_rows, len(data), budget)
        if len(data) <= budget:
            yield Payload(data, piece.num_rows)
            start += piece.num_rows
        elif piece.num_rows == 1:
            message = (
                f"row {first_row + start} alone makes a message of {len(data) + FRAMING} bytes, "
                f"the limit is {budget + FRAMING}; raise it with `--max-message-bytes`"
            )
            raise ArrowLinkError(Kind.LIMIT_EXCEEDED, message)
        else:
            rows = min(rows, piece.num_rows // 2)


def _scaled(rows: int, size: int, budget: int) -> int:
    """Returns how many rows fill nine tenths of the budget when `rows` of them make `size` bytes."""
    return max(1, rows * budget * 9 // (10 * max(1, size)))


def _encode(schema: pa.Schema, batches: list[pa.RecordBatch]) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return sink.getvalue().to_pybytes()


FRAMING = 16
"""Bytes of a message around its payload: gRPC's prefix of 5, protobuf's tag of 1 and length of at most 10."""
