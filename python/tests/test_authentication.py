"""A server that knows its users, and how pyarrow and ADBC say who they are: the example `guarded`."""

from base64 import b64encode
from collections.abc import Iterator

import pytest
from adbc_driver_flightsql import DatabaseOptions, dbapi
from pyarrow import flight

from .conftest import ConnectSql, StartServer
from .support.adbc import fetch
from .support.real_server import RealServer, example


@pytest.fixture
def server(start_server: StartServer) -> RealServer:
    return start_server(program=example("guarded"))


@pytest.fixture
def client(server: RealServer) -> Iterator[flight.FlightClient]:
    address = f"grpc+tls://localhost:{server.address.port}"
    with flight.connect(address, tls_root_certs=server.ca.read_text()) as client:
        yield client


class BasicAuth(flight.ClientAuthHandler):
    """Says a name and a password in the payload of the handshake, and sends the token with each call."""

    def __init__(self, password: str) -> None:
        super().__init__()
        self.password = password
        self.token = b""

    def authenticate(  # the stubs do not know what it is given
        self,
        outgoing: "flight.ClientAuthSender",  # pyright: ignore[reportAttributeAccessIssue]
        incoming: "flight.ClientAuthReader",  # pyright: ignore[reportAttributeAccessIssue]
    ) -> None:
        outgoing.write(flight.BasicAuth("ali", self.password).serialize())
        self.token = incoming.read()

    def get_token(self) -> bytes:  # pyright: ignore[reportIncompatibleMethodOverride] - the stubs say `str`
        return self.token


def callers(client: flight.FlightClient, options: flight.FlightCallOptions | None = None) -> object:
    """Returns who the server says that the client is, in a list."""
    return client.do_get(flight.Ticket("whoami"), options).read_all()["caller"].to_pylist()


def test_strangers_get_nothing(client: flight.FlightClient) -> None:
    with pytest.raises(flight.FlightUnauthenticatedError, match=WRONG):
        list(client.list_flights())
    with pytest.raises(flight.FlightUnauthenticatedError, match=WRONG):
        callers(client)


def test_a_name_and_a_password_are_changed_for_a_token(client: flight.FlightClient) -> None:
    token = client.authenticate_basic_token("ali", "sesame")
    assert callers(client, flight.FlightCallOptions(headers=[token])) == ["ali"]
    with pytest.raises(flight.FlightUnauthenticatedError, match=WRONG):
        client.authenticate_basic_token("ali", "abrakadabra")


def test_a_handler_of_ones_own_says_who_calls(client: flight.FlightClient) -> None:
    client.authenticate(BasicAuth("sesame"))
    assert callers(client) == ["ali"]
    assert [info.descriptor.path for info in client.list_flights(b"who")] == [[b"whoami"]]  # pyright: ignore[reportArgumentType]


def test_a_handler_with_a_wrong_password_gets_no_token(client: flight.FlightClient) -> None:
    with pytest.raises(flight.FlightUnauthenticatedError, match=WRONG):
        client.authenticate(BasicAuth("abrakadabra"))


def test_adbc_says_who_it_is_by_name_and_password(server: RealServer, connect_sql: ConnectSql) -> None:
    connection = connect_sql(server, username="ali", password="sesame")  # noqa: S106 - the example's
    assert fetch(connection, "select caller from whoami").to_pydict() == {"caller": ["ali"]}


def test_adbc_says_who_it_is_by_a_header(
    server: RealServer, client: flight.FlightClient, connect_sql: ConnectSql
) -> None:
    _, bearer = client.authenticate_basic_token("ali", "sesame")
    basic = b"Basic " + b64encode(b"ali:sesame")
    for header in [str(bearer, "ascii"), str(basic, "ascii")]:  # pyright: ignore[reportArgumentType] - both are bytes
        connection = connect_sql(server, **{DatabaseOptions.AUTHORIZATION_HEADER.value: header})
        assert fetch(connection, "select caller from whoami").to_pydict() == {"caller": ["ali"]}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"username": "ali", "password": "abrakadabra"},
        {DatabaseOptions.AUTHORIZATION_HEADER.value: "Bearer guessed"},
    ],
)
def test_adbc_is_told_that_it_is_not_known(
    server: RealServer, connect_sql: ConnectSql, options: dict[str, str]
) -> None:
    with pytest.raises(dbapi.Error, match=WRONG):
        fetch(connect_sql(server, **options), "select caller from whoami")


WRONG = "the name, the password or the token is wrong"
