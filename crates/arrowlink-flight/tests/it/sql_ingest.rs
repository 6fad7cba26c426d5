//! Bulk ingest in each mode, and what it refuses.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow_array::{ArrayRef, RecordBatch, StringArray, StringViewArray, record_batch};
use arrow_flight::sql::{
    CommandStatementIngest, DoPutUpdateResult, TableDefinitionOptions, TableExistsOption, TableNotExistOption,
};
use arrow_schema::Schema;
use arrowlink_core::{BatchStream, Chunk, DataServiceExt as _, ErrorKind, Name, Result};
use arrowlink_transport::FlightHandler as _;
use futures::{StreamExt as _, stream};

use crate::sql_support::{Client, descriptor};

const CREATE: (TableNotExistOption, TableExistsOption) =
    (TableNotExistOption::Create, TableExistsOption::Fail);
const APPEND: (TableNotExistOption, TableExistsOption) =
    (TableNotExistOption::Fail, TableExistsOption::Append);
const REPLACE: (TableNotExistOption, TableExistsOption) =
    (TableNotExistOption::Create, TableExistsOption::Replace);
const REPLACE_ONLY: (TableNotExistOption, TableExistsOption) =
    (TableNotExistOption::Fail, TableExistsOption::Replace);
const CREATE_APPEND: (TableNotExistOption, TableExistsOption) =
    (TableNotExistOption::Create, TableExistsOption::Append);

fn into(table: &str, (absent, present): (TableNotExistOption, TableExistsOption)) -> CommandStatementIngest {
    CommandStatementIngest {
        table: table.to_owned(),
        table_definition_options: Some(TableDefinitionOptions {
            if_not_exist: absent as i32,
            if_exists: present as i32,
        }),
        ..CommandStatementIngest::default()
    }
}

fn rows() -> RecordBatch {
    record_batch!(("id", Int64, [1, 2, 3])).unwrap()
}

async fn ingest(client: &Client, command: CommandStatementIngest) -> Result<i64> {
    let answer: DoPutUpdateResult = client.put(&command, Some(vec![rows()])).await?;
    Ok(answer.record_count)
}

async fn stored(client: &Client, name: &str) -> usize {
    let (_, batches) = client.engine.read_all(&Name::new(name).unwrap()).await.unwrap();
    batches.iter().map(RecordBatch::num_rows).sum()
}

#[tokio::test]
async fn each_mode_does_what_it_says() {
    let client = Client::new();
    let refused = async |mode| ingest(&client, into("t", mode)).await.unwrap_err().kind();
    assert_eq!(refused(APPEND).await, ErrorKind::NotFound);
    assert_eq!(refused(REPLACE_ONLY).await, ErrorKind::NotFound);
    assert_eq!(ingest(&client, into("t", CREATE)).await.unwrap(), 3);
    assert_eq!(refused(CREATE).await, ErrorKind::AlreadyExists);
    assert_eq!(ingest(&client, into("t", APPEND)).await.unwrap(), 3);
    assert_eq!(stored(&client, "t").await, 6);
    assert_eq!(ingest(&client, into("t", CREATE_APPEND)).await.unwrap(), 3);
    assert_eq!(stored(&client, "t").await, 9);
    assert_eq!(ingest(&client, into("t", REPLACE)).await.unwrap(), 3);
    assert_eq!(stored(&client, "t").await, 3);
    assert_eq!(ingest(&client, into("t", REPLACE_ONLY)).await.unwrap(), 3);
    assert_eq!(stored(&client, "t").await, 3);
    assert_eq!(ingest(&client, into("u", CREATE_APPEND)).await.unwrap(), 3);
    assert_eq!(ingest(&client, into("v", REPLACE)).await.unwrap(), 3);
}

#[tokio::test]
async fn catalog_and_schema_are_parts_of_the_name() {
    let client = Client::new();
    let place = |catalog: &str, schema: &str| CommandStatementIngest {
        catalog: Some(catalog.to_owned()),
        schema: Some(schema.to_owned()),
        ..into("t", CREATE)
    };
    for (command, name) in [
        (place("", ""), "t"),
        (place("arrowlink", "sales"), "sales.t"),
        (place("eu", "sales"), "eu.sales.t"),
        (place("eu", ""), "eu.public.t"),
        (into("ops.logs", CREATE), "ops.logs"),
    ] {
        ingest(&client, command).await.unwrap();
        assert_eq!(stored(&client, name).await, 3, "{name}");
    }
    let taken = ingest(&client, place("arrowlink", "public")).await.unwrap_err();
    assert_eq!(taken.kind(), ErrorKind::AlreadyExists, "`t` is in the schema `public`");
    let both = CommandStatementIngest { schema: Some("sales".to_owned()), ..into("ops.logs", CREATE) };
    let error = ingest(&client, both).await.unwrap_err();
    assert!(error.message().starts_with("the table `ops.logs` has a dot in its name"), "{}", error.message());
}

#[tokio::test]
async fn a_repeated_ingest_with_a_key_counts_once() {
    let client = Client::new();
    let keyed = CommandStatementIngest {
        options: [("idempotency_key".to_owned(), "load-42".to_owned())].into(),
        ..into("t", CREATE_APPEND)
    };
    ingest(&client, keyed.clone()).await.unwrap();
    ingest(&client, keyed).await.unwrap();
    assert_eq!(stored(&client, "t").await, 3);
}

#[tokio::test]
async fn a_repeated_ingest_is_taken_to_its_end() {
    let client = Client::new();
    let keyed = CommandStatementIngest {
        options: [("idempotency_key".to_owned(), "load-42".to_owned())].into(),
        ..into("t", CREATE_APPEND)
    };
    let taken = Arc::new(AtomicUsize::new(0));
    for _ in 0..2 {
        let taken = Arc::clone(&taken);
        let chunks = stream::iter([(); 3]).map(move |()| {
            taken.fetch_add(1, Ordering::Relaxed);
            Ok(Chunk::new(rows()))
        });
        let batches = BatchStream::new(rows().schema(), chunks);
        let answer = client.flight.do_put(client.call.clone(), descriptor(&keyed), Some(batches)).await;
        assert_eq!(answer.unwrap().count().await, 1);
    }
    assert_eq!((taken.load(Ordering::Relaxed), stored(&client, "t").await), (6, 9));
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_and_nothing_is_stored() {
    let client = Client::new();
    let command = || into("t", CREATE);
    let nothing = (TableNotExistOption::Fail, TableExistsOption::Fail);
    let unsaid = (TableNotExistOption::Unspecified, TableExistsOption::Append);
    for (command, kind) in [
        (CommandStatementIngest { temporary: true, ..command() }, ErrorKind::Unsupported),
        (CommandStatementIngest { transaction_id: Some("t1".into()), ..command() }, ErrorKind::Unsupported),
        (CommandStatementIngest { table_definition_options: None, ..command() }, ErrorKind::InvalidArgument),
        (into("t", nothing), ErrorKind::InvalidArgument),
        (into("t", unsaid), ErrorKind::InvalidArgument),
        (into("not a name", CREATE), ErrorKind::InvalidArgument),
        (into("trips", REPLACE), ErrorKind::Unsupported),
        (
            CommandStatementIngest { options: [("speed".to_owned(), "high".to_owned())].into(), ..command() },
            ErrorKind::InvalidArgument,
        ),
    ] {
        let error = ingest(&client, command).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{}", error.message());
    }
    let error = client.put::<DoPutUpdateResult>(&command(), None).await.unwrap_err();
    assert!(error.message().contains("no columns"), "{}", error.message());
    let empty = RecordBatch::new_empty(Schema::empty().into());
    client.put::<DoPutUpdateResult>(&command(), Some(vec![empty])).await.unwrap_err();
    let absent = client.engine.read_all(&Name::new("t").unwrap()).await.unwrap_err();
    assert_eq!(absent.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn another_form_of_the_same_values_is_appended() {
    let client = Client::new();
    let of = |texts: ArrayRef| RecordBatch::try_from_iter_with_nullable([("s", texts, true)]).unwrap();
    let views = of(Arc::new(StringViewArray::from(vec!["a", "b"])));
    let texts = of(Arc::new(StringArray::from(vec!["c"])));
    for batch in [views, texts] {
        let _: DoPutUpdateResult = client.put(&into("t", CREATE_APPEND), Some(vec![batch])).await.unwrap();
    }
    assert_eq!(stored(&client, "t").await, 3);
}

#[tokio::test]
async fn rows_of_another_schema_are_refused() {
    let client = Client::new();
    ingest(&client, into("t", CREATE)).await.unwrap();
    let other = record_batch!(("name", Utf8, ["a"])).unwrap();
    let error = client.put::<DoPutUpdateResult>(&into("t", APPEND), Some(vec![other])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SchemaMismatch);
    assert_eq!(stored(&client, "t").await, 3);
}
