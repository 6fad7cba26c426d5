"""Dates and times: how many rows fall where, as a line; and numbers over time, as a line within a band."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from .numbers import Floats, scale_of
from .style import BAR, SOFT_BAR, SOFT_INK, clear_frame, compact, write_centred, write_note

Moments = NDArray[np.datetime64]
"""Moments in UTC, with milliseconds."""


def draw_moments(axes: Axes, moments: Moments) -> None:
    """Draws the number of rows per stretch of time, with the first and the last moment in words below."""
    first, last = moments.min(), moments.max()
    if first == last:
        write_centred(axes, in_words(first, last)[0], size=11)
        return
    bins = int(np.clip(np.sqrt(len(moments)), 8, MAX_BINS))
    counts, edges = np.histogram(moments.astype(np.int64), bins=bins)
    centres = ((edges[:-1] + edges[1:]) / 2).astype(np.int64)
    _time_axis(axes, first, last)
    if is_drawable(first, last):
        centres = centres.astype("datetime64[ms]")
    axes.fill_between(centres, counts, color=SOFT_BAR, alpha=0.5, linewidth=0)
    axes.plot(centres, counts, color=BAR, linewidth=1.3)
    axes.set_ylim(0, max(counts) * 1.25)
    axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda number, _: compact(number)))
    axes.set_xlabel(" to ".join(in_words(first, last)), size=7.5)
    write_note(axes, "rows over time")


def draw_over_time(axes: Axes, moments: Moments, values: Floats) -> None:
    """Draws the median of `values` along `moments`, stretch by stretch, and the range of the middle 80%."""
    usable = np.isfinite(values) & ~np.isnat(moments)
    scale = scale_of(float(np.abs(values[usable]).max()))
    ticks, values = moments[usable].astype(np.int64), values[usable] / scale
    order = np.argsort(ticks, kind="stable")
    parts = np.array_split(order, min(STRETCHES, len(order)))
    centres = np.array([np.median(ticks[part]) for part in parts]).astype("datetime64[ms]")
    low, middle, high = np.array([np.percentile(values[part], [10, 50, 90]) for part in parts]).T
    axes.fill_between(centres, low, high, color=SOFT_BAR, alpha=0.6, linewidth=0)
    axes.plot(centres, middle, color=BAR, linewidth=0.9)
    _time_axis(axes, moments[usable].min(), moments[usable].max())
    axes.yaxis.set_major_locator(MaxNLocator(2))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda number, _: compact(float(number) * scale)))


def in_words(first: np.datetime64, last: np.datetime64) -> tuple[str, str]:
    """Writes both moments as exactly as their distance asks for."""
    days = (last - first) / np.timedelta64(1, "D")
    unit = "D" if days > FEW_DAYS else "m" if days > 1 else "s"
    words = [str(np.datetime_as_string(moment, unit=unit)).replace("T", " ") for moment in (first, last)]
    return words[0], words[1]


def is_drawable(first: np.datetime64, last: np.datetime64) -> bool:
    """Says whether there is time between both and matplotlib has dates for it: years 1 to 9999."""
    return bool(EARLIEST <= first < last <= LATEST)


def has_course(moments: Moments, values: Floats) -> bool:
    """Says whether enough of `values` have a moment to draw a line."""
    return int((np.isfinite(values) & ~np.isnat(moments)).sum()) > 1


def _time_axis(axes: Axes, first: np.datetime64, last: np.datetime64) -> None:
    clear_frame(axes)
    if not is_drawable(first, last):
        axes.set_xticks([])
        return
    locator = AutoDateLocator(minticks=3, maxticks=5)
    formatter = ConciseDateFormatter(locator, show_offset=False)
    axes.xaxis_date()
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(formatter)
    axes.tick_params(axis="x", labelcolor=SOFT_INK)
    axes.set_xlim(*date2num([first, last]))


MAX_BINS = 120
STRETCHES = 160
FEW_DAYS = 60
EARLIEST = np.datetime64("0001-01-03", "ms")
LATEST = np.datetime64("9999-12-29", "ms")
