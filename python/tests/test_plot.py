"""The picture of a table: drawn for every type and every odd shape, of the size that its columns ask for."""

import datetime as dt
import decimal
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib.image
import numpy as np
import pyarrow as pa
import pytest

from demo.plot import draw, overview
from demo.plot.numbers import histogram_of
from demo.plot.style import compact, data_size, shorten

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
ROWS = 200


def check(table: pa.Table, tmp_path: Path, panels: int | None = None) -> str:
    """Draws the table, looks at the picture and returns its words."""
    path = tmp_path / "plot.png"
    draw(table, "a table", path)
    pixels = np.asarray(matplotlib.image.imread(path))
    shown = min(table.num_columns, 24) if panels is None else panels
    across = min(4, shown if shown <= 4 else int(np.ceil(np.sqrt(shown))))
    assert pixels.shape[1] == max(2, across) * overview.PANEL_WIDTH * overview.DOTS_PER_INCH
    assert pixels.shape[0] >= (max(1, -(-shown // max(1, across))) * 2 + 0.9) * overview.DOTS_PER_INCH
    assert (pixels < 0.9).any(axis=2).mean() > 0.001  # there is ink
    return words(table)


def words(table: pa.Table) -> str:
    """Returns all that is written on the page."""
    figure: Figure = overview.page(table, "a table")
    texts = [text.get_text() for text in figure.texts]
    for axes in figure.axes:
        texts += [text.get_text() for text in axes.texts] + [axes.get_xlabel(), axes.get_title(loc="left")]
    return "\n".join(texts)


def _columns() -> Mapping[str, pa.Array]:
    random = np.random.default_rng(7)
    moments = [NOW + dt.timedelta(hours=7 * row) for row in range(ROWS)]
    return {
        "int64": pa.array(range(ROWS)),
        "few integers": pa.array(random.integers(0, 4, ROWS)),
        "uint64": pa.array(np.full(ROWS, 2**64 - 1, np.uint64) - np.arange(ROWS, dtype=np.uint64)),
        "float16": pa.array(random.random(ROWS).astype(np.float16)),
        "nulls and numbers": pa.array([None if row % 3 else row / 7 for row in range(ROWS)], pa.float64()),
        "not finite": pa.array([float("nan"), float("inf"), -float("inf"), 1.0] * (ROWS // 4)),
        "nothing finite": pa.array([float("nan")] * ROWS),
        "huge": pa.array(random.standard_normal(ROWS) * 1e300),
        "largest": pa.array([1.7e308, -1.7e308] * (ROWS // 2)),
        "tiny": pa.array(random.standard_normal(ROWS) * 1e-300),
        "magnitudes": pa.array(10.0 ** np.linspace(-9, 9, ROWS)),
        "outlier": pa.array([*random.standard_normal(ROWS - 1), 1e6]),
        "decimal": pa.array([decimal.Decimal(row) / 8 for row in range(ROWS)]),
        "bool": pa.array([row % 3 == 0 for row in range(ROWS)]),
        "string": pa.array([f"word {row % 9}" for row in range(ROWS)]),
        "all different": pa.array([f"{row:030}" for row in range(ROWS)]),
        "odd labels": pa.array(
            ["$a^2$", "", " ", "line\nbreak", "\x00", "日本語", "x" * 500, "$"] * (ROWS // 8)
        ),
        "large string": pa.array(["a", "b"] * (ROWS // 2), pa.large_string()),
        "string view": pa.array(["a", "b"] * (ROWS // 2), pa.string_view()),
        "dictionary": pa.array(["a", "b", None, "d"] * (ROWS // 4)).dictionary_encode(),
        "dictionary of numbers": pa.array([1, 2, 3, 4] * (ROWS // 4)).dictionary_encode(),
        "timestamp": pa.array(moments, pa.timestamp("us", "Europe/Berlin")),
        "nanoseconds": pa.array(np.arange(ROWS), pa.timestamp("ns")),
        "one moment": pa.array([NOW] * ROWS, pa.timestamp("ms")),
        "far timestamps": pa.array([-(2**62), 2**62] * (ROWS // 2), pa.timestamp("s")),
        "date32": pa.array([dt.date(1, 1, 1), dt.date(9999, 12, 31)] * (ROWS // 2)),
        "date64": pa.array([dt.date(2026, 1, 1 + row % 28) for row in range(ROWS)], pa.date64()),
        "time32": pa.array([dt.time(row % 24) for row in range(ROWS)], pa.time32("s")),
        "time64": pa.array([dt.time(row % 24, microsecond=row) for row in range(ROWS)], pa.time64("us")),
        "duration": pa.array([dt.timedelta(seconds=row) for row in range(ROWS)]),
        "binary": pa.array([b"x" * (row % 50) for row in range(ROWS)]),
        "large binary": pa.array([b"x" * (row % 50) for row in range(ROWS)], pa.large_binary()),
        "fixed binary": pa.array([b"abcd"] * ROWS, pa.binary(4)),
        "binary view": pa.array([b"x" * (row % 50) for row in range(ROWS)], pa.binary_view()),
        "list": pa.array([[1] * (row % 5) for row in range(ROWS)]),
        "large list": pa.array([[1] * (row % 5) for row in range(ROWS)], pa.large_list(pa.int8())),
        "fixed list": pa.array([[1, 2]] * ROWS, pa.list_(pa.int8(), 2)),
        "list view": pa.array([[1] * (row % 5) for row in range(ROWS)], pa.list_view(pa.int8())),
        "map": pa.array([[("k", row)] * (row % 3) for row in range(ROWS)], pa.map_(pa.string(), pa.int64())),
        "struct": pa.array([{f"field {number}": number for number in range(12)}] * ROWS),
        "no fields": pa.array([{}] * ROWS, pa.struct([])),
        "null": pa.nulls(ROWS),
        "only nulls": pa.nulls(ROWS, pa.timestamp("ms")),
        "run ends": pa.RunEndEncodedArray.from_arrays(pa.array([5, ROWS], pa.int32()), pa.array(["a", "b"])),
        "union": pa.UnionArray.from_dense(
            pa.array([0, 1] * (ROWS // 2), pa.int8()),
            pa.array(np.arange(ROWS) // 2, pa.int32()),
            [pa.array(range(ROWS // 2)), pa.array(["x"] * (ROWS // 2))],
        ),
    }


COLUMNS = _columns()
PAGES = [list(COLUMNS)[:23], list(COLUMNS)[23:]]


@pytest.mark.parametrize("names", PAGES)
def test_every_type_is_drawn(tmp_path: Path, names: list[str]) -> None:
    text = check(pa.table({name: COLUMNS[name] for name in names}), tmp_path)
    assert all(name in text for name in names)


@pytest.mark.parametrize("names", PAGES)
def test_every_type_is_drawn_beside_a_time_column(tmp_path: Path, names: list[str]) -> None:
    columns = {"when": COLUMNS["timestamp"], **{name: COLUMNS[name] for name in names}}
    check(pa.table(columns), tmp_path)


@pytest.mark.parametrize("names", PAGES)
@pytest.mark.parametrize("rows", [0, 1, 2])
def test_every_type_is_drawn_with_hardly_any_rows(tmp_path: Path, names: list[str], rows: int) -> None:
    text = check(pa.table({name: COLUMNS[name] for name in names}).slice(0, rows), tmp_path)
    assert f"{rows} row" in text
    assert ("no rows" in text) == (rows == 0)


def test_one_row_is_said_in_full(tmp_path: Path) -> None:
    text = check(pa.table({"id": [1], "value": [3.14]}), tmp_path)
    assert "1 row · 2 columns · 16 bytes in memory" in text
    assert "3.14" in text


def test_many_columns_are_capped_and_it_is_said(tmp_path: Path) -> None:
    text = check(pa.table({f"column {number}": [1, 2, 3] for number in range(40)}), tmp_path, panels=24)
    assert "40 columns, the first 24 shown" in text
    assert "column 23" in text
    assert "column 24" not in text


def test_table_without_columns_is_a_page(tmp_path: Path) -> None:
    assert "no columns" in check(pa.table({}), tmp_path)


def test_missing_values_are_counted(tmp_path: Path) -> None:
    text = check(pa.table({"a": pa.array([1, None, None, 4]), "b": pa.nulls(4), "c": [1, 2, 3, 4]}), tmp_path)
    assert "50.0% null" in text
    assert "100% null" in text
    assert "nothing but nulls" in text
    assert "no nulls" in text


def test_frequent_values_come_first_and_others_are_counted(tmp_path: Path) -> None:
    values = [f"w{number}" for number in range(10) for _ in range(number + 1)]
    text = check(pa.table({"w": values}), tmp_path)
    assert "w9" in text
    assert "w0" not in text
    assert "and 4 other values in 18% of the rows" in text


def test_numbers_are_drawn_along_the_first_time_column(tmp_path: Path) -> None:
    text = check(pa.table({"x": COLUMNS["int64"], "when": COLUMNS["timestamp"]}), tmp_path)
    assert "median over when" in text


def test_long_names_are_shortened_in_the_middle(tmp_path: Path) -> None:
    assert "aaaaaaaaaaaaa…bbbbbbbbbbbb" in check(pa.table({"a" * 50 + "b" * 50: [1]}), tmp_path)


def test_folder_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        draw(pa.table({"id": [1]}), "t", tmp_path / "none" / "plot.png")


def test_a_few_far_values_do_not_flatten_the_rest() -> None:
    histogram = histogram_of(np.append(np.linspace(0, 1, 9_999), 1e9))
    assert histogram.edges[-1] <= 1
    assert histogram.note == "middle 99% shown"


def test_many_magnitudes_get_a_log_axis() -> None:
    histogram = histogram_of(np.geomspace(1e-6, 1e6, 1_000))
    assert histogram.logarithmic
    assert histogram.counts.sum() == 1_000


def test_few_integers_get_a_bar_each() -> None:
    histogram = histogram_of(np.array([0.0, 1, 1, 3]), whole=True)
    assert list(histogram.counts) == [1, 2, 0, 1]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (-2.5, "-2.5"),
        (9_999, "9,999"),
        (12_345, "12.35k"),
        (2.5e6, "2.5M"),
        (7e9, "7G"),
        (1e-9, "1e-09"),
    ],
)
def test_numbers_are_short(number: float, text: str) -> None:
    assert compact(number) == text


def test_sizes_have_units() -> None:
    assert [data_size(size) for size in (0, 16, 1_500, 10**15)] == [
        "0 bytes",
        "16 bytes",
        "1.5 kB",
        "1,000 TB",
    ]


def test_control_characters_are_not_drawn() -> None:
    assert shorten("a\nb\x00c", 10) == "a·b·c"
