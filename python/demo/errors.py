"""What can go wrong, as one error with a kind, the server's own words and the id of the request.

The kinds are those of the server. They travel as `google.rpc.ErrorInfo.reason` in the trailer
`grpc-status-details-bin`; a server that sends none is understood by its status code alone.
"""

from enum import Enum
from typing import cast

import grpc
from google.protobuf.message import DecodeError
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status


class Kind(Enum):
    """What happened, sorted by what can be done about it; the name is the wire's, the value is a person's."""

    NOT_FOUND = "NotFound"
    ALREADY_EXISTS = "AlreadyExists"
    INVALID_ARGUMENT = "InvalidArgument"
    SCHEMA_MISMATCH = "SchemaMismatch"
    READ_ONLY = "ReadOnly"
    SNAPSHOT_CHANGED = "SnapshotChanged"
    CORRUPT = "Corrupt"
    LIMIT_EXCEEDED = "LimitExceeded"
    UNAUTHENTICATED = "Unauthenticated"
    PERMISSION_DENIED = "PermissionDenied"
    UNAVAILABLE = "Unavailable"
    DEADLINE_EXCEEDED = "DeadlineExceeded"
    CANCELLED = "Cancelled"
    UNSUPPORTED = "Unsupported"
    FUNCTION_FAILED = "FunctionFailed"
    INTERNAL = "Internal"
    CONFIGURATION = "Configuration"
    """On this side only: the client cannot start with what it was given."""


class ArrowLinkError(Exception):
    """A failed call or a failed preparation of one.

    `str()` is one line: the message, the kind and, where there is one, the id the server logged it by.
    """

    def __init__(
        self, kind: Kind, message: str, *, request_id: str | None = None, retryable: bool | None = None
    ) -> None:
        """Makes an error; `retryable` says whether to try again, by default only when unavailable."""
        super().__init__(message)
        self.kind = kind
        self.message = one_line(message)
        self.request_id = request_id
        self.retryable = kind is Kind.UNAVAILABLE if retryable is None else retryable

    def __str__(self) -> str:
        """Returns the message with kind and request id in brackets."""
        request = f", request {one_line(self.request_id)}" if self.request_id else ""
        return f"{self.message} [{self.kind.value}{request}]"

    @property
    def exit_code(self) -> int:
        """The exit code a script can tell it by: 69 unavailable, 78 configuration, otherwise 1."""
        return EXIT_CODES.get(self.kind, 1)


def from_rpc_error(error: grpc.RpcError) -> ArrowLinkError:
    """Turns what grpcio raised into an `ArrowLinkError` of the server's kind, with the server's words."""
    call = cast("grpc.Call", error)
    details = call.details() or "the server gave no reason"
    info = _error_info(call)
    if info is not None:
        kind = Kind.__members__.get(info.reason) or KINDS_OF_CODES.get(call.code(), Kind.INTERNAL)
        return ArrowLinkError(kind, details, request_id=info.metadata.get("request_id"))
    if call.code() is grpc.StatusCode.RESOURCE_EXHAUSTED and "larger than max" in details:
        details += "; accept larger messages with `--max-message-bytes`"
    return ArrowLinkError(KINDS_OF_CODES.get(call.code(), Kind.INTERNAL), details)


def one_line(text: str) -> str:
    """Joins lines with `; ` and drops control characters: words of a server must not disturb a terminal."""
    joined = "; ".join(line.strip() for line in text.splitlines() if line.strip())
    return "".join(character for character in joined if character.isprintable())


def _error_info(call: grpc.Call) -> ErrorInfo | None:
    for key, value in call.trailing_metadata() or ():
        if key == DETAILS_KEY and isinstance(value, bytes):
            return _decode(value)
    return None


def _decode(details: bytes) -> ErrorInfo | None:
    info = ErrorInfo()
    try:
        found = any(
            detail.Unpack(info) and info.domain == DOMAIN for detail in Status.FromString(details).details
        )
    except DecodeError:
        return None  # the code still says what it is
    return info if found else None


DETAILS_KEY = "grpc-status-details-bin"
DOMAIN = "arrowlink"
EXIT_CODES = {Kind.UNAVAILABLE: 69, Kind.CONFIGURATION: 78}
KINDS_OF_CODES = {
    grpc.StatusCode.NOT_FOUND: Kind.NOT_FOUND,
    grpc.StatusCode.ALREADY_EXISTS: Kind.ALREADY_EXISTS,
    grpc.StatusCode.INVALID_ARGUMENT: Kind.INVALID_ARGUMENT,
    grpc.StatusCode.OUT_OF_RANGE: Kind.INVALID_ARGUMENT,
    grpc.StatusCode.FAILED_PRECONDITION: Kind.INVALID_ARGUMENT,
    grpc.StatusCode.DATA_LOSS: Kind.CORRUPT,
    grpc.StatusCode.RESOURCE_EXHAUSTED: Kind.LIMIT_EXCEEDED,
    grpc.StatusCode.UNAUTHENTICATED: Kind.UNAUTHENTICATED,
    grpc.StatusCode.PERMISSION_DENIED: Kind.PERMISSION_DENIED,
    grpc.StatusCode.UNAVAILABLE: Kind.UNAVAILABLE,
    grpc.StatusCode.ABORTED: Kind.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED: Kind.DEADLINE_EXCEEDED,
    grpc.StatusCode.CANCELLED: Kind.CANCELLED,
    grpc.StatusCode.UNIMPLEMENTED: Kind.UNSUPPORTED,
}
