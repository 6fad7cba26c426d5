"""Plain HTTP as `curl` speaks it, over TLS with the development CA: what it saves is read by pyarrow."""

import json
import shutil
import subprocess
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.json
import pyarrow.parquet as pq
import pytest

from .conftest import StartServer
from .support.real_server import RealServer

VERSIONS = ["--http1.1", "--http2"]


@pytest.fixture
def server(start_server: StartServer) -> RealServer:
    return start_server("--dataset", "readings=demo://?rows=20000")


def curl(server: RealServer, path: str, *arguments: object) -> bytes:
    """Asks for `path`, and returns the body; an answer that breaks off fails."""
    program = shutil.which("curl")
    if program is None:
        pytest.skip("there is no curl")
    uri = f"https://localhost:{server.address.port}{path}"
    command = [program, "--silent", "--show-error", "--cacert", server.ca, *arguments, uri]
    done = subprocess.run(  # noqa: S603 - curl, against a server of this test
        [str(part) for part in command], capture_output=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.mark.parametrize("version", VERSIONS)
def test_every_format_has_the_same_rows(server: RealServer, tmp_path: Path, version: str) -> None:
    def saved(name: str) -> Path:
        path = tmp_path / name
        path.write_bytes(curl(server, f"/v1/datasets/readings?format={name}", version))
        return path

    with pa.ipc.open_stream(saved("arrow-stream").read_bytes()) as reader:
        table = reader.read_all()
    assert table.num_rows == 20_000
    assert pyarrow.feather.read_table(saved("arrow-file")) == table
    assert pq.read_table(saved("parquet")) == table
    ids = table.column("id").to_pylist()
    assert pyarrow.csv.read_csv(saved("csv")).column("id").to_pylist() == ids
    assert pyarrow.json.read_json(saved("ndjson")).column("id").to_pylist() == ids
    assert [row["id"] for row in json.loads(saved("json").read_bytes())] == ids


@pytest.mark.parametrize("version", VERSIONS)
def test_compressed_rows_are_the_rows(server: RealServer, version: str) -> None:
    path = "/v1/datasets/readings?format=csv&columns=id"
    plain = curl(server, path, version)
    small = curl(server, path, version, "-H", "accept-encoding: gzip")
    assert len(small) < len(plain)
    assert curl(server, path, version, "--compressed") == plain


def test_errors_are_problem_details(server: RealServer) -> None:
    details = json.loads(curl(server, "/v1/datasets/readngs"))
    assert (details["status"], details["kind"]) == (404, "NOT_FOUND")
    assert details["detail"] == "no dataset `readngs`, did you mean `readings`?"
    assert details["instance"] in server.log.read_text()


def test_datasets_are_listed(server: RealServer) -> None:
    listed = {entry["name"]: entry for entry in json.loads(curl(server, "/v1/datasets"))}
    assert listed["readings"]["rows"] == 20_000
    assert listed["readings"]["error"] is None
