"""Every call of pyarrow.flight beside reading and writing, and what a server says of its datasets."""

import json
from collections.abc import Iterator

import pyarrow as pa
import pytest
from pyarrow import flight

from .conftest import StartServer
from .support.real_server import RealServer
from .support.tables import numbers


@pytest.fixture
def server(start_server: StartServer) -> RealServer:
    return start_server("--dataset", "readings=demo://?rows=1000")


@pytest.fixture
def client(server: RealServer) -> Iterator[flight.FlightClient]:
    address = f"grpc+tls://localhost:{server.address.port}"
    with flight.connect(address, tls_root_certs=server.ca.read_text()) as client:
        yield client


def path(name: str) -> flight.FlightDescriptor:
    return flight.FlightDescriptor.for_path(name)


def name(info: flight.FlightInfo) -> str:
    """Returns the dataset's name, which is the only element of the path."""
    (element,) = info.descriptor.path or []
    return element.decode()


def put(client: flight.FlightClient, name: str, table: pa.Table, mode: str = "append-or-create") -> None:
    writer, _ = client.do_put(path(name), table.schema, with_header(b"arrowlink-write-mode", mode.encode()))
    writer.write_table(table)
    writer.close()


def with_header(name: bytes, value: bytes) -> flight.FlightCallOptions:
    headers = [(name, value)]
    return flight.FlightCallOptions(headers=headers)  # pyright: ignore[reportArgumentType] - they are bytes


def act(client: flight.FlightClient, kind: str, body: bytes = b"") -> list[bytes]:
    return [result.body.to_pybytes() for result in client.do_action(flight.Action(kind, body))]


def test_flights_are_listed_by_the_beginning_of_their_name(client: flight.FlightClient) -> None:
    listed = {name(flight): flight for flight in client.list_flights()}
    assert {"default", "readings"} <= listed.keys()
    assert listed["readings"].total_records == 1000
    chosen = client.list_flights(b"read")  # pyright: ignore[reportArgumentType] - they are bytes
    assert [name(flight) for flight in chosen] == ["readings"]


def test_info_has_schema_and_tickets_of_all_rows(client: flight.FlightClient) -> None:
    info = client.get_flight_info(path("readings"))
    assert info.schema == client.get_schema(path("readings")).schema  # pyright: ignore[reportAttributeAccessIssue]
    assert info.ordered
    parts = [client.do_get(endpoint.ticket).read_all() for endpoint in info.endpoints]
    whole = client.do_get(flight.Ticket("readings")).read_all()
    assert pa.concat_tables(parts).equals(whole)


def test_info_names_the_addresses_that_were_configured(start_server: StartServer) -> None:
    public = "grpc+tls://tables.example.com:443"
    server = start_server(settings={"ARROWLINK__SERVER__PUBLIC": public})
    address = f"grpc+tls://localhost:{server.address.port}"
    with flight.connect(address, tls_root_certs=server.ca.read_text()) as client:
        [endpoint] = client.get_flight_info(path("default")).endpoints
    uris = [location.uri.decode() for location in endpoint.locations]
    assert uris == ["arrow-flight-reuse-connection://?", public]


def test_read_goes_on_by_the_metadata_of_a_batch(client: flight.FlightClient) -> None:
    for batch in range(3):
        put(client, "mine", numbers(10 + batch))
    [endpoint] = client.get_flight_info(path("mine")).endpoints
    whole = client.do_get(endpoint.ticket).read_all()
    first = client.do_get(endpoint.ticket).read_chunk()
    assert first.data is not None
    assert first.app_metadata is not None
    rest = client.do_get(flight.Ticket(first.app_metadata.to_pybytes())).read_all()
    assert rest.equals(whole.slice(first.data.num_rows))


def test_views_come_as_plain_types(client: flight.FlightClient) -> None:
    table = pa.table({"text": pa.array(["a", None], pa.string_view())})
    put(client, "mine", table)
    plain = client.do_get(flight.Ticket("mine")).read_all()
    assert plain.schema.field("text").type == pa.string()
    assert plain.schema == client.get_flight_info(path("mine")).schema
    assert plain["text"].to_pylist() == ["a", None]


def test_modes_of_writing(client: flight.FlightClient) -> None:
    with pytest.raises(KeyError, match="`mine`"):
        put(client, "mine", numbers(1), "append")
    put(client, "mine", numbers(1), "create")
    with pytest.raises(pa.ArrowException, match="`mine`"):
        put(client, "mine", numbers(1), "create")
    put(client, "mine", numbers(5), "replace")
    assert client.do_get(flight.Ticket("mine")).read_all().num_rows == 5


def test_handshake_gives_everybody_a_token(client: flight.FlightClient) -> None:
    name, token = client.authenticate_basic_token("ali", "sesame")
    assert (name.lower(), token) == (b"authorization", b"Bearer anonymous")
    options = flight.FlightCallOptions(headers=[(name.lower(), token)])
    assert client.do_get(flight.Ticket("readings"), options).read_all().num_rows == 1000


def test_actions_are_listed_and_work(client: flight.FlightClient) -> None:
    kinds = {action.type for action in client.list_actions()}
    assert {"health", "drop", "CancelFlightInfo", "CloseSession"} <= kinds
    [health] = act(client, "health")
    assert json.loads(health)["status"] == "serving"
    put(client, "mine", numbers(1))
    assert act(client, "drop", b"mine") == []
    with pytest.raises(KeyError, match="`mine`"):
        client.get_flight_info(path("mine"))
    with pytest.raises(NotImplementedError, match="no action `explode`"):
        act(client, "explode")


def test_deadline_that_passes_is_a_time_out(client: flight.FlightClient) -> None:
    writer, reader = client.do_exchange(path("echo"), flight.FlightCallOptions(timeout=0.2))
    writer.begin(pa.schema([("id", pa.int64())]))
    with pytest.raises(flight.FlightTimedOutError), writer:
        reader.read_all()


def test_credentials_that_are_not_understood_are_unauthenticated(client: flight.FlightClient) -> None:
    options = with_header(b"authorization", b"Basic !")
    with pytest.raises(flight.FlightUnauthenticatedError, match="not base64"):
        client.get_flight_info(path("readings"), options)


def test_cancelled_read_ends(client: flight.FlightClient) -> None:
    info = client.get_flight_info(path("readings"))
    # The request has the info as its only field, number 1.
    encoded = info.serialize()
    length = len(encoded)
    varint = bytes([length & 0x7F | 0x80, length >> 7]) if length > 0x7F else bytes([length])
    assert act(client, "CancelFlightInfo", b"\x0a" + varint + encoded) == [b"\x08\x01"]
    with pytest.raises(flight.FlightCancelledError, match="the query was cancelled"):
        client.do_get(info.endpoints[0].ticket).read_all()
