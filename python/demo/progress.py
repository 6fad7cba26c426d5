"""How far a transfer is: counted always, shown as a bar only where somebody looks at a terminal."""

import sys
import threading
import time
from types import TracebackType
from typing import Self, TextIO

from tqdm import tqdm

# One process draws the bars. The lock that tqdm makes by itself imports `multiprocessing` during a transfer.
tqdm.set_lock(threading.RLock())


class Progress:
    """Rows, bytes and seconds of one transfer; the bar waits half a second to appear."""

    def __init__(
        self, title: str, *, total_rows: int | None = None, show: bool = True, to: TextIO | None = None
    ) -> None:
        """Starts the clock; `show` is a wish that only a terminal at `to` (standard error) grants."""
        stream = to or sys.stderr
        self.rows = 0
        self.payload_bytes = 0
        self.started = time.perf_counter()
        self.seconds = 0.0
        self._bar = tqdm(
            desc=title,
            total=total_rows,
            unit=" rows",
            unit_scale=True,
            delay=SECONDS_BEFORE_BAR,
            mininterval=SECONDS_BETWEEN_BARS,
            dynamic_ncols=True,
            leave=False,
            file=stream,
            disable=not (show and stream.isatty()),
        )

    def advance(self, rows: int, payload_bytes: int) -> None:
        """Counts one payload."""
        self.rows += rows
        self.payload_bytes += payload_bytes
        self._bar.set_postfix_str(f"{self.payload_bytes / 1e6:,.1f} MB", refresh=False)
        self._bar.update(rows)

    def __enter__(self) -> Self:
        """Returns itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stops the clock and takes the bar away."""
        self.seconds = time.perf_counter() - self.started
        self._bar.close()


SECONDS_BEFORE_BAR = 0.5
SECONDS_BETWEEN_BARS = 0.1
