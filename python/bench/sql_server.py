"""Becomes a Flight SQL server of another maker, after it has said on which port that will listen.

The process keeps its number, so that the memory that the bench reads is the server's.
"""

import argparse
import json
import os
import socket
import sys
from pathlib import Path

from .turns import say


def sail(port: int, tables: Path) -> list[str]:
    """Returns Sail's command line; its client makes the tables known."""
    del tables
    return ["sail", "flight", "server", "--port", str(port)]


def roapi(port: int, tables: Path) -> list[str]:
    """Returns ROAPI's command line; files are not loaded, as with the others."""
    files = sorted(tables.glob("*.parquet"))
    option = {"format": "parquet", "use_memory_table": False}
    listed = [{"name": file.stem, "uri": str(file), "option": option} for file in files]
    others = {name: f"127.0.0.1:{free_port()}" for name in ("http", "postgres")}
    configuration = Path("roapi.yml")
    # JSON is YAML.
    text = json.dumps({"addr": {**others, "flight_sql": f"127.0.0.1:{port}"}, "tables": listed})
    configuration.write_text(text)
    return ["roapi", "--config", str(configuration)]


def free_port() -> int:
    """Returns a port that nobody listens on at the moment; neither server takes 0 and says which it is."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def main() -> None:
    """Becomes the server that the command line names, in the working directory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("maker", choices=sorted(MAKERS))
    parser.add_argument("--tables", type=Path, required=True, help="the folder of Parquet files")
    arguments = parser.parse_args()
    port = free_port()
    name, *rest = MAKERS[arguments.maker](port, arguments.tables)
    program = Path(sys.executable).with_name(name)
    if not program.exists():
        sys.exit(f"{name} could not be installed")
    say(f"listening on 127.0.0.1:{port}")
    # The bench reads one line and no more; what the server says goes with its complaints.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    os.execve(program, [name, *rest], {**os.environ, "RUST_LOG": "error"})  # noqa: S606 - it is to be this process


MAKERS = {"sail": sail, "roapi": roapi}


if __name__ == "__main__":
    main()
