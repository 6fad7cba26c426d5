//! Rows that are inserted and cannot be: the column of the table is named.

use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::Int64Type;
use arrow_array::{RecordBatch, record_batch};
use arrow_schema::{DataType, Field, Schema};
use arrowlink_core::{DataServiceExt as _, ErrorKind, Query};
use arrowlink_query::SqlService;

use crate::sql::{count, name, query, service};
use crate::support::check;

/// A service with the table `strict`, whose columns are never null.
async fn strict() -> SqlService {
    let service = service();
    let fields = [("id", DataType::Int64), ("word", DataType::Utf8)];
    let fields = fields.map(|(name, data_type)| Field::new(name, data_type, false));
    let schema = Arc::new(Schema::new(fields.to_vec()));
    let none = RecordBatch::new_empty(Arc::clone(&schema));
    service.append(&name("strict"), schema, vec![none]).await.unwrap();
    service
}

#[tokio::test]
async fn a_null_is_refused_by_the_column_of_its_table() {
    let service = strict().await;
    for (statement, column) in [
        ("insert into strict values (null, 'a')", "id"),
        ("insert into strict values (1, 'a'), (2, null)", "word"),
        ("insert into strict (word, id) values ('a', null)", "id"),
        ("insert into strict (id) values (1)", "word"),
        ("insert into strict select id, city from trips", "word"),
    ] {
        let error = count(&service, statement).await.unwrap_err();
        assert_eq!(error.chain(), format!("column `{column}` may not be null: give it a value in every row"));
    }
    let insert = Query::new("insert into strict values (?, ?)");
    let values = record_batch!(("a", Int64, [1, 2]), ("b", Utf8, [Some("a"), None])).unwrap();
    let error = query(&service, insert.with_parameters(values)).await.unwrap_err();
    check(&error, ErrorKind::InvalidArgument, &["column `word` may not be null"]);
    let rows = query(&service, Query::new("select count(*) from strict")).await.unwrap();
    assert_eq!(rows.column(0).as_primitive::<Int64Type>().value(0), 0, "all rows are stored or none");
}

#[tokio::test]
async fn a_value_of_another_type_is_refused_by_the_column_of_its_table() {
    let service = strict().await;
    for (statement, why) in [
        (
            "insert into strict values ('x', 'a')",
            "column `id` cannot have the value of row 1: Cast error: Cannot cast string 'x'",
        ),
        (
            "insert into strict (word, id) values ('a', 1), ('b', 'x')",
            "column `id` cannot have the value of row 2: ",
        ),
        (
            "insert into strict values (99999999999999999999, 'a')",
            "column `id` cannot have the value of row 1: ",
        ),
    ] {
        let error = count(&service, statement).await.unwrap_err();
        check(&error, ErrorKind::InvalidArgument, &[]);
        assert!(error.chain().starts_with(why), "{statement}: {}", error.chain());
    }
    assert_eq!(count(&service, "insert into strict values ('7', 8), (9, 'b')").await.unwrap(), 2);
}
