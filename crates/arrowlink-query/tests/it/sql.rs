//! SQL over a catalog: what a statement returns, and what is passed on.

use std::sync::Arc;

use arrow_array::{RecordBatch, record_batch};
use arrow_schema::DataType;
use arrowlink_core::conformance::{Capability, Suite};
use arrowlink_core::{
    BatchStream, CallContext, Catalog, DataService, DataServiceExt as _, Dataset, Description, Effect,
    MemoryDataset, MemoryStore, Name, NounKind, Query, ReadOptions, Result, Target,
};
use arrowlink_query::{
    QueryOptions, QueryRuntime, SqlOptions, SqlService, SqlTables, TpchDataset, TpchTable,
};
use futures::future::{BoxFuture, FutureExt as _};

/// A service over a few tables in memory and a store for what is written.
pub(crate) fn service() -> SqlService {
    service_with(SqlOptions::default(), catalog())
}

pub(crate) fn service_with(options: SqlOptions, catalog: Catalog) -> SqlService {
    let runtime = QueryRuntime::new(QueryOptions::default().with_threads(2)).unwrap();
    SqlService::new(Arc::new(catalog), SqlTables::default(), &runtime, options).unwrap()
}

pub(crate) fn catalog() -> Catalog {
    let trips = record_batch!(
        ("id", Int64, [1, 2, 3, 4]),
        ("city", Utf8, [Some("Rome"), Some("Oslo"), None, Some("Rome")]),
        ("price", Float64, [10.0, 20.5, 3.25, 7.0])
    );
    let orders = record_batch!(("id", Int32, [7, 8]), ("trip", Int64, [1, 4]));
    Catalog::new()
        .with_dataset(name("trips"), memory(trips.unwrap()))
        .with_dataset(name("sales.orders"), memory(orders.unwrap()))
        .with_uploads(Arc::new(MemoryStore::new(64 << 20)))
}

pub(crate) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub(crate) fn memory(batch: RecordBatch) -> Arc<MemoryDataset> {
    Arc::new(MemoryDataset::new(batch.schema(), vec![batch]).unwrap())
}

/// Executes a statement and returns its rows as one batch.
pub(crate) async fn query(service: &SqlService, query: impl Into<Query>) -> Result<RecordBatch> {
    let stream = service.read(CallContext::new(), query.into().into(), ReadOptions::default()).await?;
    let schema = Arc::clone(stream.schema());
    let batches = stream.collect_batches().await?;
    Ok(arrow_select::concat::concat_batches(&schema, &batches).unwrap())
}

pub(crate) async fn count(service: &SqlService, text: &str) -> Result<u64> {
    let batch = query(service, Query::new(text)).await?;
    let column = batch.column(0).as_any().downcast_ref::<arrow_array::UInt64Array>();
    Ok(column.unwrap().value(0))
}

#[tokio::test]
async fn datasets_are_tables_by_schema_and_name() {
    let text = "select o.id, t.city from sales.orders o join trips t on t.id = o.trip order by o.id";
    let expected =
        record_batch!(("id", Int32, [7, 8]), ("city", Utf8, [Some("Rome"), Some("Rome")])).unwrap();
    let rows = query(&service(), Query::new(text)).await.unwrap();
    assert_eq!(rows.columns(), expected.columns());
    let full = "select count(*) from arrowlink.public.trips, arrowlink.sales.orders";
    assert_eq!(
        query(&service(), Query::new(full)).await.unwrap().columns(),
        record_batch!(("n", Int64, [8])).unwrap().columns()
    );
}

#[tokio::test]
async fn query_that_begins_with_from_returns_all_columns() {
    let service = service();
    for (text, rows) in [
        ("from trips limit 1", 1),
        ("select * from (from trips) where id > 2 union all (from trips limit 1)", 3),
        ("with t as (from trips) from t", 4),
        ("from trips select *", 4),
    ] {
        let rows_of_text = query(&service, Query::new(text)).await.unwrap();
        assert_eq!((rows_of_text.num_columns(), rows_of_text.num_rows()), (3, rows), "{text}");
    }
}

#[tokio::test]
async fn the_default_schema_comes_before_names_without_one() {
    let both = Query::new("select count(*) from orders, trips").with_default_schema("sales");
    let rows = query(&service(), both).await.unwrap();
    assert_eq!(rows.columns(), record_batch!(("n", Int64, [8])).unwrap().columns());
}

#[tokio::test]
async fn a_statement_can_ask_where_its_names_are_and_who_sent_it() {
    let (service, text) = (service(), "select current_catalog, current_schema, current_user");
    for (chosen, catalog, schema) in [("sales", "arrowlink", "sales"), ("lake.sales", "lake", "sales")] {
        let query = Query::new(text).with_default_schema(chosen);
        let ctx = CallContext::new().with_identity(arrowlink_core::Identity::Named("ada".into()));
        let read = service.read(ctx, query.into(), ReadOptions::default()).await.unwrap();
        let expected = record_batch!(("c", Utf8, [catalog]), ("s", Utf8, [schema]), ("u", Utf8, ["ada"]));
        assert_eq!(read.collect_batches().await.unwrap()[0].columns(), expected.unwrap().columns());
    }
}

#[tokio::test]
async fn parameters_have_types_and_values() {
    let service = service();
    let query_ = Query::new("select id from trips where price > ? and city = ?");
    let description = service.describe(CallContext::new(), query_.clone().into()).await.unwrap();
    let types: Vec<DataType> =
        description.parameters.unwrap().fields().iter().map(|field| field.data_type().clone()).collect();
    assert_eq!(types, [DataType::Float64, DataType::Utf8]);
    let values = record_batch!(("a", Int64, [8]), ("b", Utf8, ["Rome"])).unwrap();
    let rows = query(&service, query_.with_parameters(values)).await.unwrap();
    assert_eq!(rows.columns(), record_batch!(("id", Int64, [1])).unwrap().columns());
}

#[tokio::test]
async fn inserted_rows_are_there_and_dropped_tables_are_not() {
    let service = service();
    let rows = record_batch!(("id", Int64, [1]), ("name", Utf8, ["a"])).unwrap();
    service.append(&name("notes"), rows.schema(), vec![rows]).await.unwrap();

    let insert = Query::new("insert into notes (id, name) values ($1, $2)");
    let description = service.describe(CallContext::new(), insert.clone().into()).await.unwrap();
    assert_eq!(description.effect, Effect::Change);
    assert_eq!(description.parameters.unwrap().fields().len(), 2);

    let values = record_batch!(("$1", Int64, [2, 3]), ("$2", Utf8, ["b", "c"])).unwrap();
    let counted = query(&service, insert.with_parameters(values)).await.unwrap();
    assert_eq!(counted.columns(), record_batch!(("count", UInt64, [2])).unwrap().columns());
    let text = "insert into notes select id + 10, city from trips where city is not null";
    assert_eq!(count(&service, text).await.unwrap(), 3);
    let all = query(&service, Query::new("select count(*) from notes")).await.unwrap();
    assert_eq!(all.columns(), record_batch!(("n", Int64, [6])).unwrap().columns());

    count(&service, "drop table notes").await.unwrap();
    assert!(service.describe(CallContext::new(), Target::Name(name("notes"))).await.is_err());
    assert_eq!(count(&service, "drop table if exists notes").await.unwrap(), 0);
}

#[tokio::test]
async fn keeps_the_contract_of_a_service() {
    let report = Suite::new().with(Capability::Sql).run(&service()).await;
    assert!(report.is_conformant(), "{report}");
    assert_eq!(report.skipped, [""; 0]);
}

#[tokio::test]
async fn what_is_said_of_a_query_is_the_schema_of_its_rows() {
    let service = service();
    let value = |batch: RecordBatch| Some(batch);
    for (text, values) in [
        ("select 1 as a, null as b", None),
        ("select * from trips where id = 1", None),
        ("select coalesce(city, 'none') as c, case when true then 1 else null end as d from trips", None),
        ("select t.*, o.id from trips t left join sales.orders o on t.id = o.trip", None),
        ("select city, count(*), sum(price) from trips group by city", None),
        ("select $1 + 1 as a", value(record_batch!(("$1", Int64, [41])).unwrap())),
        ("select date '2026-01-01' = $1 as a", value(record_batch!(("$1", Utf8, ["2026-01-01"])).unwrap())),
        ("select $1 as a", value(record_batch!(("$1", Int32, [7])).unwrap())),
    ] {
        let mut query = Query::new(text);
        query.parameters = values;
        let said = service.describe(CallContext::new(), query.clone().into()).await.unwrap();
        let rows = service.read(CallContext::new(), query.into(), ReadOptions::default()).await.unwrap();
        assert_eq!(&said.schema, rows.schema(), "{text}");
        let schema = Arc::clone(rows.schema());
        let batches = rows.collect_batches().await.unwrap();
        assert!(!batches.is_empty() && batches.iter().all(|batch| batch.schema() == schema), "{text}");
    }
}

#[tokio::test]
async fn a_column_that_is_asked_for_again_has_a_name_of_its_own() {
    let service = service();
    for (text, names) in [
        ("select id, ID from trips", &["id", "id:1"][..]),
        ("select id, trips.id, \"id\" from trips order by id", &["id", "id:1", "id:2"]),
        ("select now()::date, now()::time", &["now()", "now():1"]),
        ("select 1::numeric as one, 1::decimal, 1::float from trips", &["one", "Int64(1)", "1:1"]),
        (
            "select city, city, count(*), count(*) from trips group by 1, 2",
            &["city", "city:1", "count(*)", "count(*):1"],
        ),
        ("select id, id as \"id:1\", id from trips", &["id", "id:1", "id:2"]),
        ("select *, id from trips", &["id", "city", "price", "id:1"]),
        (
            "select *, id, lower(city), city, LOWER(city) from trips",
            &["id", "city", "price", "id:1", "lower(trips.city)", "city:1", "LOWER(city):1"],
        ),
        ("select id, city from trips union all select id, id from trips", &["id", "city"]),
        ("select id, id from trips union all select id, price from trips", &["id", "id:1"]),
        (
            "select id, city, city from trips union all (select id, id, ID from trips)",
            &["id", "city", "city:1"],
        ),
        ("select price, id, * from trips", &["price:1", "id:1", "id", "city", "price"]),
        ("select id, id from trips union all (select id, id from trips)", &["id", "id:1"]),
        ("explain select id, id from trips", &["plan_type", "plan"]),
        ("select a.id, b.id from trips a, trips b", &["id", "id"]),
    ] {
        let said = service.describe(CallContext::new(), Query::new(text).into()).await;
        let said = said.unwrap_or_else(|error| panic!("{text}: {error:?}")).schema;
        let found: Vec<&str> = said.fields().iter().map(|field| field.name().as_str()).collect();
        assert_eq!(found, names, "{text}");
        assert_eq!(query(&service, Query::new(text)).await.unwrap().schema(), said, "{text}");
    }
    let values = record_batch!(("$1", Int64, [7])).unwrap();
    let rows = query(&service, Query::new("select $1, $1").with_parameters(values)).await.unwrap();
    assert_eq!(rows.columns(), record_batch!(("a", Int64, [7]), ("b", Int64, [7])).unwrap().columns());
}

/// A dataset that is not prepared for being read.
#[derive(Debug)]
struct Unprepared;

impl Dataset for Unprepared {
    fn describe(&self, _ctx: CallContext) -> BoxFuture<'_, Result<Description>> {
        async { Ok(Description::new(NounKind::Dataset, crate::support::schema())) }.boxed()
    }

    fn read(&self, _ctx: CallContext, _options: ReadOptions) -> BoxFuture<'_, Result<BatchStream>> {
        async { Ok(std::iter::empty().next().unwrap()) }.boxed()
    }
}

#[tokio::test]
async fn a_panic_is_told_in_plain_words() {
    let service =
        service_with(SqlOptions::default(), Catalog::new().with_dataset(name("t"), Arc::new(Unprepared)));
    for text in [
        "select * from t",
        "select name, count(*) from t group by name",
        "select * from t order by id limit 3",
    ] {
        let error = query(&service, Query::new(text)).await.unwrap_err();
        assert_eq!(error.kind(), arrowlink_core::ErrorKind::Internal, "{text}: {}", error.chain());
        assert!(error.chain().starts_with("the query failed: a step of it broke off"), "{}", error.chain());
        assert!(!error.chain().contains("unwrap"), "{}", error.chain());
    }
}

/// Tables whose columns are never null, and what makes columns that may be, or seem so to one step of planning alone.
#[tokio::test]
async fn what_is_said_of_columns_that_are_never_null_is_kept() {
    let runtime = QueryRuntime::new(QueryOptions::default().with_threads(2)).unwrap();
    let table = |table| Arc::new(TpchDataset::new(&runtime, table, 0.01).unwrap());
    let catalog = Catalog::new()
        .with_dataset(name("nation"), table(TpchTable::Nation))
        .with_dataset(name("region"), table(TpchTable::Region));
    let service = service_with(SqlOptions::default(), catalog);
    for (text, nullable) in [
        ("select n_name from nation where n_nationkey > 3 order by n_name limit 5", vec![false]),
        ("select n_name, count(*), max(n_nationkey) from nation group by 1", vec![false, false, true]),
        (
            "select n_name, (select count(*) from region r where r.r_regionkey = n.n_regionkey) from nation n",
            vec![false, true],
        ),
        (
            "select coalesce((select max(r_regionkey) from region r where r_regionkey = n_regionkey), 0) from nation n",
            vec![true],
        ),
        ("select distinct on (r_regionkey) r_regionkey from region", vec![true]),
        ("select distinct r_regionkey from region", vec![false]),
        (
            "select r_name, n_name from region left join nation on r_regionkey = n_nationkey + 3",
            vec![false, true],
        ),
        (
            "select r_name, n_name from region right join nation on r_regionkey = n_nationkey",
            vec![true, false],
        ),
        ("select r_name, n_name from region full join nation on r_regionkey = n_nationkey", vec![true, true]),
        ("select r_name from region where r_regionkey in (select n_regionkey from nation)", vec![false]),
        ("select r_name from region union all select 'none'", vec![false]),
        ("select r_name from region union all select null", vec![true]),
        ("select n_regionkey, count(*) from nation group by rollup (n_regionkey)", vec![true, true]),
        ("select array_agg(r_name), [r_regionkey], struct(r_name) from region group by 2, 3", vec![true; 3]),
        (
            "select row_number() over (order by r_name), lag(r_name) over (order by r_name) from region",
            vec![true; 2],
        ),
        (
            "with recursive t as (select 1 as n union all select nullif(n + 1, 3) from t where n < 3) select n from t",
            vec![true],
        ),
        ("select grouping(r_name), r_name from region group by grouping sets ((r_name), ())", vec![true; 2]),
        ("select unnest([r_regionkey]) from region", vec![true]),
    ] {
        let query = Query::new(text);
        let said = service.describe(CallContext::new(), query.clone().into()).await.unwrap();
        let rows = service.read(CallContext::new(), query.into(), ReadOptions::default()).await.unwrap();
        assert_eq!(&said.schema, rows.schema(), "{text}");
        let found: Vec<bool> = said.schema.fields().iter().map(|field| field.is_nullable()).collect();
        assert_eq!(found, nullable, "{text}");
        let batches = rows.collect_batches().await.unwrap_or_else(|error| panic!("{text}: {error:?}"));
        assert!(batches.iter().all(|batch| batch.schema() == said.schema), "{text}");
    }
}

#[cfg(not(feature = "substrait"))]
#[tokio::test]
async fn substrait_plans_are_unsupported_and_say_how_they_would_not_be() {
    let (service, plan) = (service(), Target::Substrait(Vec::new().into()));
    let described = service.describe(CallContext::new(), plan.clone()).await.unwrap_err();
    let error = service.read(CallContext::new(), plan, ReadOptions::default()).await.unwrap_err();
    for error in [described, error] {
        let words = ["without Substrait plans: send the query as SQL", "`--features substrait`"];
        crate::support::check(&error, arrowlink_core::ErrorKind::Unsupported, &words);
    }
}
