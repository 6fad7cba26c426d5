"""Errors of the wire in words: kind, message, request id."""

from typing import cast

import grpc
import pytest

from demo.errors import ArrowLinkError, Kind, from_rpc_error, one_line

from .support.fake_server import details


class Failure(grpc.RpcError):
    """What grpcio raises: an error that is also the call."""

    def __init__(
        self, code: grpc.StatusCode, words: str, trailers: tuple[tuple[str, str | bytes], ...] = ()
    ) -> None:
        super().__init__()
        self._answers = code, words, trailers

    def code(self) -> grpc.StatusCode:
        return self._answers[0]

    def details(self) -> str:
        return self._answers[1]

    # The stubs have a name of their own for these pairs.
    def trailing_metadata(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
    ) -> tuple[tuple[str, str | bytes], ...]:
        return self._answers[2]


def explained(code: grpc.StatusCode, words: str, reason: str) -> ArrowLinkError:
    trailer = details(code, words, reason, "r-42")
    return from_rpc_error(Failure(code, words, (("grpc-status-details-bin", trailer),)))


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.CONFIGURATION])
def test_kind_comes_from_error_info_not_from_the_code(kind: Kind) -> None:
    error = explained(grpc.StatusCode.FAILED_PRECONDITION, "the words", kind.name)
    assert error.kind is kind
    assert str(error) == f"the words [{kind.value}, request r-42]"


def test_unknown_reason_falls_back_to_the_code() -> None:
    assert explained(grpc.StatusCode.NOT_FOUND, "gone", "SOMETHING_NEW").kind is Kind.NOT_FOUND


@pytest.mark.parametrize("code", list(grpc.StatusCode))
def test_bare_code_gives_a_kind_without_request_id(code: grpc.StatusCode) -> None:
    error = from_rpc_error(Failure(code, "words"))
    assert str(error) == f"words [{error.kind.value}]"
    assert error.retryable == (code in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.ABORTED})


def test_details_that_cannot_be_read_leave_the_code() -> None:
    error = from_rpc_error(
        Failure(grpc.StatusCode.NOT_FOUND, "gone", (("grpc-status-details-bin", b"\xff\xff"),))
    )
    assert str(error) == "gone [NotFound]"


def test_message_too_large_for_this_client_names_the_option() -> None:
    words = "CLIENT: Received message larger than max (5 vs. 4)"
    error = from_rpc_error(Failure(grpc.StatusCode.RESOURCE_EXHAUSTED, words))
    assert error.kind is Kind.LIMIT_EXCEEDED
    assert "`--max-message-bytes`" in str(error)


def test_error_is_one_line_without_control_characters() -> None:
    assert (
        one_line("expected:\n  a: int64\n\n\tactual:\r\n  \x1b[31mb") == "expected:; a: int64; actual:; [31mb"
    )


def test_exit_codes_tell_what_a_script_can_do() -> None:
    codes = {kind: ArrowLinkError(kind, "").exit_code for kind in Kind}
    assert codes.pop(Kind.UNAVAILABLE) == 69
    assert codes.pop(Kind.CONFIGURATION) == 78
    assert set(codes.values()) == {1}


def test_failure_without_words_says_so() -> None:
    assert "no reason" in str(from_rpc_error(Failure(grpc.StatusCode.INTERNAL, cast("str", None))))
