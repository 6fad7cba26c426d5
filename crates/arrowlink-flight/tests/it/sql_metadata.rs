//! What schema browsers ask: catalogs, schemas, tables, types, keys and abilities.

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Int32Type, UInt32Type};
use arrow_array::{Array as _, RecordBatch};
use arrow_flight::IpcMessage;
use arrow_flight::sql::{
    CommandGetCatalogs, CommandGetCrossReference, CommandGetDbSchemas, CommandGetExportedKeys,
    CommandGetImportedKeys, CommandGetPrimaryKeys, CommandGetSqlInfo, CommandGetTableTypes, CommandGetTables,
    CommandGetXdbcTypeInfo, SqlInfo,
};
use arrow_schema::Schema;
use bytes::Bytes;

use crate::sql_support::{Client, texts};

fn all_tables() -> CommandGetTables {
    CommandGetTables::default()
}

/// Which tables `command` returns, as `catalog.schema.table`.
async fn tables(command: CommandGetTables) -> Vec<String> {
    places(&Client::new().rows(&command).await.unwrap())
}

fn places(rows: &RecordBatch) -> Vec<String> {
    let columns = ["catalog_name", "db_schema_name", "table_name"].map(|column| texts(rows, column));
    (0..rows.num_rows()).map(|row| columns.each_ref().map(|column| column[row].as_str()).join(".")).collect()
}

#[tokio::test]
async fn catalogs_are_the_first_parts_of_names() {
    let rows = Client::new().rows(&CommandGetCatalogs {}).await.unwrap();
    assert_eq!(texts(&rows, "catalog_name"), ["arrowlink", "eu"]);
}

#[tokio::test]
async fn schemas_stand_with_their_catalogs() {
    let client = Client::new();
    let all = client.rows(&CommandGetDbSchemas::default()).await.unwrap();
    assert_eq!(texts(&all, "catalog_name"), ["arrowlink", "arrowlink", "arrowlink", "eu"]);
    assert_eq!(texts(&all, "db_schema_name"), ["information_schema", "public", "sales", "sales"]);
    let some = CommandGetDbSchemas {
        catalog: Some("arrowlink".to_owned()),
        db_schema_filter_pattern: Some("s_l%".to_owned()),
    };
    assert_eq!(texts(&client.rows(&some).await.unwrap(), "db_schema_name"), ["sales"]);
    let none = CommandGetDbSchemas { catalog: Some(String::new()), db_schema_filter_pattern: None };
    assert_eq!(client.rows(&none).await.unwrap().num_rows(), 0, "everything has a catalog");
}

#[tokio::test]
async fn tables_are_listed_without_functions() {
    assert_eq!(
        tables(all_tables()).await,
        [
            "arrowlink.information_schema.tables",
            "arrowlink.public.trips",
            "arrowlink.sales.orders",
            "eu.sales.orders"
        ]
    );
}

#[tokio::test]
async fn of_several_datasets_in_one_place_the_one_is_listed_that_statements_find() {
    let names =
        ["both", "public.both", "arrowlink.sales.z", "sales.z", "public.only", "information_schema.t"];
    let client = Client::of(&names);
    let listed = places(&client.rows(&all_tables()).await.unwrap());
    assert_eq!(
        listed,
        [
            "arrowlink.information_schema.tables",
            "arrowlink.public.both",
            "arrowlink.public.only",
            "arrowlink.sales.z"
        ]
    );
}

#[tokio::test]
async fn tables_are_filtered_by_everything() {
    let text = |text: &str| Some(text.to_owned());
    let by_catalog = CommandGetTables { catalog: text("eu"), ..all_tables() };
    assert_eq!(tables(by_catalog).await, ["eu.sales.orders"]);
    let by_schema = CommandGetTables { db_schema_filter_pattern: text("p%"), ..all_tables() };
    assert_eq!(tables(by_schema).await, ["arrowlink.public.trips"]);
    let by_name = CommandGetTables { table_name_filter_pattern: text("_rips"), ..all_tables() };
    assert_eq!(tables(by_name).await, ["arrowlink.public.trips"]);
    let escaped = CommandGetTables { table_name_filter_pattern: text("\\_rips"), ..all_tables() };
    assert_eq!(tables(escaped).await, [""; 0]);
    let by_type = CommandGetTables { table_types: vec!["SYSTEM TABLE".to_owned()], ..all_tables() };
    assert_eq!(tables(by_type).await, ["arrowlink.information_schema.tables"]);
    let views = CommandGetTables { table_types: vec!["VIEW".to_owned()], ..all_tables() };
    assert_eq!(tables(views).await, [""; 0]);
}

#[tokio::test]
async fn tables_carry_the_schemas_of_their_rows() {
    let command = CommandGetTables {
        include_schema: true,
        table_name_filter_pattern: Some("trips".to_owned()),
        ..all_tables()
    };
    let rows = Client::new().rows(&command).await.unwrap();
    let bytes = rows.column_by_name("table_schema").unwrap().as_binary::<i32>().value(0).to_vec();
    let schema = Schema::try_from(IpcMessage(bytes.into())).unwrap();
    assert_eq!(schema.field(0).name(), "id");
    let told = |key: &str| schema.field(0).metadata()[&format!("ARROW:FLIGHT:SQL:{key}")].clone();
    assert_eq!(
        [told("CATALOG_NAME"), told("SCHEMA_NAME"), told("TABLE_NAME")],
        ["arrowlink", "public", "trips"]
    );
    assert_eq!([told("TYPE_NAME"), told("PRECISION"), told("SCALE")], ["BIGINT", "19", "0"]);
}

#[tokio::test]
async fn table_types_are_those_that_tables_have() {
    let client = Client::new();
    let types = texts(&client.rows(&CommandGetTableTypes {}).await.unwrap(), "table_type");
    assert_eq!(types, ["SYSTEM TABLE", "TABLE"]);
    let listed = texts(&client.rows(&all_tables()).await.unwrap(), "table_type");
    assert!(listed.iter().all(|listed| types.contains(listed)));
}

#[tokio::test]
async fn there_are_no_keys() {
    let client = Client::new();
    let table = "trips".to_owned();
    let primary = CommandGetPrimaryKeys { table: table.clone(), ..Default::default() };
    let rows = client.rows(&primary).await.unwrap();
    assert_eq!((rows.num_rows(), rows.num_columns()), (0, 6));
    let exported = CommandGetExportedKeys { table: table.clone(), ..Default::default() };
    let exported = client.rows(&exported).await.unwrap();
    let imported = CommandGetImportedKeys { table, ..Default::default() };
    let imported = client.rows(&imported).await.unwrap();
    let between = client.rows(&CommandGetCrossReference::default()).await.unwrap();
    assert_eq!((exported.num_rows(), exported.num_columns()), (0, 13));
    assert_eq!((&imported, &between), (&exported, &exported));
}

#[tokio::test]
async fn every_ability_has_an_answer() {
    let rows = Client::new().rows(&CommandGetSqlInfo::default()).await.unwrap();
    let codes = rows.column(0).as_primitive::<UInt32Type>().values().to_vec();
    let substrait_versions = [6, 7];
    let expected: Vec<u32> =
        (0..12).chain(100..102).chain(500..577).filter(|code| !substrait_versions.contains(code)).collect();
    assert_eq!(codes, expected);
}

#[tokio::test]
async fn abilities_are_told_by_their_codes() {
    let ask = |code: SqlInfo| CommandGetSqlInfo { info: vec![code as u32] };
    let client = Client::new();
    let name = client.rows(&ask(SqlInfo::FlightSqlServerName)).await.unwrap();
    assert_eq!(name.column(1).as_union().value(0).as_string::<i32>().value(0), "ArrowLink");
    let sql = client.rows(&ask(SqlInfo::FlightSqlServerSql)).await.unwrap();
    assert!(sql.column(1).as_union().value(0).as_boolean().value(0));
    let substrait = client.rows(&ask(SqlInfo::FlightSqlServerSubstrait)).await.unwrap();
    assert!(!substrait.column(1).as_union().value(0).as_boolean().value(0));
    let transactions = client.rows(&ask(SqlInfo::FlightSqlServerTransaction)).await.unwrap();
    assert_eq!(transactions.column(1).as_union().value(0).as_primitive::<Int32Type>().value(0), 0);
    let unknown = client.rows(&CommandGetSqlInfo { info: vec![9999] }).await.unwrap();
    assert_eq!(unknown.num_rows(), 0);
}

#[tokio::test]
async fn types_are_listed_by_number() {
    let client = Client::new();
    let all = client.rows(&CommandGetXdbcTypeInfo { data_type: None }).await.unwrap();
    let numbers = all.column(1).as_primitive::<Int32Type>().values().to_vec();
    assert!(numbers.is_sorted());
    assert_eq!(all.num_rows(), 19);
    let bigint = client.rows(&CommandGetXdbcTypeInfo { data_type: Some(-5) }).await.unwrap();
    assert_eq!(texts(&bigint, "type_name"), ["BIGINT", "BIGINT UNSIGNED"]);
    assert!(bigint.column_by_name("literal_prefix").unwrap().is_null(0));
    let none = client.rows(&CommandGetXdbcTypeInfo { data_type: Some(1234) }).await.unwrap();
    assert_eq!(none.num_rows(), 0);
}

#[tokio::test]
async fn a_ticket_of_metadata_is_answered_by_another_server() {
    let mut client = Client::new();
    let info = client.info(&CommandGetCatalogs {}).await.unwrap();
    client.restart();
    let ticket: Bytes = info.endpoint[0].ticket.clone().unwrap().ticket;
    let rows = arrowlink_transport::FlightHandler::do_get(&client.flight, client.call.clone(), ticket);
    assert_eq!(rows.await.unwrap().batches.collect_batches().await.unwrap()[0].num_rows(), 2);
}
