"""`python/main.py` as a process."""

import os
import subprocess
import sys
from pathlib import Path
from typing import IO

MAIN = Path(__file__).resolve().parents[2] / "main.py"


def start(
    *arguments: object, stdin: int = subprocess.DEVNULL, stdout: int | IO[bytes] = subprocess.PIPE
) -> subprocess.Popen[str]:
    """Starts the program with `arguments`; its standard output and error are pipes."""
    return subprocess.Popen(  # noqa: S603 - the program under test
        [sys.executable, "-W", "error", MAIN, *map(str, arguments)],
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )


def run(*arguments: object) -> tuple[int, str, str]:
    """Runs the program to its end and returns its exit code, standard output and standard error."""
    with start(*arguments) as process:
        output, errors = process.communicate(timeout=LIMIT_SECONDS)
        return process.returncode, output, errors


LIMIT_SECONDS = 60
