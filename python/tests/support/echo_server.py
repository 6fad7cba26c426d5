"""A server with one method of each kind, which answers with what it was sent, or fails when asked to."""

from collections.abc import Iterator
from concurrent import futures
from typing import Self

import grpc

from demo.channel import Address

from .certificates import Identity


class EchoServer:
    """Methods `/echo/unary_unary` and so on, over TLS, on bytes; used as a context manager."""

    def __init__(self, identity: Identity) -> None:
        self._server = grpc.server(futures.ThreadPoolExecutor(4))
        handlers = {
            "unary_unary": grpc.unary_unary_rpc_method_handler(_unary_unary),
            "unary_stream": grpc.unary_stream_rpc_method_handler(_unary_stream),
            "stream_unary": grpc.stream_unary_rpc_method_handler(_stream_unary),
            "stream_stream": grpc.stream_stream_rpc_method_handler(_stream_stream),
        }
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("echo", handlers),))
        credentials = grpc.ssl_server_credentials([(identity.key, identity.certificate)])
        self.address = Address("localhost", self._server.add_secure_port("127.0.0.1:0", credentials))

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop(grace=None).wait()


def _unary_unary(request: bytes, context: grpc.ServicerContext) -> bytes:
    return _checked(request, context)


def _unary_stream(request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
    yield from [_checked(request, context)] * 3
    while request == b"endless" and context.is_active():
        yield request


def _stream_unary(requests: Iterator[bytes], context: grpc.ServicerContext) -> bytes:
    return b"".join(_checked(request, context) for request in requests)


def _stream_stream(requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
    for request in requests:
        yield _checked(request, context)


def _checked(request: bytes, context: grpc.ServicerContext) -> bytes:
    if request == b"fail":
        context.abort(grpc.StatusCode.NOT_FOUND, "as asked")
    return request
