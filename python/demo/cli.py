"""The command line: does what was asked for, and says in one line and an exit code what failed."""

import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from .channel import read_ca
from .client import Client, Settings
from .errors import ArrowLinkError, Kind
from .files import open_source
from .options import Options, parse
from .retry import Retry


def run(arguments: Sequence[str]) -> int:
    """Runs the command line `arguments` (without the program's name) and returns the exit code."""
    options = parse(arguments)
    _log_to_standard_error(options)
    try:
        _run(options)
        sys.stdout.flush()
    except ArrowLinkError as error:
        return _fail(str(error), error.exit_code)
    except BrokenPipeError:
        _abandon_standard_output()  # the reader has enough, as `head` has
    except OSError as error:
        _abandon_standard_output()
        return _fail(f"cannot write to standard output: {error.strerror or error}", 1)
    return 0


def _run(options: Options) -> None:
    settings = Settings(
        timeout_seconds=options.timeout,
        retry=Retry(retries=options.retries),
        max_message_bytes=options.max_message_bytes,
        show_progress=not options.verbose,
    )
    with Client(options.address, read_ca(options.ca), settings) as client:
        if options.send:
            _send(client, options, options.send)
        else:
            _read(client, options)


def _send(client: Client, options: Options, path: Path) -> None:
    acknowledgement, transfer = client.send(open_source(path), options.name)
    _say(acknowledgement)
    if options.benchmark:
        _say(f"sent {transfer}")


def _read(client: Client, options: Options) -> None:
    table, transfer = client.read(options.name)
    if options.pandas:
        try:
            _say(str(table.to_pandas()))
        except (ArithmeticError, TypeError, ValueError, NotImplementedError) as error:
            message = f"pandas cannot hold this table: {error}; leave out `--pandas`"
            raise ArrowLinkError(Kind.UNSUPPORTED, message) from error
    else:
        _say(str(table))
    if options.benchmark:
        _say(f"read {transfer}")
    if options.plot:
        from .plot import draw  # noqa: PLC0415 - matplotlib takes longer to import than a small read

        try:
            draw(table, options.name or "default dataset", options.plot)
        except OSError as error:
            message = f"cannot write `{options.plot}`: {error.strerror or error}"
            raise ArrowLinkError(Kind.INVALID_ARGUMENT, message) from error
        LOGGER.info("plot written path=%s", options.plot)


def _abandon_standard_output() -> None:
    # The interpreter flushes once more when it ends, and must not fail again.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _fail(message: str, exit_code: int) -> int:
    sys.stderr.write(f"error: {message}\n")
    return exit_code


def _log_to_standard_error(options: Options) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s", datefmt="%H:%M:%S"))
    logger = logging.getLogger(__package__)
    logger.handlers = [handler]
    logger.propagate = False
    logger.setLevel(logging.DEBUG if options.verbose else logging.WARNING if options.quiet else logging.INFO)


LOGGER = logging.getLogger(__name__)
