"""Addresses and CA files, right and wrong."""

from pathlib import Path

import pytest

from demo.channel import Address, read_ca
from demo.errors import ArrowLinkError, Kind

from .support.certificates import Authority


@pytest.mark.parametrize(
    ("text", "host", "port", "written"),
    [
        ("localhost:50051", "localhost", 50051, "localhost:50051"),
        ("example.org", "example.org", 50051, "example.org:50051"),
        ("https://example.org:443/", "example.org", 443, "example.org:443"),
        ("127.0.0.1:1", "127.0.0.1", 1, "127.0.0.1:1"),
        ("[::1]:7", "::1", 7, "[::1]:7"),
        ("[::1]", "::1", 50051, "[::1]:50051"),
    ],
)
def test_address_is_read_and_written(text: str, host: str, port: int, written: str) -> None:
    address = Address.parse(text)
    assert (address.host, address.port, str(address)) == (host, port, written)


@pytest.mark.parametrize("text", ["", ":1", "host:", "host:x", "host:0", "host:65536", "host/path:1", "::1"])
def test_what_is_no_address_says_how_to_write_one(text: str) -> None:
    with pytest.raises(ValueError, match="write host:port"):
        Address.parse(text)


def test_plaintext_address_is_refused() -> None:
    with pytest.raises(ValueError, match="does not speak"):
        Address.parse("http://localhost:50051")


def check_refused(path: Path | None, *words: str) -> None:
    with pytest.raises(ArrowLinkError) as caught:
        read_ca(path)
    assert caught.value.kind is Kind.CONFIGURATION
    for word in ("cargo run -p arrowlink-server", "cargo xtask certs", *words):
        assert word in str(caught.value)


def test_missing_ca_says_where_it_was_sought_and_how_to_make_it(tmp_path: Path) -> None:
    check_refused(tmp_path / "ca.crt", f"no CA certificate at `{tmp_path}/ca.crt`")


@pytest.mark.parametrize(
    "content", [b"", b"not a certificate", b"\xff\xfe", b"-----BEGIN CERTIFICATE-----\nAAAA\n"]
)
def test_file_without_certificate_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ca.crt"
    path.write_bytes(content)
    check_refused(path, f"`{path}`", "no certificate in PEM form")


def test_certs_folder_here_is_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, authority: Authority
) -> None:
    (tmp_path / "certs").mkdir()
    (tmp_path / "certs" / "ca.crt").write_bytes(authority.pem)
    monkeypatch.chdir(tmp_path)
    assert read_ca(None) == authority.pem
