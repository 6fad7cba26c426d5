"""The demo client and the real server, end to end over TLS."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.json as pa_json
import pyarrow.parquet as pq
import pytest

from demo.channel import open_channel, read_ca
from demo.client import Client, Settings
from demo.errors import ArrowLinkError, Kind
from demo.files import Source, open_source
from demo.retry import Retry
from demo.stubs import ArrowData, ArrowDataServiceStub

from .conftest import StartServer
from .support import program
from .support.certificates import Authority
from .support.real_server import RealServer
from .support.tables import ONE_ROW, ONE_ROW_PRINTED, numbers, payload

TABLE = pa.table(
    {
        "id": pa.array(range(5_000), pa.int64()),
        "word": [None if row % 11 == 0 else f"word {row % 17}" for row in range(5_000)],
        "value": [row / 8 for row in range(5_000)],
    }
)


def client(server: RealServer, settings: Settings | None = None) -> Client:
    return Client(server.address, read_ca(server.ca), settings)


def read(server: RealServer, name: str | None = None) -> pa.Table:
    with client(server) as connection:
        return connection.read(name)[0]


def send(server: RealServer, path: Path, name: str) -> str:
    with client(server) as connection:
        return connection.send(open_source(path), name)[0]


def check_fails(kind: Kind, call: Callable[[], object], *words: str) -> ArrowLinkError:
    """Expects an error of this kind with these words and the request id that the server logged."""
    with pytest.raises(ArrowLinkError) as caught:
        call()
    assert caught.value.kind is kind, str(caught.value)
    for word in words:
        assert word in str(caught.value)
    return caught.value


def send_payloads(server: RealServer, *payloads: bytes, name: str = "raw") -> str:
    """Sends payloads as they are, whatever they are."""
    with open_channel(server.address, read_ca(server.ca), None) as channel:
        messages = iter([ArrowData(payload=data) for data in payloads])
        stub = ArrowDataServiceStub(channel)
        return stub.SendArrowData(messages, timeout=60, metadata=(("arrowlink-name", name),)).message


def given(name: str) -> Path:
    """Returns a file of real data, or skips where there is none."""
    folder = os.environ.get("ARROWLINK_TEST_DATA")
    if not folder:
        pytest.skip("the environment variable ARROWLINK_TEST_DATA names no folder with real data")
    return Path(folder) / "data" / name


def test_fresh_server_is_printed_exactly(start_server: StartServer) -> None:
    server = start_server()
    code, output, errors = program.run("--address", server.address, "--ca", server.ca)
    assert (code, output) == (0, ONE_ROW_PRINTED), errors


def test_error_carries_the_request_id_that_the_server_logged(start_server: StartServer) -> None:
    server = start_server()
    error = check_fails(Kind.NOT_FOUND, lambda: read(server, "nothing"), "`nothing`")
    server.stop()
    assert error.request_id is not None
    assert error.request_id in server.log.read_text()


def test_unknown_name_offers_the_nearest(start_server: StartServer, tmp_path: Path) -> None:
    path = tmp_path / "trips.parquet"
    pq.write_table(TABLE, path)
    server = start_server("--dataset", f"trips={path}")
    check_fails(Kind.NOT_FOUND, lambda: read(server, "trisp"), "`trisp`", "`trips`")


def test_name_that_cannot_be_one_is_invalid(start_server: StartServer) -> None:
    server = start_server()
    check_fails(Kind.INVALID_ARGUMENT, lambda: read(server, "no/name"), "no/name")


@pytest.mark.parametrize("ending", ["parquet", "csv", "arrow", "arrows", "feather"])
def test_sent_file_is_read_back_equal(start_server: StartServer, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"table.{ending}"
    if ending == "parquet":
        pq.write_table(TABLE, path, row_group_size=1_000)
    elif ending == "csv":
        pa_csv.write_csv(TABLE, path)
    else:
        new = pa.ipc.new_stream if ending == "arrows" else pa.ipc.new_file
        with new(str(path), TABLE.schema) as writer:
            writer.write_table(TABLE, max_chunksize=1_000)
    server = start_server()
    expected = pa_csv.read_csv(path) if ending == "csv" else TABLE
    acknowledgement = send(server, path, "sent")
    assert "sent" in acknowledgement
    assert "in memory" in acknowledgement
    assert any(rows in acknowledgement for rows in ("5000", "5,000", "5_000"))
    assert read(server, "sent").equals(expected)


def test_uploads_append_in_order(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server()
    for part in (TABLE.slice(0, 3_000), TABLE.slice(3_000)):
        path = tmp_path / "part.parquet"
        pq.write_table(part, path)
        send(server, path, "parts")
    assert read(server, "parts").equals(TABLE)


def test_upload_without_a_name_goes_to_uploads(start_server: StartServer, tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    pq.write_table(TABLE, path)
    server = start_server()
    code, output, errors = program.run("--address", server.address, "--ca", server.ca, "--send", path)
    assert code == 0, errors
    assert "uploads" in output
    assert read(server, "uploads").equals(TABLE)


def test_acknowledged_upload_outlives_a_killed_server(start_server: StartServer, tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    pq.write_table(TABLE, path)
    folder = tmp_path / "data"
    server = start_server("--data-dir", folder)
    assert "durable" in send(server, path, "kept")
    server.kill()
    assert read(start_server("--data-dir", folder, folder=tmp_path / "second"), "kept").equals(TABLE)


def test_flights_equal_what_pyarrow_and_pandas_read(start_server: StartServer) -> None:
    path = given("flights-200k.arrow")
    table = read(start_server("--dataset", f"flights={path}"), "flights")
    with pa.ipc.open_file(str(path)) as file:
        expected = file.read_all()
    assert table.equals(expected)
    pd.testing.assert_frame_equal(table.to_pandas(), pd.read_feather(path))


def test_weather_equals_what_pyarrow_and_pandas_read(start_server: StartServer) -> None:
    path = given("seattle-weather-hourly-normals.csv")
    table = read(start_server("--dataset", f"weather={path}"), "weather")
    assert table.equals(pa_csv.read_csv(path))
    expected = pd.read_csv(path, parse_dates=["date"])
    pd.testing.assert_frame_equal(table.to_pandas(), expected, check_dtype=False)


def test_earthquakes_equal_what_pyarrow_reads(start_server: StartServer) -> None:
    path = given("earthquakes.json")
    table = read(start_server("--dataset", f"quakes={path}"), "quakes")
    expected = pa_json.read_json(
        path,
        read_options=pa_json.ReadOptions(block_size=path.stat().st_size),
        parse_options=pa_json.ParseOptions(newlines_in_values=True),
    )
    assert table.num_rows == 1
    assert table.equals(expected)


def test_real_files_sent_are_read_back_equal(start_server: StartServer) -> None:
    server = start_server()
    for name in ("flights-200k.arrow", "seattle-weather-hourly-normals.csv", "earthquakes.json"):
        source = open_source(given(name))
        expected = pa.Table.from_batches(source.batches, source.schema)
        dataset = name.partition(".")[0]
        send(server, given(name), dataset)
        assert read(server, dataset).equals(expected)


def test_other_schema_is_refused_field_by_field(start_server: StartServer, tmp_path: Path) -> None:
    path, other = tmp_path / "table.parquet", tmp_path / "other.parquet"
    pq.write_table(TABLE, path)
    pq.write_table(pa.table({"id": ["one"], "word": ["x"]}), other)
    server = start_server()
    send(server, path, "table")
    check_fails(Kind.SCHEMA_MISMATCH, lambda: send(server, other, "table"), "id", "Utf8", "Int64", "value")
    assert read(server, "table").equals(TABLE)


def test_file_dataset_cannot_be_written_to(start_server: StartServer, tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    pq.write_table(TABLE, path)
    server = start_server("--dataset", f"table={path}")
    check_fails(Kind.READ_ONLY, lambda: send(server, path, "table"), "served from", str(path))


@pytest.mark.parametrize("bad", [b"", b"this is not Arrow", payload(TABLE)[:1_000]])
def test_payload_that_is_not_arrow_keeps_nothing(start_server: StartServer, bad: bytes) -> None:
    server = start_server()
    with pytest.raises(Exception, match="INVALID_ARGUMENT"):
        send_payloads(server, payload(TABLE), bad)
    check_fails(Kind.NOT_FOUND, lambda: read(server, "raw"))


def test_payloads_of_two_schemas_keep_nothing(start_server: StartServer) -> None:
    server = start_server()
    with pytest.raises(Exception, match="FAILED_PRECONDITION"):
        send_payloads(server, payload(ONE_ROW), payload(numbers(1)))
    check_fails(Kind.NOT_FOUND, lambda: read(server, "raw"))


def test_upload_that_breaks_off_keeps_nothing(start_server: StartServer) -> None:
    def batches() -> Iterator[pa.RecordBatch]:
        yield from TABLE.to_batches()
        raise ArrowLinkError(Kind.CORRUPT, "cannot read the rest")

    server = start_server()
    with client(server) as connection, pytest.raises(ArrowLinkError, match="cannot read the rest"):
        connection.send(Source(TABLE.schema, batches()), "broken")
    check_fails(Kind.NOT_FOUND, lambda: read(server, "broken"))


def test_payload_over_the_servers_limit_is_refused(start_server: StartServer, tmp_path: Path) -> None:
    path = tmp_path / "large.parquet"
    table = numbers(1_000_000)
    pq.write_table(table, path)
    server = start_server(settings={"ARROWLINK__LIMITS__MAX_MESSAGE_BYTES": "256 KiB"})
    check_fails(Kind.LIMIT_EXCEEDED, lambda: send(server, path, "large"), "max_message_bytes")
    with client(server, Settings(max_message_bytes=200_000)) as connection:
        connection.send(open_source(path), "large")
    assert read(server, "large").equals(table)


def test_large_table_comes_in_messages_within_the_default_limit(
    start_server: StartServer, tmp_path: Path
) -> None:
    path = tmp_path / "large.parquet"
    table = pa.table({"id": range(1_500_000), "word": ["some word"] * 1_500_000})
    pq.write_table(table, path)
    assert read(start_server("--dataset", f"large={path}"), "large").equals(table)


def test_row_over_the_limit_is_refused_and_read_with_a_larger_one(
    start_server: StartServer, tmp_path: Path
) -> None:
    path = tmp_path / "blobs.parquet"
    table = pa.table({"blob": [b"x", b"y" * 6_000_000]})
    pq.write_table(table, path)
    server = start_server("--dataset", f"blobs={path}")
    key = "arrowlink-max-message-bytes"
    check_fails(Kind.LIMIT_EXCEEDED, lambda: read(server, "blobs"), key, "row")
    with client(server, Settings(max_message_bytes=8_000_000)) as connection:
        assert connection.read("blobs")[0].equals(table)


def test_server_killed_in_the_middle_of_a_read_is_unavailable(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start_server("--dataset", "demo=demo://?rows=20000000&seed=1")
    killed: list[int] = []

    def kill_once(_: object, rows: int, __: int) -> None:
        if not killed:
            killed.append(rows)
            server.kill()

    monkeypatch.setattr("demo.progress.Progress.advance", kill_once)
    settings = Settings(retry=Retry(1, sleep=lambda _: None))
    with client(server, settings) as connection:
        check_fails(Kind.UNAVAILABLE, lambda: connection.read("demo"), "nothing listens")
    assert killed


def test_demo_data_is_reproducible(start_server: StartServer) -> None:
    server = start_server("--dataset", "demo=demo://?rows=10000&seed=7")
    table = read(server, "demo")
    assert table.num_rows == 10_000
    assert table.column_names == ["id", "timestamp", "value", "category", "is_valid"]
    assert table.equals(read(server, "demo"))


def test_other_authority_is_not_trusted(start_server: StartServer) -> None:
    server = start_server()
    with Client(server.address, Authority.create().pem) as stranger:
        check_fails(Kind.UNAVAILABLE, stranger.read, "is not trusted", "`--ca`")


def test_read_only_server_refuses_uploads(start_server: StartServer, tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    pq.write_table(TABLE, path)
    server = start_server("--read-only")
    check_fails(Kind.READ_ONLY, lambda: send(server, path, "table"))
    assert read(server).equals(ONE_ROW)
