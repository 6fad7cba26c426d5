"""Dictionaries cut down to the values that a slice uses, at any depth.

An IPC stream carries the whole dictionary of a column, however few rows come with it: one row of 100,000
would travel with all 100,000 words.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def prune_batch(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Returns the same rows with dictionaries that hold only what these rows name."""
    if not any(_has_dictionary(column.type) for column in batch.schema):
        return batch
    columns = [_prune_column(column) if _has_dictionary(column.type) else column for column in batch.columns]
    return pa.RecordBatch.from_arrays(columns, schema=batch.schema)


def _prune_column(column: pa.Array) -> pa.Array:
    if isinstance(column, pa.DictionaryArray):
        return _prune_dictionary(column)
    # Taking every row gives nested arrays an offset of zero and children without unused items.
    return _prune(column.take(pa.array(np.arange(len(column)), pa.int64())))


def _prune(array: pa.Array) -> pa.Array:
    """Keeps the order of the values, so that an ordered dictionary stays so; leaves unions as they are."""
    if isinstance(array, pa.DictionaryArray):
        return _prune_dictionary(array)
    if isinstance(array, pa.StructArray):
        fields = [array.field(index) for index in range(array.type.num_fields)]
        return _rebuild(array, [_prune(child) for child in fields])
    if isinstance(array, pa.MapArray | pa.ListArray | pa.LargeListArray | pa.FixedSizeListArray):
        return _rebuild(array, [_prune(array.values)])
    return array


def _prune_dictionary(array: pa.DictionaryArray) -> pa.Array:
    used = array.indices.unique().drop_null().sort()
    indices = pc.index_in(array.indices, value_set=used).cast(array.type.index_type)
    return pa.DictionaryArray.from_arrays(indices, array.dictionary.take(used), ordered=array.type.ordered)


def _rebuild(array: pa.Array, children: list[pa.Array]) -> pa.Array:
    """Puts new children under the array's own buffers: validity, and offsets where items vary in number."""
    own = array.buffers()[: 1 if isinstance(array, pa.StructArray | pa.FixedSizeListArray) else 2]
    return pa.Array.from_buffers(array.type, len(array), own, array.null_count, 0, children)


def _has_dictionary(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return True
    return any(_has_dictionary(kind.field(index).type) for index in range(kind.num_fields))
