"""The generated messages and stub of `dataexchange.ArrowDataService`, as far as the demo uses them."""

from dataexchange.dataexchange_pb2 import Ack, ArrowData, Empty
from dataexchange.dataexchange_pb2_grpc import ArrowDataServiceStub

__all__ = ["Ack", "ArrowData", "ArrowDataServiceStub", "Empty"]
