"""The log of all four kinds of calls."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator

import grpc
import pytest

from demo.channel import open_channel
from demo.logging_interceptor import LoggingInterceptor

from .support.certificates import Authority
from .support.echo_server import EchoServer


@pytest.fixture
def channel(authority: Authority, caplog: pytest.LogCaptureFixture) -> Iterator[grpc.Channel]:
    caplog.set_level(logging.DEBUG, "demo")
    with EchoServer(authority.issue()) as server, open_channel(server.address, authority.pem, None) as plain:
        yield grpc.intercept_channel(plain, LoggingInterceptor())


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.INFO]


def finished(caplog: pytest.LogCaptureFixture) -> list[str]:
    # A future has its result before its callbacks, which log, have run on gRPC's thread.
    deadline = time.monotonic() + 10
    while not logged(caplog) and time.monotonic() < deadline:
        threading.Event().wait(0.001)
    lines = logged(caplog)
    assert all("duration_ms=" in line for line in lines)
    return [line.partition(" duration_ms=")[0] for line in lines]


Log = pytest.LogCaptureFixture
Call = Callable[[grpc.Channel], object]


def unary_unary(channel: grpc.Channel) -> object:
    return channel.unary_unary("/echo/unary_unary")(b"one")


def unary_unary_future(channel: grpc.Channel) -> object:
    return channel.unary_unary("/echo/unary_unary").future(b"one").result()


def unary_stream(channel: grpc.Channel) -> object:
    return list(channel.unary_stream("/echo/unary_stream")(b"one"))


def stream_unary(channel: grpc.Channel) -> object:
    return channel.stream_unary("/echo/stream_unary")(iter([b"one", b"two"]))


def stream_stream(channel: grpc.Channel) -> object:
    return list(channel.stream_stream("/echo/stream_stream")(iter([b"one", b"two"])))


@pytest.mark.parametrize(
    ("call", "answer", "line"),
    [
        (unary_unary, b"one", "/echo/unary_unary outcome=OK sent=1 received=1"),
        (unary_unary_future, b"one", "/echo/unary_unary outcome=OK sent=1 received=1"),
        (unary_stream, [b"one"] * 3, "/echo/unary_stream outcome=OK sent=1 received=3"),
        (stream_unary, b"onetwo", "/echo/stream_unary outcome=OK sent=2 received=1"),
        (stream_stream, [b"one", b"two"], "/echo/stream_stream outcome=OK sent=2 received=2"),
    ],
)
def test_answer_is_unchanged_and_the_call_logged_once(
    channel: grpc.Channel, caplog: Log, call: Call, answer: object, line: str
) -> None:
    assert call(channel) == answer
    assert finished(caplog) == [f"call finished method={line}"]


@pytest.mark.parametrize("kind", ["unary_unary", "unary_stream", "stream_unary", "stream_stream"])
def test_failure_is_raised_unchanged_and_logged_once(channel: grpc.Channel, caplog: Log, kind: str) -> None:
    request: object = iter([b"fail"]) if kind.startswith("stream") else b"fail"
    with pytest.raises(grpc.RpcError) as caught:  # noqa: PT012 - a stream fails while it is read
        answer = getattr(channel, kind)(f"/echo/{kind}")(request)
        if isinstance(answer, Iterable):
            list(answer)
    error: grpc.Call = caught.value  # type: ignore[assignment]
    assert (error.code(), error.details()) == (grpc.StatusCode.NOT_FOUND, "as asked")
    assert [line.partition(" sent=")[0] for line in finished(caplog)] == [
        f"call finished method=/echo/{kind} outcome=NOT_FOUND"
    ]


def test_cancelled_stream_is_logged(channel: grpc.Channel, caplog: Log) -> None:
    answers = channel.unary_stream("/echo/unary_stream")(b"endless")
    assert next(answers) == b"endless"
    answers.cancel()
    assert finished(caplog) == ["call finished method=/echo/unary_stream outcome=CANCELLED sent=1 received=1"]


def test_a_stream_still_is_the_call_it_was(channel: grpc.Channel) -> None:
    answers = channel.unary_stream("/echo/unary_stream")(b"one")
    assert list(answers) == [b"one"] * 3
    assert answers.code() is grpc.StatusCode.OK
    assert answers.trailing_metadata() is not None


def test_every_message_is_logged_when_asked_for(channel: grpc.Channel, caplog: Log) -> None:
    stream_stream(channel)
    lines = [record.getMessage() for record in caplog.records if record.levelno == logging.DEBUG]
    assert sum(line.startswith("message sent number=") for line in lines) == 2
    assert sum(line.startswith("message received number=") for line in lines) == 2
