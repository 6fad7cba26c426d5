//! What the server says arrives as it was said; what the protocol cannot carry is refused here.

use arrow_array::record_batch;
use arrowlink_client::Client;
use arrowlink_core::{
    BatchStream, CallContext, Chunk, DataService as _, DataServiceExt as _, Error, ErrorKind, ListOptions,
    Position, Query, ReadOptions, Target, WriteMode, WriteOptions,
};
use arrowlink_testkit::{Certificates, Server, catalog, check_error, name, stream_of, three_rows};
use futures::stream;

use crate::support::{options, read};

async fn with_client(check: impl AsyncFnOnce(&Client)) {
    let certificates = Certificates::new();
    let server = Server::start(catalog(), &certificates).await;
    let client = Client::connect(&server.uri(), options(&certificates)).await.unwrap();
    check(&client).await;
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn unknown_name_has_near_names_and_the_request_id() {
    with_client(async |client| {
        let batch = three_rows();
        client.append(&name("trips"), batch.schema(), vec![batch]).await.unwrap();
        let error = read(client, "trisp", ReadOptions::default()).await;
        let error = check_error(error, ErrorKind::NotFound, &["`trisp`", "did you mean `trips`?"]);
        assert_eq!(error.request_id().map(str::len), Some(36));
    })
    .await;
}

#[tokio::test]
async fn schema_mismatch_and_read_only_arrive_as_what_they_are() {
    with_client(async |client| {
        let (batch, other) = (three_rows(), record_batch!(("id", Utf8, ["x"])).unwrap());
        client.append(&name("trips"), batch.schema(), vec![batch]).await.unwrap();
        let mismatch = client.append(&name("trips"), other.schema(), vec![other.clone()]).await;
        check_error(mismatch, ErrorKind::SchemaMismatch, &["column `id`", "Int64"]);
        let refused = client.append(&name("default"), other.schema(), vec![other]).await;
        check_error(refused, ErrorKind::ReadOnly, &["cannot be written to"]);
    })
    .await;
}

#[tokio::test]
async fn failed_input_is_returned_and_nothing_is_kept() {
    with_client(async |client| {
        let bad = Err(Error::new(ErrorKind::Corrupt, "row 7 is damaged"));
        let batches =
            BatchStream::new(three_rows().schema(), stream::iter([Ok(Chunk::new(three_rows())), bad]));
        let failed = client.write(CallContext::new(), name("trips"), batches, WriteOptions::default()).await;
        check_error(failed, ErrorKind::Corrupt, &["row 7 is damaged"]);
        check_error(read(client, "trips", ReadOptions::default()).await, ErrorKind::NotFound, &["`trips`"]);
    })
    .await;
}

#[tokio::test]
async fn unknown_column_is_refused_with_the_known_ones() {
    with_client(async |client| {
        let error = read(client, "default", ReadOptions::default().with_projection(["valeu"])).await;
        check_error(error, ErrorKind::InvalidArgument, &["`valeu`", "did you mean `value`?"]);
    })
    .await;
}

#[tokio::test]
async fn what_the_protocol_cannot_carry_is_unsupported() {
    with_client(async |client| {
        let unsupported =
            |result, parts: &[&str]| drop(check_error::<()>(result, ErrorKind::Unsupported, parts));
        let ctx = CallContext::new;
        let default = || Target::Name(name("default"));
        unsupported(client.list(ctx(), ListOptions::default()).await.map(drop), &["not list"]);
        unsupported(client.describe(ctx(), default()).await.map(drop), &["not describe"]);
        let sql = client.read(ctx(), Target::from(Query::new("select 1")), ReadOptions::default()).await;
        unsupported(sql.map(drop), &["not SQL"]);
        let resume = ReadOptions::default().with_resume(Position::new(vec![1]));
        unsupported(client.read(ctx(), default(), resume).await.map(drop), &["`resume`"]);
        let part = ReadOptions::default().with_part(0);
        unsupported(client.read(ctx(), default(), part).await.map(drop), &["`part`"]);
        let create = WriteOptions::default().with_mode(WriteMode::Create);
        let write = client.write(ctx(), name("a"), stream_of(&three_rows()), create).await;
        unsupported(write.map(drop), &["a mode of writing"]);
        let keyed = WriteOptions::default().with_idempotency_key("load-42");
        let write = client.write(ctx(), name("a"), stream_of(&three_rows()), keyed).await;
        unsupported(write.map(drop), &["idempotency key"]);
    })
    .await;
}
