"""Colours, fonts and short words of the overview; everything that makes its panels look like one picture."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.font_manager import fontManager
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.transforms import ScaledTranslation, Transform
from matplotlib.typing import RcKeyType


def _installed(*fonts: str) -> list[str]:
    known = {font.name for font in fontManager.ttflist}
    return [font for font in fonts if font in known]


INK = "#1f2933"
SOFT_INK = "#6b7785"
FAINT = "#e3e8ee"
BAR = "#3d7ea6"
SOFT_BAR = "#9fc3d9"
MISSING = "#e0793f"

SETTINGS: dict[RcKeyType, Any] = {
    "font.family": ["DejaVu Sans", *_installed("Noto Sans CJK JP", "Noto Sans CJK SC", "Hiragino Sans")],
    "font.size": 8.5,
    "text.color": INK,
    "text.parse_math": False,  # a dollar sign in the data is a dollar sign
    "axes.edgecolor": FAINT,
    "axes.labelcolor": SOFT_INK,
    "axes.unicode_minus": True,
    "xtick.color": SOFT_INK,
    "ytick.color": SOFT_INK,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7,
}
"""Matplotlib's settings while the picture is made."""


def clear_frame(axes: Axes, *, keep: str = "bottom") -> None:
    """Leaves only the line along `keep` and no ticks on it."""
    for side, spine in axes.spines.items():
        spine.set_visible(side == keep)
    axes.tick_params(length=0)


def write_note(axes: Axes, text: str) -> None:
    """Writes what a reader has to know about a panel into its upper right corner."""
    axes.text(1, 0.98, text, transform=axes.transAxes, ha="right", va="top", size=7, color=SOFT_INK)


def write_above(axes: Axes, points: float, text: str, *, side: str = "left") -> Text:
    """Writes text `points` above the panel, at its left or right side."""
    along = 0.0 if side == "left" else 1.0
    style = {"size": 7.5, "color": SOFT_INK, "clip_on": False}
    return axes.text(along, 1, text, style, transform=_above(axes, points), ha=side)


def line_above(axes: Axes, points: float, share: float, colour: str) -> None:
    """Draws a thick line `points` above the panel, over this share of its width from the right."""
    line = Line2D([1 - share, 1], [1, 1], transform=_above(axes, points), color=colour, linewidth=2.2)
    line.set(solid_capstyle="butt", clip_on=False)
    axes.add_artist(line)


def _above(axes: Axes, points: float) -> Transform:
    figure = axes.get_figure(root=True)
    inches = points / POINTS_PER_INCH
    return (
        axes.transAxes
        if figure is None
        else axes.transAxes + ScaledTranslation(0, inches, figure.dpi_scale_trans)
    )


def write_centred(axes: Axes, text: str, *, size: float = 9.0, colour: str = SOFT_INK) -> None:
    """Writes text in the middle of an otherwise empty panel."""
    clear_frame(axes, keep="")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", size=size, color=colour)


def shorten(text: str, length: int) -> str:
    """Cuts the middle out of what is longer than `length`, where names and paths differ least.

    >>> shorten("temperature_outdoors_celsius", 15)
    'tempera…celsius'
    """
    clean = "".join(character if character.isprintable() else "·" for character in text)
    if len(clean) <= length:
        return clean
    head = (length - 1 + 1) // 2
    return clean[:head] + "…" + clean[len(clean) - (length - 1 - head) :]


def compact(number: float) -> str:
    """Writes a number in at most seven characters or so.

    >>> [compact(number) for number in (0, 3.14159, 1234, 25_000_000, 1e300)]
    ['0', '3.142', '1,234', '25M', '1e300']
    """
    magnitude = abs(number)
    if magnitude >= SMALLEST_SCIENTIFIC or 0 < magnitude < LARGEST_SCIENTIFIC:
        return f"{number:.2g}".replace("e+", "e")
    for smallest, divisor, unit in UNITS:
        if magnitude >= smallest:
            return f"{number / divisor:.4g}{unit}"
    return f"{number:,.4g}"


def data_size(size: int) -> str:
    """Writes a number of bytes in decimal units.

    >>> data_size(999), data_size(1_600_000)
    ('999 bytes', '1.6 MB')
    """
    amount = float(size)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < STEP:
            return f"{amount:.3g} {unit}"
        amount /= STEP
    return f"{amount:,.0f} TB"


UNITS = ((1e9, 1e9, "G"), (1e6, 1e6, "M"), (1e4, 1e3, "k"))
SMALLEST_SCIENTIFIC = 1e12
LARGEST_SCIENTIFIC = 1e-4
STEP = 1000
POINTS_PER_INCH = 72
