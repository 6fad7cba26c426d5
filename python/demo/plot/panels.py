"""Which panel shows a column: chosen by its Arrow type, under its name, type and share of missing values."""

import contextlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from matplotlib.axes import Axes

from .categories import draw_categories
from .moments import Moments, draw_moments
from .numbers import Floats, draw_numbers
from .style import FAINT, INK, MISSING, SOFT_INK, line_above, shorten, write_above, write_centred


def draw_column(axes: Axes, column: pa.Field, values: pa.ChunkedArray) -> None:
    """Draws one column under its heading; every type has a picture, if only of sizes."""
    _draw_heading(axes, column, values)
    present = values.drop_null()
    if len(values) == 0:
        write_centred(axes, "no rows")
    elif len(present) == 0:
        write_centred(axes, "nothing but nulls")
    else:
        _draw_values(axes, column.type, present)


def numbers_of(values: pa.ChunkedArray) -> Floats | None:
    """Returns numbers as floats, nulls as NaN; `None` when `values` are no numbers."""
    kind = values.type
    if pa.types.is_duration(kind):
        return _floats(values.cast(pa.int64())) / TICKS_PER_SECOND[kind.unit]
    if pa.types.is_time(kind):
        ticks = values.cast(pa.int32() if pa.types.is_time32(kind) else pa.int64())
        return _floats(ticks) / TICKS_PER_SECOND[kind.unit] / 3600
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return _floats(values)
    return None


def moments_of(values: pa.ChunkedArray) -> Moments | None:
    """Returns dates and timestamps with milliseconds, nulls as NaT; `None` for others and what is too far."""
    kind = values.type
    if not (pa.types.is_timestamp(kind) or pa.types.is_date(kind)):
        return None
    with contextlib.suppress(pa.ArrowInvalid):
        return values.cast(pa.timestamp("ms"), safe=False).to_numpy().astype("datetime64[ms]")
    return None


def _draw_values(axes: Axes, kind: pa.DataType, present: pa.ChunkedArray) -> None:
    moments, numbers = moments_of(present), numbers_of(present)
    if moments is not None:
        draw_moments(axes, moments)
    elif numbers is not None:
        unit = " s" if pa.types.is_duration(kind) else " h" if pa.types.is_time(kind) else ""
        draw_numbers(axes, numbers, whole=pa.types.is_integer(kind), unit=unit)
    elif pa.types.is_struct(kind):
        _draw_fields(axes, kind)
    elif _is_binary(kind) or any(test(kind) for test in LISTS):
        draw_numbers(axes, _lengths(kind, present), whole=True, unit=_length_unit(kind))
    else:
        _draw_discrete(axes, kind, present)


def _draw_discrete(axes: Axes, kind: pa.DataType, present: pa.ChunkedArray) -> None:
    if pa.types.is_dictionary(kind):
        present = present.cast(kind.value_type)
    if pa.types.is_string_view(kind):
        present = present.cast(pa.string())
    try:
        draw_categories(axes, present)
    except (pa.ArrowNotImplementedError, UnicodeDecodeError):
        write_centred(axes, f"{len(present):,} values")


def _draw_fields(axes: Axes, kind: pa.DataType) -> None:
    names = [f"{kind.field(index).name}: {kind.field(index).type}" for index in range(kind.num_fields)]
    lines = [shorten(name, 40) for name in names[:FIELDS_SHOWN]]
    if len(names) > FIELDS_SHOWN:
        lines.append(f"and {len(names) - FIELDS_SHOWN} more")
    write_centred(axes, "\n".join(lines) or "no fields", size=7.5)


def _draw_heading(axes: Axes, column: pa.Field, values: pa.ChunkedArray) -> None:
    missing = values.null_count / len(values) if len(values) else 0.0
    words = "no nulls" if values.null_count == 0 else f"{_percent(missing)} null"
    name = write_above(axes, 22, shorten(column.name, 26) or "(no name)")
    name.set(size=10.5, weight="bold", color=INK)
    write_above(axes, 11, shorten(_type_in_words(column.type), 30))
    write_above(axes, 11, words, side="right").set_color(MISSING if values.null_count else SOFT_INK)
    line_above(axes, 6, 1.0, FAINT)
    line_above(axes, 6, missing, MISSING)


def _type_in_words(kind: pa.DataType) -> str:
    return f"dictionary<{kind.value_type}>" if pa.types.is_dictionary(kind) else str(kind)


def _lengths(kind: pa.DataType, present: pa.ChunkedArray) -> Floats:
    if _is_binary(kind):
        return _floats(pc.call_function("binary_length", [present.cast(pa.large_binary())]))
    if pa.types.is_map(kind):
        present = present.cast(pa.list_(pa.struct([kind.key_field, kind.item_field])))
    return _floats(pc.list_value_length(present))


def _length_unit(kind: pa.DataType) -> str:
    return " bytes" if _is_binary(kind) else " items"


def _is_binary(kind: pa.DataType) -> bool:
    return any(test(kind) for test in BINARIES)


def _floats(values: pa.ChunkedArray | pa.Array) -> Floats:
    return values.cast(pa.float64(), safe=False).to_numpy().astype(np.float64)


def _percent(share: float) -> str:
    return "<0.1%" if share < SMALLEST_SHARE else f"{share:.1%}" if share < 1 else "100%"


FIELDS_SHOWN = 8
SMALLEST_SHARE = 0.001
TICKS_PER_SECOND = {"s": 1, "ms": 1e3, "us": 1e6, "ns": 1e9}
LISTS = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list, pa.types.is_map)
BINARIES = (
    pa.types.is_binary,
    pa.types.is_large_binary,
    pa.types.is_fixed_size_binary,
    pa.types.is_binary_view,
)
