"""Reads a dataset from an ArrowLink server over plain gRPC, or sends one: `python python/main.py --help`."""

import sys


def main() -> int:
    """Runs the command line and returns its exit code; names a package that is missing, with the fix."""
    try:
        from demo.cli import run  # noqa: PLC0415 - imported late so that a missing package can be reported

        return run(sys.argv[1:])
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        sys.stderr.write(f"error: the Python package `{package}` is missing; {FIXES.get(package, INSTALL)}\n")
        return CONFIGURATION
    except KeyboardInterrupt:
        sys.stderr.write("error: interrupted\n")
        return INTERRUPTED


FIXES = {"dataexchange": "run `cargo xtask gen`, which writes its stubs"}
INSTALL = "run `python -m pip install -r python/requirements.txt`"
CONFIGURATION = 78
INTERRUPTED = 130


if __name__ == "__main__":
    sys.exit(main())
