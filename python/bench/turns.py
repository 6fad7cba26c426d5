"""How a client of the bench takes turns: a line `go` in, a line of JSON out.

After `go` a line may have what is asked for in this turn, as JSON; see `benches/src/turn.rs`.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

import pyarrow as pa


@dataclass
class Turn:
    """What one transfer was; of an exchange every round trip has its time."""

    rows: int = 0
    bytes: int = 0
    batches: int = 0
    seconds: list[float] = field(default_factory=list[float])

    def take(self, batch: pa.RecordBatch) -> None:
        """Counts a batch."""
        self.rows += batch.num_rows
        self.bytes += batch.nbytes
        self.batches += 1


def take_turns(work: Callable[[str], Turn], failures: tuple[type[BaseException], ...]) -> None:
    """Says `ready`, then does the work for each line of the standard input.

    The work gets what is asked for, nothing where the line is `go` alone. `failures` are told, others
    end the process.
    """
    say("ready")
    for line in sys.stdin:
        _, _, question = line.strip().partition(" ")
        try:
            answer = {"done": asdict(work(json.loads(question) if question else ""))}
        except failures as error:
            answer = {"failed": f"{type(error).__name__}: {error}"}
        say(json.dumps(answer))


def say(line: str) -> None:
    """Prints a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
