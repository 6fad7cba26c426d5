"""Fixtures: an authority, a served identity, clients for a server, and the real server."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from adbc_driver_flightsql import dbapi

from demo.client import Client, Settings

from .support import adbc
from .support.certificates import Authority
from .support.fake_server import Answer, FakeServer
from .support.real_server import RealServer

Serve = Callable[..., FakeServer]
Connect = Callable[..., Client]
ConnectSql = Callable[..., dbapi.Connection]
StartServer = Callable[..., RealServer]


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority.create()


@pytest.fixture
def ca_file(authority: Authority, tmp_path: Path) -> Path:
    path = tmp_path / "ca.crt"
    path.write_bytes(authority.pem)
    return path


@pytest.fixture
def serve(authority: Authority) -> Iterator[Serve]:
    """Starts fake servers over TLS that answer reads as told; all end with the test."""
    with ExitStack() as stack:

        def start(answer: Answer = lambda _: (), **options: object) -> FakeServer:
            options = {"identity": authority.issue(), **options}
            return stack.enter_context(FakeServer(answer, **options))  # type: ignore[arg-type]

        yield start


@pytest.fixture
def connect(authority: Authority) -> Iterator[Connect]:
    """Makes clients of fake servers that trust the test's authority."""
    with ExitStack() as stack:

        def open_client(server: FakeServer, settings: Settings | None = None) -> Client:
            return stack.enter_context(Client(server.address, authority.pem, settings))

        yield open_client


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[StartServer]:
    """Starts real servers; each has to end with exit code 0 unless the test killed it."""
    with ExitStack() as stack:

        def start(
            *arguments: object,
            folder: Path | None = None,
            settings: Mapping[str, str] | None = None,
            program: Path | None = None,
        ) -> RealServer:
            place = folder or tmp_path / "server"
            place.mkdir(exist_ok=True)
            return stack.enter_context(RealServer(place, *arguments, settings=settings, program=program))

        yield start


@pytest.fixture
def connect_sql() -> Iterator[ConnectSql]:
    """Opens connections of the ADBC driver over TLS that trust the server's authority."""
    with ExitStack() as stack:

        def start(server: RealServer, ca: str | None = None, **options: str) -> dbapi.Connection:
            return stack.enter_context(closing(adbc.connect(server, ca, **options)))

        yield start


@pytest.fixture
def connection(start_server: StartServer, connect_sql: ConnectSql) -> dbapi.Connection:
    """Connects to a server with the datasets `trips` and `sales.orders`, of 1000 and 10 rows."""
    return connect_sql(
        start_server("--dataset", "trips=demo://?rows=1000", "--dataset", "sales.orders=demo://?rows=10")
    )
