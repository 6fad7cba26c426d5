"""The command line's options, checked before anything is opened."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from .channel import Address


@dataclass(frozen=True)
class Options:
    """What the command line asks for; each field is the option of that name."""

    address: Address
    ca: Path | None
    name: str | None
    send: Path | None
    pandas: bool
    plot: Path | None
    benchmark: bool
    timeout: float
    retries: int
    max_message_bytes: int | None
    verbose: bool
    quiet: bool


def parse(arguments: Sequence[str]) -> Options:
    """Parses `arguments`; help exits with 0, a mistake with 2 and a line that says what would be right."""
    parser = argparse.ArgumentParser(
        prog="python/main.py",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _add_server(parser)
    _add_actions(parser)
    _add_limits(parser)
    options = Options(**vars(parser.parse_args(arguments)))
    if options.send and (options.pandas or options.plot):
        parser.error(
            "`--pandas` and `--plot` show what is read; leave them out with `--send`, then read by `--name`"
        )
    return options


def _add_server(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("server")
    group.add_argument(
        "--address",
        type=_address,
        default="localhost:50051",
        metavar="HOST:PORT",
        help="default: %(default)s",
    )
    group.add_argument(
        "--ca",
        type=Path,
        metavar="FILE",
        help="CA certificate to trust; default: certs/ca.crt here or in the project",
    )


def _add_actions(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what to do")
    group.add_argument(
        "--name",
        type=_name,
        metavar="NAME",
        help="dataset; default: the server's own, for `--send` it is `uploads`",
    )
    group.add_argument(
        "--send",
        type=Path,
        metavar="FILE",
        help="append a file instead of reading: Parquet, CSV, Arrow or JSON",
    )
    group.add_argument("--pandas", action="store_true", help="print the table as pandas does")
    group.add_argument(
        "--plot",
        type=_picture,
        metavar="FILE.png",
        help="draw every column: distributions, categories, missing values",
    )
    group.add_argument("--benchmark", action="store_true", help="say how fast it went: rows/s and MB/s")


def _add_limits(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("limits")
    group.add_argument(
        "--timeout",
        type=_seconds,
        default=300.0,
        metavar="SECONDS",
        help="for all tries together; default: 300",
    )
    group.add_argument(
        "--retries",
        type=_count,
        default=3,
        metavar="N",
        help="tries after a read found the server unavailable, never for a send; default: %(default)s",
    )
    group.add_argument(
        "--max-message-bytes",
        type=_message_bytes,
        metavar="N",
        help="largest message either way, announced to the server; default: 4194304",
    )
    group.add_argument("-v", "--verbose", action="store_true", help="log every message, not only every call")
    group.add_argument("-q", "--quiet", action="store_true", help="log warnings only")


def _address(text: str) -> Address:
    try:
        return Address.parse(text)
    except ValueError as error:
        _refuse(str(error))


def _name(text: str) -> str:
    if not text.isascii() or not text.isprintable() or not text.strip():
        _refuse(f"`{text}` is not a name; names are letters, digits, `_` and `-`, as in `sales.orders`")
    return text


def _picture(text: str) -> Path:
    path = Path(text)
    if path.suffix.lower() != ".png":
        _refuse(f"`{text}` does not end in `.png`")
    if not path.absolute().parent.is_dir():
        _refuse(f"the folder `{path.parent}` does not exist")
    return path


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= SECONDS_PER_YEAR:
        _refuse(f"`{text}` is not a number of seconds above zero")
    return seconds


def _count(text: str) -> int:
    if not text.isdecimal():
        _refuse(f"`{text}` is not a whole number")
    return int(text)


def _message_bytes(text: str) -> int:
    size = _count(text)
    if not MIN_MESSAGE_BYTES <= size <= MAX_MESSAGE_BYTES:
        _refuse(f"`{text}` is not between {MIN_MESSAGE_BYTES} and {MAX_MESSAGE_BYTES} bytes")
    return size


def _refuse(message: str) -> NoReturn:
    raise argparse.ArgumentTypeError(message)


SECONDS_PER_YEAR = 31_536_000
MIN_MESSAGE_BYTES = 1024
MAX_MESSAGE_BYTES = 2**31 - 1
DESCRIPTION = "Read a dataset from an ArrowLink server and print it, or send one. Every call goes over TLS."
EPILOG = """\
examples:
  python python/main.py                                    print the server's default dataset
  python python/main.py --name flights --pandas            print a dataset as pandas does
  python python/main.py --name flights --plot flights.png --benchmark
  python python/main.py --send flights.parquet --name flights
  python python/main.py --address data.example.org:50051 --ca company-ca.crt

exit codes: 0 done, 1 failed, 2 wrong usage, 69 server unavailable, 78 no usable CA, 130 interrupted
The table and the figures go to standard output, everything else to standard error.
"""
