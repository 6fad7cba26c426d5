"""`python/main.py` as people and scripts run it: output, exit codes, and being cut short."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterable
from pathlib import Path

import grpc
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from demo.options import parse

from .conftest import Serve
from .support import program
from .support.fake_server import FakeServer, refuse
from .support.tables import ONE_ROW, ONE_ROW_PRINTED, numbers, payload

FULL = Path("/dev/full")


def run(server: FakeServer, ca: Path, *arguments: object) -> tuple[int, str, str]:
    return program.run("--address", server.address, "--ca", ca, *arguments)


def check_fails(result: tuple[int, str, str], exit_code: int, *words: str) -> None:
    """Expects this exit code, nothing on standard output and one last line of error with these words."""
    code, output, errors = result
    assert (code, output) == (exit_code, "")
    assert "Traceback" not in errors
    last = errors.splitlines()[-1]
    assert "error: " in last
    for word in words:
        assert word in last


def test_default_dataset_is_printed_exactly(serve: Serve, ca_file: Path) -> None:
    code, output, errors = run(serve(lambda _: [payload(ONE_ROW)]), ca_file)
    assert (code, output) == (0, ONE_ROW_PRINTED)
    assert "GetArrowData outcome=OK sent=1 received=1" in errors


def test_all_that_a_read_can_show(serve: Serve, ca_file: Path, tmp_path: Path) -> None:
    server, picture = serve(lambda _: [payload(ONE_ROW)]), tmp_path / "one.png"
    code, output, errors = run(
        server, ca_file, "--name", "one", "--pandas", "--benchmark", "--plot", picture, "--verbose"
    )
    assert code == 0, errors
    table, _, figures = output.rstrip("\n").rpartition("\n")
    assert table == "   id  value\n0   1   3.14"
    assert figures.startswith("read 1 rows, ")
    assert figures.endswith(" MB/s")
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert "message received number=1" in errors
    assert server.metadata["arrowlink-name"] == "one"


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full, which is a full disk")
def test_full_disk_is_one_line(serve: Serve, ca_file: Path) -> None:
    server = serve(lambda _: [payload(ONE_ROW)])
    with FULL.open("wb") as full:
        process = program.start("--address", server.address, "--ca", ca_file, "--quiet", stdout=full)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert errors == "error: cannot write to standard output: No space left on device\n"


def test_file_is_sent_and_acknowledged(serve: Serve, ca_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "numbers.parquet"
    pq.write_table(numbers(1000), path)
    server = serve()
    code, output, errors = run(server, ca_file, "--send", path, "--name", "n", "--benchmark", "--quiet")
    assert (code, errors) == (0, "")
    acknowledgement, figures = output.splitlines()
    assert acknowledgement == "received 1 payloads"
    assert figures.startswith("sent 1,000 rows, ")
    assert pa.ipc.open_stream(server.received[0]).read_all().equals(numbers(1000))


def test_failure_is_one_line_and_exit_code_1(serve: Serve, ca_file: Path) -> None:
    server = serve(refuse(grpc.StatusCode.NOT_FOUND, "no dataset `x`", "NOT_FOUND", "r-3"))
    check_fails(run(server, ca_file, "--name", "x"), 1, "error: no dataset `x` [NotFound, request r-3]")


def test_unavailable_is_exit_code_69(ca_file: Path) -> None:
    with FakeServer() as plaintext:
        check_fails(run(plaintext, ca_file), 69, "does not speak TLS")


def test_missing_ca_is_exit_code_78(tmp_path: Path) -> None:
    check_fails(program.run("--ca", tmp_path / "none.crt"), 78, "cargo xtask certs", "[Configuration]")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--address", "http://localhost"],
        ["--timeout", "0"],
        ["--timeout", "nan"],
        ["--retries", "-1"],
        ["--max-message-bytes", "7"],
        ["--name", "naïve"],
        ["--plot", "plot.pdf"],
        ["--plot", "/no/such/folder/plot.png"],
        ["--send", "file.csv", "--pandas"],
        ["--unknown"],
    ],
)
def test_wrong_usage_is_exit_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse(arguments)
    assert caught.value.code == 2
    assert "error: " in capsys.readouterr().err


def test_help_has_examples_and_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse(["--help"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    for option in ("--address", "--ca", "--name", "--send", "--pandas", "--plot", "--benchmark", "--timeout"):
        assert option in text
    assert "examples:" in text
    assert "exit codes: 0 done" in text


def test_interrupt_ends_it_with_one_line(serve: Serve, ca_file: Path) -> None:
    waiting = threading.Event()

    def answer(_: grpc.ServicerContext) -> Iterable[bytes]:
        waiting.set()
        server.stopping.wait()
        return []

    server = serve(answer)
    with program.start("--address", server.address, "--ca", ca_file) as process:
        assert waiting.wait(program.LIMIT_SECONDS)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=program.LIMIT_SECONDS)
    check_fails((process.returncode, output, errors), 130, "error: interrupted")


def test_missing_package_is_named_with_the_fix() -> None:
    result = subprocess.run(  # noqa: S603 - the program under test, without its packages
        [sys.executable, "-S", program.MAIN], capture_output=True, text=True, check=False
    )
    expected = (
        "error: the Python package `grpc` is missing; run `python -m pip install -r python/requirements.txt`"
    )
    assert (result.returncode, result.stdout, result.stderr) == (78, "", expected + "\n")


def test_reader_that_has_enough_is_no_error(serve: Serve, ca_file: Path) -> None:
    server = serve(lambda _: [payload(ONE_ROW)])
    with program.start("--address", server.address, "--ca", ca_file, "--quiet") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(program.LIMIT_SECONDS) == 0
