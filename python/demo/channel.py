"""The TLS channel: where the server is, which authority vouches for it, and how large a message may be.

There is no plaintext here: without a CA certificate there is no channel.
"""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import grpc

from .errors import ArrowLinkError, Kind


@dataclass(frozen=True)
class Address:
    """The host and port of a server.

    >>> Address.parse("[::1]:50051")
    Address(host='::1', port=50051)
    >>> str(Address.parse("https://example.org"))
    'example.org:50051'
    """

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads `host`, `host:port` or `https://host:port`; raises `ValueError` that says what is wrong."""
        if text.startswith("http://"):
            message = f"`{text}` asks for plaintext, which this client does not speak; use `https://`"
            raise ValueError(message)
        bare = text.removeprefix("https://").removesuffix("/")
        host, separator, port = bare.rpartition(":")
        if not separator or bare.endswith("]"):
            host, port = bare, str(DEFAULT_PORT)
        bracketed = host.startswith("[") and host.endswith("]")
        host = host[1:-1] if bracketed else host
        if (
            not host
            or "/" in host
            or (":" in host) != bracketed
            or not port.isdecimal()
            or not 0 < int(port) < PORTS
        ):
            message = f"`{text}` is not an address; write host:port, as in `localhost:{DEFAULT_PORT}`"
            raise ValueError(message)
        return cls(host, int(port))

    def __str__(self) -> str:
        """Returns `host:port`, with brackets around an IPv6 address."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def read_ca(path: Path | None) -> bytes:
    """Returns the CA certificates of `path` in PEM form, by default those the server made in `certs/`.

    A file that is missing or holds no certificate is a configuration error that says how to make one.
    """
    candidates = [path] if path else list(dict.fromkeys([Path.cwd() / DEFAULT_CA, PROJECT / DEFAULT_CA]))
    found = next((candidate for candidate in candidates if candidate.is_file()), None)
    if found is None:
        names = " or ".join(f"`{candidate}`" for candidate in candidates)
        raise ArrowLinkError(Kind.CONFIGURATION, f"no CA certificate at {names}; {HOW_TO_MAKE}")
    try:
        pem = found.read_bytes()
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=pem.decode("ascii"))
    except OSError as error:  # an `SSLError` is one, too
        reason = "it holds no certificate in PEM form" if isinstance(error, ssl.SSLError) else error.strerror
        message = f"cannot use the CA file `{found}`: {reason}; {HOW_TO_MAKE}"
        raise ArrowLinkError(Kind.CONFIGURATION, message) from error
    except ValueError as error:
        message = f"cannot use the CA file `{found}`: it holds no certificate in PEM form; {HOW_TO_MAKE}"
        raise ArrowLinkError(Kind.CONFIGURATION, message) from error
    return pem


def open_channel(address: Address, ca: bytes, max_message_bytes: int | None) -> grpc.Channel:
    """Makes a channel that trusts `ca` alone; it connects at the first call.

    `max_message_bytes` bounds what is received, by default gRPC's own 4 MiB.
    """
    options: list[tuple[str, int]] = [
        ("grpc.enable_retries", 0),  # `retry` decides, so that a send is never repeated
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.min_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 2_000),
    ]
    if max_message_bytes is not None:
        options.append(("grpc.max_receive_message_length", max_message_bytes))
    return grpc.secure_channel(
        str(address), grpc.ssl_channel_credentials(root_certificates=ca), options=options
    )


DEFAULT_PORT = 50051
DEFAULT_CA = Path("certs") / "ca.crt"
PORTS = 65536
PROJECT = Path(__file__).resolve().parents[2]
HOW_TO_MAKE = (
    "start `cargo run -p arrowlink-server` once or run `cargo xtask certs`, or name yours with `--ca`"
)
