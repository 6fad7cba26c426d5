"""Draws throughput by batch size.

The lines come as JSON on the standard input, and the file is the only argument.
"""

import json
import sys
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from matplotlib.typing import RcKeyType


def draw(lines: list[dict[str, Any]], file: str) -> None:
    """Draws every line with its spread, and its name at its right end."""
    mpl.rcParams.update(SETTINGS)
    figure, axes = plt.subplots(figsize=(8, 4.6), layout="constrained")
    for line in lines:
        _line(axes, line)
    sizes = sorted({point["rows"] for line in lines for point in line["points"]})
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_locator(FixedLocator(sizes))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda rows, _: rows_in_words(int(rows))))
    axes.set_ylim(bottom=0)
    axes.set_xlabel("rows a batch, 64 bytes each")
    axes.set_title("Reading a table in memory over TCP loopback, GB/s", loc="left")
    axes.grid(axis="y", color=FAINT)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(length=0)
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    figure.savefig(file, metadata={"Date": None} if file.endswith(".svg") else None, dpi=150)


def rows_in_words(rows: int) -> str:
    """Writes a number of rows as people say powers of two.

    >>> rows_in_words(1024), rows_in_words(1 << 20), rows_in_words(100)
    ('1 Ki', '1 Mi', '100')
    """
    for unit, word in ((1 << 20, "Mi"), (1 << 10, "Ki")):
        if rows >= unit:
            return f"{rows // unit} {word}"
    return str(rows)


def _line(axes: Axes, line: dict[str, Any]) -> None:
    points = line["points"]
    if not points:
        return
    rows, median, least, most = ([point[key] for point in points] for key in KEYS)
    style = STYLES.get(line["label"], {"color": "#6b7785"})
    axes.plot(rows, median, label=line["label"], marker="o", markersize=4, linewidth=2, **style)
    axes.fill_between(rows, least, most, color=style["color"], alpha=0.12, linewidth=0)


KEYS = ("rows", "median", "least", "most")
FAINT = "#e3e8ee"
SETTINGS: dict[RcKeyType, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": 9,
    "axes.edgecolor": "#6b7785",
    "axes.titlesize": 10,
    "svg.hashsalt": "performance",  # the same figures make the same file
}
STYLES: dict[str, dict[str, Any]] = {
    "raw socket": {"color": "#6b7785", "linestyle": "--"},
    "ArrowLink": {"color": "#c2410c"},
    "ArrowLink to pyarrow": {"color": "#c2410c", "linestyle": ":"},
    "pyarrow": {"color": "#3d7ea6"},
    "arrow-flight": {"color": "#4d7c0f"},
}


if __name__ == "__main__":
    draw(json.load(sys.stdin), sys.argv[1])
