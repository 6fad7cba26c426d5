"""Clients of grpcio as they are, over the Unix socket of the real server."""

import os
import re
from collections.abc import Callable, Iterator
from concurrent import futures
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import grpc
import pyarrow as pa
import pytest

from demo.stubs import ArrowData, ArrowDataServiceStub, Empty

from .conftest import StartServer
from .support.real_server import RealServer
from .support.tables import ONE_ROW, numbers, payload

Listen = Callable[[str], tuple[RealServer, Path]]

TABLE = numbers(1_000)


@pytest.fixture
def listen(start_server: StartServer) -> Iterator[Listen]:
    """Starts a server on a Unix socket of that name, in a folder whose path is short enough for one."""
    with TemporaryDirectory() as folder:

        def start(name: str) -> tuple[RealServer, Path]:
            path = Path(folder) / name
            return start_server("--listen", f"unix://{path}"), path

        yield start


def channel(path: Path) -> grpc.Channel:
    return grpc.insecure_channel(f"unix://{quote(str(path))}")


def send(stub: ArrowDataServiceStub, name: str) -> str:
    message = ArrowData(payload=payload(TABLE))
    return stub.SendArrowData(iter([message]), metadata=(("arrowlink-name", name),)).message


def read(stub: ArrowDataServiceStub, *metadata: tuple[str, str]) -> pa.Table:
    payloads = [message.payload for message in stub.GetArrowData(Empty(), metadata=metadata)]
    return pa.concat_tables([pa.ipc.open_stream(data).read_all() for data in payloads])


@pytest.mark.parametrize("name", ["a.sock", "a b%c#d?e[f]g:h:i@j+ü.sock"])
def test_channel_without_options_sends_and_reads(listen: Listen, name: str) -> None:
    _, path = listen(name)
    with channel(path) as connection:
        stub = ArrowDataServiceStub(connection)
        assert "1000 rows" in send(stub, "numbers")
        assert read(stub, ("arrowlink-name", "numbers")).equals(TABLE)


def test_hundreds_of_calls_run_on_one_channel(listen: Listen) -> None:
    _, path = listen("a b.sock")
    with channel(path) as connection, futures.ThreadPoolExecutor(32) as pool:
        stub = ArrowDataServiceStub(connection)
        send(stub, "numbers")
        sent = [pool.submit(send, stub, f"numbers{number}") for number in range(60)]
        tables = [pool.submit(read, stub, ("arrowlink-name", "numbers")) for _ in range(400)]
        assert all("1000 rows" in answer.result() for answer in sent)
        assert all(table.result().equals(TABLE) for table in tables)


def test_log_says_which_process_and_user_called(listen: Listen) -> None:
    server, path = listen("a.sock")
    with channel(path) as connection:
        assert read(ArrowDataServiceStub(connection)).equals(ONE_ROW)
    server.stop()
    peers = re.findall(r"GetArrowData.*peer=(\S+)", server.log.read_text())
    assert peers == [f"unix:pid={os.getpid()},uid={os.getuid()}"]


def test_socket_is_its_users_alone_whatever_the_umask(listen: Listen) -> None:
    before = os.umask(0)
    try:
        _, path = listen("a.sock")
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600


def test_killed_server_leaves_a_socket_that_the_next_one_replaces(listen: Listen) -> None:
    killed, path = listen("a.sock")
    killed.kill()
    assert path.is_socket()
    server, _ = listen("a.sock")
    with channel(path) as connection:
        assert read(ArrowDataServiceStub(connection)).equals(ONE_ROW)
    server.stop()
    assert not path.exists()
