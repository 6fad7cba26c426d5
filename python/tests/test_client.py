"""The client against a server over TLS that does what a test wants."""

from collections.abc import Iterable

import grpc
import pyarrow as pa
import pytest

from demo.client import Settings
from demo.errors import ArrowLinkError, Kind
from demo.files import Source
from demo.retry import Retry

from .conftest import Connect, Serve
from .support.fake_server import refuse
from .support.tables import ONE_ROW, numbers, payload

AT_ONCE = Retry(sleep=lambda _: None)


def source(table: pa.Table) -> Source:
    return Source(table.schema, table.to_batches(), table.num_rows)


def test_default_dataset_is_read_without_metadata(serve: Serve, connect: Connect) -> None:
    server = serve(lambda _: [payload(ONE_ROW)])
    table, transfer = connect(server).read()
    assert table.equals(ONE_ROW)
    assert (transfer.rows, transfer.payload_bytes) == (1, len(payload(ONE_ROW)))
    assert not [key for key in server.metadata if key.startswith("arrowlink")]


def test_name_and_limit_travel_as_metadata(serve: Serve, connect: Connect) -> None:
    server = serve(lambda _: [payload(ONE_ROW)])
    connect(server, Settings(max_message_bytes=1_000_000)).read("sales.orders")
    assert server.metadata["arrowlink-name"] == "sales.orders"
    assert server.metadata["arrowlink-max-message-bytes"] == "1000000"


def test_larger_messages_need_the_setting(serve: Serve, connect: Connect) -> None:
    table = numbers(600_000)
    server = serve(lambda _: [payload(table)])
    with pytest.raises(ArrowLinkError, match="`--max-message-bytes`") as caught:
        connect(server).read()
    assert caught.value.kind is Kind.LIMIT_EXCEEDED
    assert connect(server, Settings(max_message_bytes=2**23)).read()[0].equals(table)


def test_error_has_the_servers_words_kind_and_request_id(serve: Serve, connect: Connect) -> None:
    words = "no dataset `trisp`, did you mean `trips`?"
    server = serve(refuse(grpc.StatusCode.NOT_FOUND, words, "NOT_FOUND", "r-7"))
    with pytest.raises(ArrowLinkError) as caught:
        connect(server).read("trisp")
    assert str(caught.value) == f"{words} [NotFound, request r-7]"


def test_read_is_tried_again_while_unavailable(serve: Serve, connect: Connect) -> None:
    def answer(context: grpc.ServicerContext) -> Iterable[bytes]:
        yield payload(ONE_ROW)
        if server.reads < 3:
            context.abort(grpc.StatusCode.UNAVAILABLE, "restarting")

    server = serve(answer)
    table, _ = connect(server, Settings(retry=AT_ONCE)).read()
    assert table.equals(ONE_ROW)  # what came before a failure is not kept
    assert server.reads == 3


def test_last_words_of_an_unavailable_server_are_kept(serve: Serve, connect: Connect) -> None:
    server = serve(refuse(grpc.StatusCode.UNAVAILABLE, "shutting down", "UNAVAILABLE", "r-9"))
    with pytest.raises(ArrowLinkError, match=r"shutting down \[Unavailable, request r-9\]"):
        connect(server, Settings(retry=AT_ONCE)).read()
    assert server.reads == 4


def test_send_is_never_tried_again(serve: Serve, connect: Connect) -> None:
    server = serve(refuse_sends=refuse(grpc.StatusCode.UNAVAILABLE, "shutting down", "UNAVAILABLE"))
    with pytest.raises(ArrowLinkError, match="shutting down"):
        connect(server, Settings(retry=AT_ONCE)).send(source(ONE_ROW))
    assert server.sends == 1


def test_other_failures_are_not_tried_again(serve: Serve, connect: Connect) -> None:
    server = serve(refuse(grpc.StatusCode.INTERNAL, "a bug", "INTERNAL"))
    with pytest.raises(ArrowLinkError, match="a bug"):
        connect(server, Settings(retry=AT_ONCE)).read()
    assert server.reads == 1


def test_server_that_stalls_meets_the_deadline(serve: Serve, connect: Connect) -> None:
    def answer(_: grpc.ServicerContext) -> Iterable[bytes]:
        yield payload(ONE_ROW)
        server.stopping.wait()

    server = serve(answer)
    with pytest.raises(ArrowLinkError, match=r"within 0\.2 s; allow more with `--timeout`") as caught:
        connect(server, Settings(timeout_seconds=0.2)).read()
    assert caught.value.kind is Kind.DEADLINE_EXCEEDED


@pytest.mark.parametrize("bad", [b"no Arrow", payload(ONE_ROW)[:100], payload(numbers(1))])
def test_bad_payload_ends_the_read(serve: Serve, connect: Connect, bad: bytes) -> None:
    server = serve(lambda _: [payload(ONE_ROW), bad])
    with pytest.raises(ArrowLinkError, match="payload 2") as caught:
        connect(server, Settings(retry=AT_ONCE)).read()
    assert caught.value.kind is Kind.CORRUPT
    assert server.reads == 1


def test_sent_table_arrives_in_payloads_within_the_limit(serve: Serve, connect: Connect) -> None:
    table = numbers(1_200_000)
    server = serve()
    message, transfer = connect(server).send(source(table), "big")
    assert message == f"received {len(server.received)} payloads"
    assert len(server.received) >= 3
    assert all(len(data) < 4 * 1024 * 1024 for data in server.received)
    assert pa.concat_tables(pa.ipc.open_stream(data).read_all() for data in server.received).equals(table)
    assert transfer.rows == table.num_rows
    assert server.metadata["arrowlink-name"] == "big"


def test_raised_limit_also_makes_larger_payloads(serve: Serve, connect: Connect) -> None:
    server = serve()
    connect(server, Settings(max_message_bytes=2**26)).send(source(numbers(1_200_000)))
    assert len(server.received) == 1


def test_source_that_fails_half_way_cancels_the_upload(serve: Serve, connect: Connect) -> None:
    def batches() -> Iterable[pa.RecordBatch]:
        yield from ONE_ROW.to_batches()
        raise ArrowLinkError(Kind.CORRUPT, "cannot read `half.parquet`")

    server = serve()
    with pytest.raises(ArrowLinkError, match=r"cannot read `half.parquet` \[Corrupt\]"):
        connect(server).send(Source(ONE_ROW.schema, batches()))
    assert server.received == []


def test_refused_upload_has_the_servers_words(serve: Serve, connect: Connect) -> None:
    words = "expected `id: int64`,\n  got `id: string`"
    server = serve(refuse_sends=refuse(grpc.StatusCode.FAILED_PRECONDITION, words, "SCHEMA_MISMATCH"))
    with pytest.raises(ArrowLinkError) as caught:
        connect(server).send(source(ONE_ROW))
    assert str(caught.value) == "expected `id: int64`,; got `id: string` [SchemaMismatch, request r-1]"
