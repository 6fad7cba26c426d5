"""A server of the small service whose every answer a test decides."""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent import futures
from dataclasses import dataclass, field
from typing import Self

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from demo.channel import Address
from demo.stubs import Ack, ArrowData, Empty

from .certificates import Identity

Answer = Callable[[grpc.ServicerContext], Iterable[bytes]]


@dataclass
class FakeServer:
    """Answers reads with what `answer` yields and keeps what is sent; used as a context manager.

    `reads` and `sends` count calls, `metadata` is that of the last one, `called` is set by the first one.
    """

    answer: Answer = field(default=lambda _: ())
    identity: Identity | None = None
    refuse_sends: Answer | None = None
    reads: int = 0
    sends: int = 0
    received: list[bytes] = field(default_factory=list[bytes])
    metadata: dict[str, str | bytes] = field(default_factory=dict[str, str | bytes])
    called: threading.Event = field(default_factory=threading.Event)
    stopping: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._server = grpc.server(
            futures.ThreadPoolExecutor(4), options=[("grpc.max_receive_message_length", -1)]
        )
        self._server.add_generic_rpc_handlers((self._handlers(),))
        if self.identity is None:
            port = self._server.add_insecure_port("127.0.0.1:0")
        else:
            pair = (self.identity.key, self.identity.certificate)
            port = self._server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([pair]))
        self.address = Address("localhost", port)

    def _handlers(self) -> grpc.GenericRpcHandler:
        methods = {
            "GetArrowData": grpc.unary_stream_rpc_method_handler(
                self._read, Empty.FromString, ArrowData.SerializeToString
            ),
            "SendArrowData": grpc.stream_unary_rpc_method_handler(
                self._send, ArrowData.FromString, Ack.SerializeToString
            ),
        }
        return grpc.method_handlers_generic_handler("dataexchange.ArrowDataService", methods)

    def _read(self, _request: Empty, context: grpc.ServicerContext) -> Iterator[ArrowData]:
        self.reads += 1
        self._note(context)
        for payload in self.answer(context):
            yield ArrowData(payload=payload)

    def _send(self, requests: Iterator[ArrowData], context: grpc.ServicerContext) -> Ack:
        self.sends += 1
        self._note(context)
        if self.refuse_sends is not None:
            list(self.refuse_sends(context))
        self.received += [request.payload for request in requests]
        return Ack(message=f"received {len(self.received)} payloads")

    def _note(self, context: grpc.ServicerContext) -> None:
        self.metadata = dict(context.invocation_metadata() or ())
        self.called.set()

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._server.stop(grace=None).wait()


def refuse(code: grpc.StatusCode, message: str, reason: str | None = None, request_id: str = "r-1") -> Answer:
    """Returns an answer that fails as the real server does, with kind and request id as `ErrorInfo`."""

    def answer(context: grpc.ServicerContext) -> Iterable[bytes]:
        if reason is not None:
            context.set_trailing_metadata(
                (("grpc-status-details-bin", details(code, message, reason, request_id)),)
            )
        context.abort(code, message)
        return ()

    return answer


def details(code: grpc.StatusCode, message: str, reason: str, request_id: str) -> bytes:
    """Returns the bytes of `grpc-status-details-bin`."""
    packed = AnyMessage()
    packed.Pack(ErrorInfo(reason=reason, domain="arrowlink", metadata={"request_id": request_id}))
    number: int = code.value[0]
    return Status(code=number, message=message, details=[packed]).SerializeToString()
