"""Words, flags and other discrete values: the most frequent ones as bars, with how many others there are."""

import pyarrow as pa
import pyarrow.compute as pc
from matplotlib.axes import Axes

from .style import BAR, FAINT, INK, SOFT_BAR, SOFT_INK, clear_frame, compact, shorten, write_centred


def draw_categories(axes: Axes, column: pa.ChunkedArray) -> None:
    """Draws the values of `column`, which has some, by how often they occur."""
    counted = pc.value_counts(column.drop_null()).sort(order="descending", by="counts")
    total = len(column) - column.null_count
    if len(counted) == 1:
        value, rows = _label(counted[0]), f"in all {total:,} rows" if total > 1 else "the only value"
        write_centred(axes, value, size=13)
        axes.text(0.5, 0.24, rows, transform=axes.transAxes, ha="center", color=SOFT_INK, size=7.5)
        return
    if len(counted) == total and total > SHOWN:
        examples = "\n".join(_label(entry) for entry in counted[:EXAMPLES])
        write_centred(axes, f"{examples}\n…", size=8)
        axes.set_xlabel(f"{total:,} values, all different", size=7.5)
        return
    _draw_bars(axes, counted[:SHOWN], total)
    others = len(counted) - SHOWN
    if others > 0:
        rest = total - sum(_counts(counted[:SHOWN]))
        axes.set_xlabel(
            f"and {others:,} other value{'s' * (others > 1)} in {rest / total:.0%} of the rows", size=7.5
        )
    else:
        axes.set_xlabel(f"{len(counted):,} values", size=7.5)


def _draw_bars(axes: Axes, counted: pa.StructArray, total: int) -> None:
    counts = _counts(counted)
    positions = list(range(len(counts)))
    axes.barh(positions, [max(counts)] * len(counts), color=FAINT, alpha=0.45, height=0.72)
    axes.barh(positions, counts, color=[BAR, *[SOFT_BAR] * (len(counts) - 1)], height=0.72)
    for position, (entry, count) in enumerate(zip(counted, counts, strict=True)):
        colour = "white" if position == 0 else INK
        axes.text(max(counts) * 0.02, position, _label(entry), va="center", size=7.5, color=colour)
        share = f"{compact(count)} · {count / total:.0%}" if total > SHOWN else compact(count)
        axes.text(max(counts) * 1.02, position, share, va="center", size=7.5, color=SOFT_INK)
    axes.set_xlim(0, max(counts) * 1.4)
    axes.set_ylim(max(SHOWN, len(counts)) - 0.4, -0.6)
    axes.set_xticks([])
    axes.set_yticks([])
    clear_frame(axes, keep="")


def _counts(counted: pa.StructArray) -> list[int]:
    return [int(count) for count in counted.field("counts").to_numpy()]


def _label(entry: pa.StructScalar) -> str:
    value = entry["values"].as_py()
    return shorten(str(value), LABEL_LENGTH) if str(value).strip() else repr(value)


SHOWN = 6
EXAMPLES = 3
LABEL_LENGTH = 30
