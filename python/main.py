"""Reads a dataset from an ArrowLink server over plain gRPC, or sends one: `python python/main.py --help`."""

import sys

MISSING = {"dataexchange": "run `cargo xtask gen`, which writes its stubs"}


def main() -> int:
    """Runs the command line and returns its exit code; names a package that is missing, with the fix."""
    try:
        from demo.cli import run  # noqa: PLC0415 - imported late so that a missing package can be reported
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        fix = MISSING.get(package, "run `python -m pip install -r python/requirements.txt`")
        sys.stderr.write(f"error: the Python package `{package}` is missing; {fix}\n")
        return 78
    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
