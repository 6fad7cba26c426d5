//! What the server says arrives as it was said; what it does not do is refused there.

use arrow_array::record_batch;
use arrowlink_client::Client;
use arrowlink_core::{
    BatchStream, CallContext, Chunk, DataService as _, DataServiceExt as _, Error, ErrorKind, ListOptions,
    NounKind, Query, ReadOptions, RemoveOptions, Target, WriteOptions,
};
use arrowlink_testkit::{Certificates, Server, catalog, check_error, name, three_rows};
use futures::{TryStreamExt as _, stream};

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
async fn descriptions_and_listings_are_those_of_the_server() {
    with_client(async |client| {
        let batch = three_rows();
        client.append(&name("trips"), batch.schema(), vec![batch.clone()]).await.unwrap();
        let trips = client.describe(CallContext::new(), Target::Name(name("trips"))).await.unwrap();
        assert_eq!((trips.kind, trips.rows, trips.writable), (NounKind::Dataset, Some(3), true));
        assert_eq!((&trips.schema, trips.source.as_str()), (&batch.schema(), "memory"));
        let listed = client.list(CallContext::new(), ListOptions::default().with_prefix("tr")).await.unwrap();
        let listed: Vec<_> = listed.try_collect().await.unwrap();
        assert_eq!(listed.len(), 1);
        assert_eq!((listed[0].name.as_str(), listed[0].description.as_ref().unwrap()), ("trips", &trips));
    })
    .await;
}

#[tokio::test]
async fn removed_dataset_is_gone() {
    with_client(async |client| {
        let batch = three_rows();
        client.append(&name("trips"), batch.schema(), vec![batch]).await.unwrap();
        let remove = || client.remove(CallContext::new(), name("trips"), RemoveOptions::default());
        remove().await.unwrap();
        check_error(remove().await, ErrorKind::NotFound, &["`trips`"]);
        check_error(read(client, "trips", ReadOptions::default()).await, ErrorKind::NotFound, &["`trips`"]);
    })
    .await;
}

#[tokio::test]
async fn what_the_server_does_not_do_is_unsupported() {
    with_client(async |client| {
        let sql = Target::from(Query::new("select 1"));
        let read = client.read(CallContext::new(), sql, ReadOptions::default()).await;
        check_error(read, ErrorKind::Unsupported, &[]);
        let follow = ReadOptions::default().with_follow(true);
        let read = client.read(CallContext::new(), Target::Name(name("default")), follow).await;
        check_error(read, ErrorKind::Unsupported, &["`follow`"]);
    })
    .await;
}
