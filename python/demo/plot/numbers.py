"""Numbers as a histogram.

A few far values that would flatten it are left out, and said; values of many magnitudes get a log axis.
"""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator
from numpy.typing import NDArray

from .style import BAR, SOFT_INK, clear_frame, compact, write_centred, write_note

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Histogram:
    """Counts between edges, and what a reader has to know about what is not in them."""

    counts: NDArray[np.int64]
    edges: Floats
    logarithmic: bool
    note: str


def draw_numbers(axes: Axes, values: Floats, *, whole: bool = False, unit: str = "") -> None:
    """Draws how `values` are distributed, range and median in words below; `whole` says integers."""
    finite = values[np.isfinite(values)]
    odd = len(values) - len(finite)
    oddity = f"{odd:,} not finite" if odd else ""
    if len(finite) == 0:
        write_centred(axes, f"no finite value\n{oddity}".strip())
        return
    smallest, largest = float(finite.min()), float(finite.max())
    if smallest == largest:
        times = f"in all {len(finite):,} rows" if len(finite) > 1 else "the only value"
        write_centred(axes, compact(smallest) + unit, size=20)
        axes.text(
            0.5, 0.24, join(times, oddity), transform=axes.transAxes, ha="center", color=SOFT_INK, size=7.5
        )
        return
    scale = scale_of(max(abs(smallest), abs(largest)))
    histogram = histogram_of(finite / scale, whole=whole and scale == 1)
    axes.bar(
        histogram.edges[:-1],
        histogram.counts,
        width=np.diff(histogram.edges),
        align="edge",
        color=BAR,
        edgecolor="white",
        linewidth=0.4,
    )
    _dress(axes, histogram, scale, whole=whole and scale == 1)
    median = float(np.median(finite / scale)) * scale
    words = f"{compact(smallest)} to {compact(largest)}{unit}, median {compact(median)}{unit}"
    axes.set_xlabel(words, size=7.5)
    note = join(histogram.note, oddity)
    if note:
        axes.set_ylim(top=float(max(histogram.counts)) * HEADROOM)
        write_note(axes, note)


def histogram_of(values: Floats, *, whole: bool = False) -> Histogram:
    """Counts `values`, which are finite and not all equal, in bins that fit them."""
    smallest, largest = float(values.min()), float(values.max())
    if smallest > 0 and _spans_magnitudes(values):
        edges = np.geomspace(smallest, largest, BINS + 1)
        return Histogram(np.histogram(values, edges)[0], edges, logarithmic=True, note="log axis")
    if whole and largest - smallest <= FEW:
        edges = np.arange(smallest - 0.5, largest + 1.0)
        return Histogram(np.histogram(values, edges)[0], edges, logarithmic=False, note="")
    low, high, note = _shown_range(values, smallest, largest)
    shown = values[(values >= low) & (values <= high)]
    bins = int(np.clip(np.sqrt(len(shown)), 6, BINS))
    if whole:
        width = max(1, int(np.ceil((high - low + 1) / bins)))
        edges = np.arange(low - 0.5, high + width, width)
    else:
        edges = np.linspace(low, high, bins + 1)
    return Histogram(np.histogram(shown, edges)[0], edges, logarithmic=False, note=note)


def scale_of(largest: float) -> float:
    """Returns the power of ten by which values are divided so that no axis overflows."""
    if largest < HUGE and (largest == 0 or largest > TINY):
        return 1.0
    return float(10.0 ** np.floor(np.log10(largest)))


def join(*words: str) -> str:
    """Joins what is not empty."""
    return " · ".join(word for word in words if word)


def _spans_magnitudes(values: Floats) -> bool:
    low, high = (float(edge) for edge in np.percentile(values, [1, 99]))
    return high / low >= MANY_MAGNITUDES


def _shown_range(values: Floats, smallest: float, largest: float) -> tuple[float, float, str]:
    low, high = (float(edge) for edge in np.percentile(values, [0.5, 99.5]))
    if high > low and largest - smallest > FAR * (high - low):
        return low, high, "middle 99% shown"
    return smallest, largest, ""


def _dress(axes: Axes, histogram: Histogram, scale: float, *, whole: bool) -> None:
    clear_frame(axes)
    if histogram.logarithmic:
        axes.set_xscale("log")
        axes.minorticks_off()
        axes.xaxis.set_major_locator(LogLocator(numticks=5))
    else:
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=whole))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda number, _: compact(float(number) * scale)))
    axes.set_xlim(histogram.edges[0], histogram.edges[-1])
    axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda number, _: compact(number)))


BINS = 40
FEW = 24
FAR = 4.0
HEADROOM = 1.2
MANY_MAGNITUDES = 1e4
HUGE = 1e15
TINY = 1e-6
