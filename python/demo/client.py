"""The two calls of the small service: a dataset read into one table, and a table sent."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Self

import grpc
import pyarrow as pa

from .channel import Address, open_channel
from .cut import Payload, cut
from .diagnosis import diagnose
from .errors import ArrowLinkError, Kind, from_rpc_error
from .files import Source
from .logging_interceptor import LoggingInterceptor
from .progress import Progress
from .retry import Deadline, Retry
from .stubs import ArrowData, ArrowDataServiceStub, Empty
from .wire import Assembly


@dataclass(frozen=True)
class Settings:
    """What may be chosen about the calls.

    Defaults: 300 seconds for a call with its retries, 3 retries, messages of up to 4 MiB, no progress bar.
    """

    timeout_seconds: float = 300.0
    retry: Retry = field(default_factory=Retry)
    max_message_bytes: int | None = None
    show_progress: bool = False


@dataclass(frozen=True)
class Transfer:
    """What went over the wire: rows, bytes of payloads, and the seconds from the first step to the last."""

    rows: int
    payload_bytes: int
    seconds: float

    def __str__(self) -> str:
        """Returns a line with rows per second and megabytes (of a million bytes) per second."""
        seconds = max(self.seconds, 1e-9)
        return (
            f"{self.rows:,} rows, {self.payload_bytes / 1e6:,.3f} MB in {seconds:.3f} s: "
            f"{self.rows / seconds:,.0f} rows/s, {self.payload_bytes / 1e6 / seconds:,.1f} MB/s"
        )


class Client:
    """A TLS connection to one server, used as a context manager; every call of it is logged."""

    def __init__(self, address: Address, ca: bytes, settings: Settings | None = None) -> None:
        """Prepares the channel; nothing is sent before the first call."""
        self._address = address
        self._ca = ca
        self._settings = settings or Settings()
        self._channel = open_channel(address, ca, self._settings.max_message_bytes)
        self._stub = ArrowDataServiceStub(grpc.intercept_channel(self._channel, LoggingInterceptor()))

    def read(self, name: str | None = None) -> tuple[pa.Table, Transfer]:
        """Reads the dataset `name`, by default the server's default dataset.

        Tried again from its beginning while the server is unavailable, within the timeout.
        """
        deadline = Deadline.after(self._settings.timeout_seconds)
        return self._settings.retry.run(deadline, lambda: self._read_once(name, deadline))

    def send(self, source: Source, name: str | None = None) -> tuple[str, Transfer]:
        """Appends `source` to the dataset `name` (`uploads` without one) and returns what the server says.

        Tried once only: after a failure nobody here knows whether the server stored it.
        """
        deadline = Deadline.after(self._settings.timeout_seconds)
        requests = _Requests(
            cut(source.schema, source.batches, self._settings.max_message_bytes or DEFAULT_MESSAGE_BYTES)
        )
        with Progress("sending", total_rows=source.rows, show=self._settings.show_progress) as progress:
            try:
                ack = self._stub.SendArrowData(
                    requests.messages(progress), timeout=deadline.remaining(), metadata=self._metadata(name)
                )
            except grpc.RpcError as error:
                raise requests.failure or self._explained(error, deadline) from error
        return ack.message, Transfer(progress.rows, progress.payload_bytes, progress.seconds)

    def _read_once(self, name: str | None, deadline: Deadline) -> tuple[pa.Table, Transfer]:
        assembly = Assembly()
        call = self._stub.GetArrowData(Empty(), timeout=deadline.remaining(), metadata=self._metadata(name))
        with Progress("reading", show=self._settings.show_progress) as progress:
            try:
                for message in call:
                    progress.advance(assembly.add(message.payload), len(message.payload))
            except grpc.RpcError as error:
                raise self._explained(error, deadline) from error
            finally:
                call.cancel()
        return assembly.table(), Transfer(progress.rows, progress.payload_bytes, progress.seconds)

    def _metadata(self, name: str | None) -> tuple[tuple[str, str], ...]:
        limit = self._settings.max_message_bytes
        entries = [
            ("arrowlink-name", name),
            ("arrowlink-max-message-bytes", None if limit is None else str(limit)),
        ]
        return tuple((key, value) for key, value in entries if value is not None)

    def _explained(self, error: grpc.RpcError, deadline: Deadline) -> ArrowLinkError:
        """Finds out why the server was unavailable; if it answers after all, the error's own words stand."""
        found = from_rpc_error(error)
        if found.kind is Kind.DEADLINE_EXCEEDED and found.request_id is None:
            message = (
                f"`{self._address}` did not finish within {self._settings.timeout_seconds:g} s; "
                "allow more with `--timeout`"
            )
            return ArrowLinkError(found.kind, message)
        if found.kind is not Kind.UNAVAILABLE or found.request_id is not None:
            return found
        return (
            diagnose(self._address, self._ca, min(MAX_DIAGNOSIS_SECONDS, deadline.remaining() + 0.1)) or found
        )

    def __enter__(self) -> Self:
        """Returns itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Ends what still runs and closes the connection."""
        self._channel.close()


class _Requests:
    """The messages of one upload.

    gRPC takes them in a thread of its own, so what fails there is kept for the caller.
    """

    def __init__(self, payloads: Iterable[Payload]) -> None:
        self._payloads = payloads
        self.failure: ArrowLinkError | None = None

    def messages(self, progress: Progress) -> Iterator[ArrowData]:
        try:
            for payload in self._payloads:
                yield ArrowData(payload=payload.data)
                progress.advance(payload.rows, len(payload.data))
        except ArrowLinkError as error:
            self.failure = error
            raise


# gRPC logs the traceback of a request iterator that fails; `_Requests` hands the error on instead.
logging.getLogger("grpc").addHandler(logging.NullHandler())
logging.getLogger("grpc").propagate = False

DEFAULT_MESSAGE_BYTES = 4 * 1024 * 1024
MAX_DIAGNOSIS_SECONDS = 5.0
