"""Every way in which the server's certificate can be wrong, each with its own words."""

import socket
import threading

import grpc
import pytest

from demo.channel import Address
from demo.client import Client, Settings
from demo.diagnosis import diagnose
from demo.errors import ArrowLinkError, Kind
from demo.retry import Retry

from .conftest import Serve
from .support.certificates import Authority
from .support.fake_server import FakeServer
from .support.tables import ONE_ROW, payload


def check(address: Address, ca: bytes, *words: str, tries: int = 1) -> None:
    """Reads from `address`, which has to fail with these words after this many tries."""
    waits: list[float] = []
    with (
        Client(address, ca, Settings(retry=Retry(2, sleep=waits.append))) as client,
        pytest.raises(ArrowLinkError) as caught,
    ):
        client.read()
    assert caught.value.kind is Kind.UNAVAILABLE
    assert caught.value.exit_code == 69
    assert len(waits) == tries - 1
    for word in (str(address), *words):
        assert word in str(caught.value)


def test_untrusted_certificate(serve: Serve) -> None:
    check(serve().address, Authority.create("another").pem, "is not trusted", "`--ca`")


def test_untrusted_certificate_of_an_authority_with_the_same_name(serve: Serve) -> None:
    check(serve().address, Authority.create().pem, "is not trusted")


def test_expired_certificate(serve: Serve, authority: Authority) -> None:
    server = serve(identity=authority.issue(from_day=-20, until_day=-1))
    check(server.address, authority.pem, "has expired; renew it")


def test_certificate_of_tomorrow(serve: Serve, authority: Authority) -> None:
    server = serve(identity=authority.issue(from_day=1))
    check(server.address, authority.pem, "is not valid yet", "clocks")


def test_certificate_for_another_host(serve: Serve, authority: Authority) -> None:
    server = serve(identity=authority.issue(["example.org", "10.1.2.3"]))
    check(server.address, authority.pem, "is not for `localhost`", "`example.org`, `10.1.2.3`")


def test_certificate_without_the_address_used(serve: Serve, authority: Authority) -> None:
    server = serve(identity=authority.issue(["localhost"]))
    check(Address("127.0.0.1", server.address.port), authority.pem, "is not for `127.0.0.1`", "`localhost`")


def test_plaintext_server(authority: Authority) -> None:
    with FakeServer() as server:
        check(server.address, authority.pem, "does not speak TLS")
        assert server.reads == 0


def test_nothing_listens(authority: Authority) -> None:
    with socket.socket() as taken:  # bound and never listening: nobody else gets the port
        taken.bind(("127.0.0.1", 0))
        address = Address("127.0.0.1", taken.getsockname()[1])
        check(address, authority.pem, "nothing listens", "cargo run -p arrowlink-server", tries=3)


def test_server_that_hangs_up(authority: Authority) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            connection, _ = listener.accept()
            connection.recv(1)
            connection.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        found = diagnose(Address("127.0.0.1", listener.getsockname()[1]), authority.pem, 10)
        thread.join()
    assert found is not None
    assert found.retryable
    assert "ended the TLS handshake" in str(found)


def test_server_that_never_answers(authority: Authority) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        found = diagnose(Address("127.0.0.1", listener.getsockname()[1]), authority.pem, 0.1)
    assert found is not None
    assert "did not answer within" in str(found)


def test_unknown_host(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    found = diagnose(Address("nowhere.invalid", 1), authority.pem, 10)
    assert found is not None
    assert "`nowhere.invalid` is not known" in str(found)


def test_good_certificate_is_no_problem(serve: Serve, authority: Authority) -> None:
    server = serve(lambda _: [payload(ONE_ROW)])
    assert diagnose(server.address, authority.pem, 10) is None


def test_server_itself_unavailable_keeps_its_words(serve: Serve, authority: Authority) -> None:
    def answer(context: grpc.ServicerContext) -> list[bytes]:
        context.abort(grpc.StatusCode.UNAVAILABLE, "out for lunch")
        return []

    check_words = "out for lunch [Unavailable]"
    server = serve(answer)
    with Client(server.address, authority.pem, Settings(retry=Retry(0))) as client:
        with pytest.raises(ArrowLinkError) as caught:
            client.read()
        assert str(caught.value) == check_words
