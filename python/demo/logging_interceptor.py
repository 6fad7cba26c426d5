"""One log line per call of a channel, whatever its kind: method, outcome, messages each way, duration.

`grpc.intercept_channel(channel, LoggingInterceptor())` is all it takes. Lines go to the logger of this
module: the end of a call at INFO, its start and every message at DEBUG. What a call returns or raises stays.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Generic, Self, TypeVar, cast

import grpc

if TYPE_CHECKING:
    from grpc import _CallFuture, _CallIterator  # pyright: ignore[reportPrivateUsage] - the stubs' names for a call

Message = TypeVar("Message")
Request = TypeVar("Request")
Response = TypeVar("Response")


class LoggingInterceptor(
    grpc.UnaryUnaryClientInterceptor,
    grpc.UnaryStreamClientInterceptor,
    grpc.StreamUnaryClientInterceptor,
    grpc.StreamStreamClientInterceptor,
):
    """Logs unary and streaming calls; one instance serves any number of channels and threads."""

    def intercept_unary_unary(
        self,
        continuation: "Callable[[grpc.ClientCallDetails, Request], _CallFuture[Response]]",
        client_call_details: grpc.ClientCallDetails,
        request: Request,
    ) -> "_CallFuture[Response]":
        """Logs a call with one message each way."""
        record = _Record(client_call_details.method)
        return record.follow_one(continuation(client_call_details, record.sent(request)))

    def intercept_unary_stream(
        self,
        continuation: "Callable[[grpc.ClientCallDetails, Request], _CallIterator[Response]]",
        client_call_details: grpc.ClientCallDetails,
        request: Request,
    ) -> "_CallIterator[Response]":
        """Logs a call that is answered by a stream."""
        record = _Record(client_call_details.method)
        return record.follow_stream(continuation(client_call_details, record.sent(request)))

    def intercept_stream_unary(
        self,
        continuation: "Callable[[grpc.ClientCallDetails, Iterator[Request]], _CallFuture[Response]]",
        client_call_details: grpc.ClientCallDetails,
        request_iterator: Iterator[Request],
    ) -> "_CallFuture[Response]":
        """Logs a call that sends a stream."""
        record = _Record(client_call_details.method)
        return record.follow_one(continuation(client_call_details, map(record.sent, request_iterator)))

    def intercept_stream_stream(
        self,
        continuation: "Callable[[grpc.ClientCallDetails, Iterator[Request]], _CallIterator[Response]]",
        client_call_details: grpc.ClientCallDetails,
        request_iterator: Iterator[Request],
    ) -> "_CallIterator[Response]":
        """Logs a call with a stream each way."""
        record = _Record(client_call_details.method)
        return record.follow_stream(continuation(client_call_details, map(record.sent, request_iterator)))


class _Record:
    """What is known of one call; its end is logged once, by whoever sees it first."""

    def __init__(self, method: str) -> None:
        self.method = method
        self.started = time.monotonic()
        self.messages_sent = 0
        self.messages_received = 0
        self.once = threading.Lock()
        LOGGER.debug("call started method=%s", method)

    def sent(self, message: Message) -> Message:
        self.messages_sent += 1
        _log_message("sent", self.messages_sent, message)
        return message

    def received(self, message: Message) -> Message:
        self.messages_received += 1
        _log_message("received", self.messages_received, message)
        return message

    def follow_one(self, call: "_CallFuture[Response]") -> "_CallFuture[Response]":
        def done(_: object) -> None:
            if call.code() is grpc.StatusCode.OK:
                self.received(call.result())
            self.finish(call.code())

        call.add_done_callback(done)
        return call

    def follow_stream(self, call: "_CallIterator[Response]") -> "_CallIterator[Response]":
        return cast("_CallIterator[Response]", _LoggedStream(call, self))

    def finish(self, code: grpc.StatusCode) -> None:
        if not self.once.acquire(blocking=False):
            return
        LOGGER.info(
            "call finished method=%s outcome=%s sent=%d received=%d duration_ms=%.1f",
            self.method,
            code.name,
            self.messages_sent,
            self.messages_received,
            (time.monotonic() - self.started) * 1e3,
        )


class _LoggedStream(Generic[Response]):
    """The answers of a call as they pass; all but iterating is the call's own, as is what it raises."""

    def __init__(self, call: "_CallIterator[Response]", record: _Record) -> None:
        self._call = call
        self._record = record

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Response:
        try:
            return self._record.received(next(self._call))
        except (StopIteration, grpc.RpcError):
            self._record.finish(self._call.code())
            raise

    def cancel(self) -> object:
        cancelled = self._call.cancel()
        self._record.finish(self._call.code())
        return cancelled

    def __getattr__(self, name: str) -> object:
        return getattr(self._call, name)


def _log_message(direction: str, number: int, message: object) -> None:
    if LOGGER.isEnabledFor(logging.DEBUG):  # measuring a message of megabytes takes a while
        measure = getattr(message, "ByteSize", None)
        size = measure() if callable(measure) else "unknown"
        LOGGER.debug("message %s number=%d bytes=%s", direction, number, size)


LOGGER = logging.getLogger(__name__)
