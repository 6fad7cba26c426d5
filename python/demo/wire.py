"""From payloads to one table: every payload is a complete Arrow IPC stream and can be opened by itself."""

from dataclasses import dataclass, field

import pyarrow as pa

from .errors import ArrowLinkError, Kind


@dataclass
class Assembly:
    """Collects the payloads of one read; `table` puts them together without copying."""

    tables: list[pa.Table] = field(default_factory=list[pa.Table])
    payload_bytes: int = 0

    def add(self, payload: bytes) -> int:
        """Opens one payload, checks it and returns its rows.

        Raises `Corrupt` for what is not a whole, valid Arrow IPC stream or has another schema than the first.
        """
        number = len(self.tables) + 1
        table = _open(payload, number)
        if self.tables and not table.schema.equals(self.tables[0].schema):
            differences = schema_differences(self.tables[0].schema, table.schema)
            message = f"payload {number} has another schema than payload 1: {differences}"
            raise ArrowLinkError(Kind.CORRUPT, message)
        self.tables.append(table)
        self.payload_bytes += len(payload)
        return table.num_rows

    def table(self) -> pa.Table:
        """Returns all rows in the order they came."""
        if not self.tables:
            message = "the server sent no payload; even an empty dataset has one, with its schema"
            raise ArrowLinkError(Kind.CORRUPT, message)
        return pa.concat_tables(self.tables)


def schema_differences(expected: pa.Schema, actual: pa.Schema) -> str:
    """Says field by field how `actual` differs from `expected`.

    >>> schema_differences(pa.schema({"id": pa.int64()}), pa.schema({"id": pa.int32(), "x": pa.null()}))
    '`id` is int32 instead of int64, `x: null` is new'
    """
    found: list[str] = []
    for name in expected.names:
        index = actual.get_field_index(name)
        if index < 0:
            found.append(f"`{_words(expected.field(name))}` is missing")
        elif not actual.field(index).equals(expected.field(name)):
            found.append(f"`{name}` is {_type(actual.field(index))} instead of {_type(expected.field(name))}")
    found += [f"`{_words(actual.field(name))}` is new" for name in actual.names if name not in expected.names]
    return ", ".join(found) or "the fields come in another order"


def _open(payload: bytes, number: int) -> pa.Table:
    try:
        with pa.ipc.open_stream(payload) as reader:
            table = reader.read_all()
        table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
        reason = str(error) or "it is empty"
        message = f"payload {number} ({len(payload)} bytes) is not a valid Arrow stream: {reason}"
        raise ArrowLinkError(Kind.CORRUPT, message) from error
    return table


def _words(column: pa.Field) -> str:
    return f"{column.name}: {_type(column)}"


def _type(column: pa.Field) -> str:
    return str(column.type) if column.nullable else f"{column.type} not null"
