"""Small tables and their payloads."""

import pyarrow as pa

ONE_ROW = pa.table(
    [pa.array([1]), pa.array([3.14])],
    schema=pa.schema(
        [pa.field("id", pa.int64(), nullable=False), pa.field("value", pa.float64(), nullable=False)]
    ),
)
ONE_ROW_PRINTED = """\
pyarrow.Table
id: int64 not null
value: double not null
----
id: [[1]]
value: [[3.14]]
"""


def payload(table: pa.Table) -> bytes:
    """Returns the table as one self-contained Arrow IPC stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def numbers(rows: int) -> pa.Table:
    """Returns `rows` rows of one int64 column `id`."""
    return pa.table({"id": pa.array(range(rows), pa.int64())})
