# As much of `google/rpc/status.proto` as is used here; the package that has the module brings no types.

from collections.abc import Iterable, Sequence

from google.protobuf.any_pb2 import Any
from google.protobuf.message import Message

class Status(Message):
    code: int
    message: str
    @property
    def details(self) -> Sequence[Any]: ...
    def __init__(self, *, code: int = ..., message: str = ..., details: Iterable[Any] = ...) -> None: ...
