//! Statements that are asked again: the tables may have changed in between, and what a statement means with them.

use std::sync::Arc;

use arrow_array::{RecordBatch, record_batch};
use arrowlink_core::{
    BatchStream, CallContext, DataService as _, ErrorKind, Identity, Query, ReadOptions, RemoveOptions,
    Target, WriteMode, WriteOptions,
};
use arrowlink_query::SqlService;

use crate::files::parquet;
use crate::sql::{name, query, service};
use crate::sql_files::serve;
use crate::support::{Folder, check, rows};

/// Replaces the dataset `notes` by `batch`.
async fn replace(service: &SqlService, batch: RecordBatch) {
    let batches = BatchStream::from_batches(batch.schema(), vec![batch]);
    let options = WriteOptions::default().with_mode(WriteMode::Replace);
    service.write(CallContext::new(), name("notes"), batches, options).await.unwrap();
}

/// Asks for all of `notes` and says which columns and how many rows came; the description says the same columns.
async fn notes(service: &SqlService) -> (Vec<String>, usize) {
    let text = "select * from notes where id > 0";
    let described = service.describe(CallContext::new(), Query::new(text).into()).await.unwrap();
    let rows = query(service, Query::new(text)).await.unwrap();
    assert_eq!(described.schema, rows.schema());
    (rows.schema().fields().iter().map(|field| field.name().clone()).collect(), rows.num_rows())
}

#[tokio::test]
async fn statement_sees_the_rows_and_columns_of_the_moment() {
    let service = service();
    replace(&service, record_batch!(("id", Int64, [1, 2])).unwrap()).await;
    for _ in 0..2 {
        assert_eq!(notes(&service).await, (vec!["id".to_owned()], 2));
    }
    replace(&service, record_batch!(("id", Int64, [1, 2, 3])).unwrap()).await;
    assert_eq!(notes(&service).await, (vec!["id".to_owned()], 3));
    replace(&service, record_batch!(("id", Int32, [1]), ("text", Utf8, ["a"])).unwrap()).await;
    for _ in 0..2 {
        assert_eq!(notes(&service).await, (vec!["id".to_owned(), "text".to_owned()], 1));
    }
}

#[tokio::test]
async fn description_by_sql_is_of_the_moment_too() {
    let service = service();
    let columns = async || query(&service, Query::new("describe notes")).await.unwrap().num_rows();
    replace(&service, record_batch!(("id", Int64, [1])).unwrap()).await;
    assert_eq!(columns().await, 1);
    replace(&service, record_batch!(("id", Int64, [1]), ("text", Utf8, ["a"])).unwrap()).await;
    assert_eq!(columns().await, 2);
}

#[tokio::test]
async fn statement_whose_table_is_gone_says_so() {
    let service = service();
    replace(&service, record_batch!(("id", Int64, [1])).unwrap()).await;
    notes(&service).await;
    service.remove(CallContext::new(), name("notes"), RemoveOptions::default()).await.unwrap();
    let target = || Target::from(Query::new("select * from notes where id > 0"));
    let error = service.describe(CallContext::new(), target()).await.unwrap_err();
    check(&error, ErrorKind::NotFound, &["no table `notes`"]);
    let error = query(&service, Query::new("select * from notes where id > 0")).await.unwrap_err();
    check(&error, ErrorKind::NotFound, &["no table `notes`"]);
}

#[tokio::test]
async fn new_file_is_in_the_next_answer() {
    let folder = Folder::new();
    folder.write("t/a.parquet", parquet(&rows(0, 10), 10));
    let service = serve(&folder, &["t/*.parquet"]).await;
    let filtered = || query(&service, Query::new("select id from t where id >= 5"));
    assert_eq!(filtered().await.unwrap().num_rows(), 5);
    folder.write("t/b.parquet", parquet(&rows(10, 10), 10));
    assert_eq!(filtered().await.unwrap().num_rows(), 15);
}

#[tokio::test]
async fn clock_goes_on_between_two_times() {
    let service = service();
    let now = || query(&service, Query::new("select now() as moment"));
    let (first, second) = (now().await.unwrap(), now().await.unwrap());
    assert_ne!(first, second);
    let drawn = || query(&service, Query::new("select random() as number"));
    assert_ne!(drawn().await.unwrap(), drawn().await.unwrap());
}

#[tokio::test]
async fn whoever_asks_is_told_who_they_are() {
    let service = service();
    for user in ["ada", "grace"] {
        let ctx = CallContext::new().with_identity(Identity::Named(user.into()));
        let asked = Query::new("select current_user as name");
        service.describe(ctx.clone(), asked.clone().into()).await.unwrap();
        let rows = service.read(ctx, asked.into(), ReadOptions::default()).await.unwrap();
        let rows = rows.collect_batches().await.unwrap();
        assert_eq!(rows[0].columns(), record_batch!(("name", Utf8, [user])).unwrap().columns());
    }
}

#[tokio::test]
async fn values_differ_from_time_to_time() {
    let service = service();
    let ask = async |id: i64| {
        let values = record_batch!(("$1", Int64, [id])).unwrap();
        let asked = Query::new("select price from trips where id = $1").with_parameters(values);
        query(&service, asked).await.unwrap()
    };
    let prepared = Query::new("select price from trips where id = $1");
    for (id, price) in [(1, 10.0), (2, 20.5), (1, 10.0)] {
        service.describe(CallContext::new(), prepared.clone().into()).await.unwrap();
        assert_eq!(ask(id).await.columns(), record_batch!(("price", Float64, [price])).unwrap().columns());
    }
    let error = query(&service, prepared).await.unwrap_err();
    check(&error, ErrorKind::InvalidArgument, &["the statement has 1 parameter, and no value came with it"]);
}

#[tokio::test]
async fn one_text_may_name_tables_of_several_schemas() {
    let service = Arc::new(service());
    let columns = async |schema: Option<&str>| {
        let mut asked = Query::new("select * from orders");
        asked.default_schema = schema.map(str::to_owned);
        query(&service, asked).await.map(|rows| rows.num_columns())
    };
    assert_eq!(columns(Some("sales")).await.unwrap(), 2);
    check(&columns(None).await.unwrap_err(), ErrorKind::NotFound, &["no table `orders`"]);
    assert_eq!(columns(Some("sales")).await.unwrap(), 2);
}
