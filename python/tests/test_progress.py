"""The progress bar: on a terminal and nowhere else."""

import io

import pytest

from demo import progress
from demo.progress import Progress


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def transfer(stream: io.StringIO, *, show: bool = True) -> Progress:
    with Progress("reading", total_rows=30, show=show, to=stream) as shown:
        for _ in range(3):
            shown.advance(10, 1_000_000)
    return shown


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "SECONDS_BEFORE_BAR", 0.0)
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_BARS", 0.0)


def test_bar_on_a_terminal_says_rows_and_bytes() -> None:
    terminal = Terminal()
    transfer(terminal)
    assert "reading" in terminal.getvalue()
    assert "rows" in terminal.getvalue()
    assert "MB" in terminal.getvalue()


def test_bar_is_taken_away_at_the_end() -> None:
    terminal = Terminal()
    transfer(terminal)
    assert not terminal.getvalue().rpartition("\r")[0].rpartition("\r")[2].strip()


@pytest.mark.parametrize(("stream", "show"), [(io.StringIO(), True), (Terminal(), False)])
def test_nothing_is_written_elsewhere_or_unasked(stream: io.StringIO, *, show: bool) -> None:
    shown = transfer(stream, show=show)
    assert stream.getvalue() == ""
    assert (shown.rows, shown.payload_bytes) == (30, 3_000_000)
    assert shown.seconds > 0


def test_short_transfer_shows_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "SECONDS_BEFORE_BAR", 3600.0)
    terminal = Terminal()
    transfer(terminal)
    assert terminal.getvalue().strip() == ""
