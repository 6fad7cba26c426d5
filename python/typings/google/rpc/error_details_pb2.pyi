# As much of `google/rpc/error_details.proto` as is used here; the package with the module has no types.

from collections.abc import Mapping

from google.protobuf.message import Message

class ErrorInfo(Message):
    reason: str
    domain: str
    @property
    def metadata(self) -> Mapping[str, str]: ...
    def __init__(
        self, *, reason: str = ..., domain: str = ..., metadata: Mapping[str, str] = ...
    ) -> None: ...
