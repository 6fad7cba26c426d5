"""Why a server cannot be reached, found with one TLS handshake of our own after gRPC has given up.

gRPC reports every such failure as UNAVAILABLE with the words of its C library; those words differ between
versions, a handshake does not.
"""

import socket
import ssl
from collections.abc import Sequence

from .channel import Address
from .errors import ArrowLinkError, Kind


def diagnose(address: Address, ca: bytes, seconds: float) -> ArrowLinkError | None:
    """Returns what is wrong with the way to `address`, or `None` when a handshake within `seconds` succeeds.

    A bad certificate or a server without TLS does not mend itself, so those errors are not retryable.
    """
    try:
        _handshake(address, ca, seconds)
    except OSError as error:
        mends_itself = not isinstance(error, ssl.SSLError) or isinstance(error, ssl.SSLEOFError)
        message = _in_words(address, ca, seconds, error)
        return ArrowLinkError(Kind.UNAVAILABLE, message, retryable=mends_itself)
    return None


def _in_words(address: Address, ca: bytes, seconds: float, error: OSError) -> str:
    match error:
        case ssl.SSLCertVerificationError():
            words = _certificate_problem(address, ca, seconds, error)
        case ssl.SSLEOFError() | ConnectionResetError() | BrokenPipeError():
            words = f"`{address}` ended the TLS handshake; it is shutting down, or it does not speak TLS"
        case ssl.SSLError(reason="WRONG_VERSION_NUMBER" | "RECORD_LAYER_FAILURE" | "PACKET_LENGTH_TOO_LONG"):
            words = f"`{address}` does not speak TLS, and this client speaks nothing else; start it with TLS"
        case ssl.SSLError():
            words = f"no TLS handshake with `{address}`: {error.reason or error}"
        case ConnectionRefusedError():
            words = f"nothing listens on `{address}`; start a server with `cargo run -p arrowlink-server`"
        case socket.gaierror():
            words = f"the host `{address.host}` is not known; check `--address`"
        case TimeoutError():
            words = f"`{address}` did not answer within {seconds:.0f} s"
        case _:
            words = f"cannot reach `{address}`: {error.strerror or error}"
    return words


def _handshake(address: Address, ca: bytes, seconds: float, *, check_hostname: bool = True) -> Sequence[str]:
    """Shakes hands and returns the names of the server's certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = check_hostname
    context.load_verify_locations(cadata=ca.decode("ascii"))
    context.set_alpn_protocols(["h2"])
    with (
        socket.create_connection((address.host, address.port), timeout=seconds) as raw,
        context.wrap_socket(raw, server_hostname=address.host) as connection,
    ):
        certificate = connection.getpeercert() or {}
    names = certificate.get("subjectAltName", ())
    return [str(value) for name in names if isinstance(name, tuple) for value in name[1:]]


def _certificate_problem(
    address: Address, ca: bytes, seconds: float, error: ssl.SSLCertVerificationError
) -> str:
    certificate = f"the certificate of `{address}`"
    if error.verify_code in WRONG_HOST:
        names = ", ".join(f"`{name}`" for name in _names(address, ca, seconds)) or "other hosts"
        return f"{certificate} is not for `{address.host}` but for {names}; connect to one of those"
    if error.verify_code == EXPIRED:
        return f"{certificate} or its authority's has expired; renew it and restart the server"
    if error.verify_code == NOT_YET_VALID:
        return f"{certificate} is not valid yet; compare the clocks of both machines"
    if error.verify_code in UNTRUSTED:
        return (
            f"{certificate} is not trusted: the CA did not issue it; name that server's `ca.crt` with `--ca`"
        )
    return f"{certificate} is refused: {error.verify_message}"


def _names(address: Address, ca: bytes, seconds: float) -> Sequence[str]:
    try:
        return _handshake(address, ca, seconds, check_hostname=False)
    except OSError:
        return ()


# Verification results of OpenSSL, from openssl/x509_vfy.h.
UNTRUSTED = (2, 7, 18, 19, 20, 21)
NOT_YET_VALID = 9
EXPIRED = 10
WRONG_HOST = (62, 64)
