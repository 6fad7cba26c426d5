"""The page: a title that says how much there is, then a grid with one panel per column."""

import math
import warnings
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pyarrow as pa
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from .moments import Moments, draw_over_time, has_course, is_drawable
from .numbers import Floats
from .panels import draw_column, moments_of, numbers_of
from .style import FAINT, INK, SETTINGS, SOFT_INK, data_size, shorten


def draw(table: pa.Table, title: str, path: Path) -> None:
    """Writes the overview of `table` to `path` as a PNG; raises `OSError` when it cannot be written.

    At most 24 columns are drawn, the first ones; the title says when there are more. Where there is a time
    column with more than one moment, every number also gets a line along it.
    """
    with mpl.rc_context(SETTINGS), warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", message="Glyph .* missing from"
        )  # scripts that the font does not have
        figure = page(table, title)
        FigureCanvasAgg(figure).print_png(path)


def page(table: pa.Table, title: str) -> Figure:
    """Lays out the overview of `table` without rendering it."""
    shown = min(table.num_columns, MAX_COLUMNS)
    timeline = _timeline(table)
    grid = _Grid(shown, PANEL_HEIGHT if timeline is None else PANEL_HEIGHT + STRIP_HEIGHT + STRIP_GAP)
    figure = Figure(figsize=grid.size(), dpi=DOTS_PER_INCH, facecolor="white")
    _draw_title(figure, table, title)
    for index in range(shown):
        values = table.column(index)
        numbers = None if timeline is None else numbers_of(values)
        strip = timeline is not None and numbers is not None and has_course(timeline.moments, numbers)
        height = grid.panel_height - HEADING_HEIGHT - FOOT_HEIGHT
        if timeline is not None and numbers is not None and strip:
            height -= STRIP_HEIGHT + STRIP_GAP
            _draw_strip(grid.place(figure, index, height + STRIP_GAP, STRIP_HEIGHT), timeline, numbers)
        draw_column(grid.place(figure, index, 0, height), table.schema.field(index), values)
    return figure


@dataclass(frozen=True)
class _Timeline:
    """The column along which numbers are also drawn."""

    name: str
    moments: Moments


@dataclass(frozen=True)
class _Grid:
    """Where the panels are, in inches: at most four beside each other."""

    panels: int
    panel_height: float

    @property
    def across(self) -> int:
        return min(
            MAX_ACROSS, self.panels if self.panels <= MAX_ACROSS else math.ceil(math.sqrt(self.panels))
        )

    def size(self) -> tuple[float, float]:
        down = math.ceil(self.panels / max(1, self.across))
        return max(2, self.across) * PANEL_WIDTH, max(1, down) * self.panel_height + TITLE_HEIGHT

    def place(self, figure: Figure, index: int, below: float, height: float) -> Axes:
        """Makes axes of `height` in panel `index`, `below` the end of its heading."""
        page_width, page_height = self.size()
        left = (index % self.across) * PANEL_WIDTH + MARGIN
        top = TITLE_HEIGHT + (index // self.across) * self.panel_height + HEADING_HEIGHT + below
        bottom = page_height - top - height
        width = PANEL_WIDTH - 2 * MARGIN
        rectangle = (left / page_width, bottom / page_height, width / page_width, height / page_height)
        return figure.add_axes(rectangle, facecolor="none")


def _draw_strip(axes: Axes, timeline: _Timeline, numbers: Floats) -> None:
    draw_over_time(axes, timeline.moments, numbers)
    axes.set_title(f"median over {shorten(timeline.name, 24)}", size=7.5, color=SOFT_INK, loc="left", pad=3)


def _draw_title(figure: Figure, table: pa.Table, title: str) -> None:
    width, height = figure.get_size_inches()
    left = MARGIN / width
    columns = f"{table.num_columns:,} column{'s' * (table.num_columns != 1)}"
    if table.num_columns > MAX_COLUMNS:
        columns += f", the first {MAX_COLUMNS} shown"
    rows = f"{table.num_rows:,} row{'s' * (table.num_rows != 1)}"
    words = f"{rows} · {columns} · {data_size(table.nbytes)} in memory"
    figure.text(left, 1 - 0.22 / height, shorten(title, 48), size=16, weight="bold", color=INK, va="top")
    figure.text(left, 1 - 0.56 / height, words, size=9.5, color=SOFT_INK, va="top")
    if table.num_columns == 0:
        figure.text(0.5, 0.4, "no columns", size=12, color=SOFT_INK, ha="center")
    line = 1 - 0.84 / height
    figure.add_artist(Line2D([left, 1 - left], [line, line], color=FAINT, linewidth=1))


def _timeline(table: pa.Table) -> _Timeline | None:
    for name, values in zip(table.column_names, table.columns, strict=True):
        moments = moments_of(values)
        known = None if moments is None else moments[~np.isnat(moments)]
        if (
            moments is not None
            and known is not None
            and len(known) > 0
            and is_drawable(known.min(), known.max())
        ):
            return _Timeline(name, moments)
    return None


MAX_COLUMNS = 24
MAX_ACROSS = 4
DOTS_PER_INCH = 130
PANEL_WIDTH = 3.4
PANEL_HEIGHT = 2.75
TITLE_HEIGHT = 0.95
HEADING_HEIGHT = 0.62
FOOT_HEIGHT = 0.62
STRIP_HEIGHT = 0.5
STRIP_GAP = 0.62
MARGIN = 0.46
