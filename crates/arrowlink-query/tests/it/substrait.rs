//! Substrait plans, made by the producer of datafusion-substrait and by hand: what they return, and what is refused.

use std::sync::Arc;
use std::time::Duration;

use arrow_array::{RecordBatch, record_batch};
use arrow_schema::{Field, Schema, SchemaRef};
use arrowlink_core::{CallContext, DataService, ErrorKind, Query, ReadOptions, Result, Target};
use arrowlink_query::{SqlOptions, SqlService};
use bytes::Bytes;
use datafusion::catalog::MemorySchemaProvider;
use datafusion::datasource::empty::EmptyTable;
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion_substrait::serializer::{deserialize_bytes, serialize_bytes};
use datafusion_substrait::substrait::proto::expression::{Literal, RexType, literal::LiteralType};
use datafusion_substrait::substrait::proto::plan_rel::RelType as PlanRelType;
use datafusion_substrait::substrait::proto::read_rel::{LocalFiles, NamedTable, ReadType, local_files};
use datafusion_substrait::substrait::proto::rel::RelType;
use datafusion_substrait::substrait::proto::{
    CrossRel, DynamicParameter, ExtensionLeafRel, FetchRel, FilterRel, Plan, PlanRel, ProjectRel, Rel,
    RelRoot,
};
use prost::Message as _;

use crate::sql::{catalog, query, service, service_with};
use crate::support::check;

/// What makes plans over tables of the same columns as those that are served.
fn producer() -> SessionContext {
    let context = SessionContext::new_with_config(
        SessionConfig::new().with_default_catalog_and_schema("arrowlink", "public"),
    );
    let trips = record_batch!(("id", Int64, [1]), ("city", Utf8, [Some("")]), ("price", Float64, [1.0]));
    let orders = record_batch!(("id", Int32, [7]), ("trip", Int64, [1]));
    let table = |batch: RecordBatch| Arc::new(EmptyTable::new(batch.schema()));
    context.register_table("trips", table(trips.unwrap())).unwrap();
    context
        .catalog("arrowlink")
        .unwrap()
        .register_schema("sales", Arc::new(MemorySchemaProvider::new()))
        .unwrap();
    context.register_table("sales.orders", table(orders.unwrap())).unwrap();
    context
}

/// Makes a plan of a statement.
async fn plan_of(context: &SessionContext, text: &str) -> Bytes {
    serialize_bytes(text, context).await.unwrap().into()
}

/// Makes a plan of one relation.
fn plan(relation: RelType) -> Plan {
    let root = RelRoot { input: Some(rel(relation)), names: Vec::new() };
    Plan { relations: vec![PlanRel { rel_type: Some(PlanRelType::Root(root)) }], ..Plan::default() }
}

fn rel(relation: RelType) -> Rel {
    Rel { rel_type: Some(relation) }
}

fn encoded(plan: &Plan) -> Bytes {
    plan.encode_to_vec().into()
}

/// Returns the one read of a plan that reads all of `trips`.
async fn read_of_trips() -> RelType {
    let mut plan = *deserialize_bytes(&plan_of(&producer(), "select * from trips").await).unwrap();
    let Some(PlanRelType::Root(root)) = plan.relations.remove(0).rel_type else { unreachable!() };
    let mut relation = root.input.unwrap().rel_type.unwrap();
    while let RelType::Project(project) = relation {
        relation = project.input.unwrap().rel_type.unwrap();
    }
    relation
}

async fn rows(service: &SqlService, plan: Bytes) -> Result<Vec<RecordBatch>> {
    let read = service.read(CallContext::new(), Target::Substrait(plan), ReadOptions::default());
    read.await?.collect_batches().await
}

/// Sends a plan as it is refused: both calls say the same.
async fn refused(plan: Bytes) -> arrowlink_core::Error {
    let service = service();
    let described = service.describe(CallContext::new(), Target::Substrait(plan.clone())).await.unwrap_err();
    let error = rows(&service, plan).await.unwrap_err();
    assert_eq!(described.chain(), error.chain());
    error
}

fn same(schema: &Schema) -> Vec<&Field> {
    schema.fields().iter().map(AsRef::as_ref).collect()
}

#[tokio::test]
async fn a_plan_returns_what_its_statement_returns() {
    let (service, context) = (service(), producer());
    for text in [
        "select id, city, price from trips where price > 5 order by id",
        "select city, count(*) as n, sum(price) as total from trips group by city order by total",
        "select o.id, t.city from sales.orders o join trips t on t.id = o.trip order by o.id",
        "select id from trips where id in (select trip from sales.orders) order by id limit 1",
        "select upper(city) as c, case when price > 8 then 'dear' else 'cheap' end as d from trips order by id",
        "select id from trips union all select trip from sales.orders order by id",
        "select id, rank() over (order by price) as place from trips order by id",
        "select a.id from trips a, trips b where a.id = b.id order by a.id",
        "select 1 + 1 as two",
    ] {
        let plan = plan_of(&context, text).await;
        let expected = query(&service, Query::new(text)).await.unwrap();
        let found = rows(&service, plan).await.unwrap_or_else(|error| panic!("{text}: {}", error.chain()));
        let found = arrow_select::concat::concat_batches(&found[0].schema(), &found).unwrap();
        assert_eq!(found.columns(), expected.columns(), "{text}");
        let names =
            |schema: &SchemaRef| schema.fields().iter().map(|it| it.name().clone()).collect::<Vec<_>>();
        assert_eq!(names(&found.schema()), names(&expected.schema()), "{text}");
    }
}

#[tokio::test]
async fn what_is_said_of_a_plan_is_the_schema_of_its_rows() {
    let (service, context) = (service(), producer());
    for text in ["select * from trips", "select city, sum(price) as total from trips group by city"] {
        let plan = Target::Substrait(plan_of(&context, text).await);
        let said = service.describe(CallContext::new(), plan.clone()).await.unwrap();
        let read = service.read(CallContext::new(), plan, ReadOptions::default()).await.unwrap();
        assert_eq!(same(&said.schema), same(read.schema()), "{text}");
        assert_eq!(said.parameters, None);
    }
}

#[tokio::test]
async fn rows_of_a_plan_are_projected_and_limited_as_those_of_sql() {
    let plan = Target::Substrait(plan_of(&producer(), "select * from trips order by id").await);
    let options = ReadOptions::default().with_projection(["price", "id"]).with_limit(2);
    let read = service().read(CallContext::new(), plan.clone(), options).await.unwrap();
    let found = read.collect_batches().await.unwrap();
    let expected = record_batch!(("price", Float64, [10.0, 20.5]), ("id", Int64, [1, 2])).unwrap();
    assert_eq!(found[0].columns(), expected.columns());
    let part = ReadOptions::default().with_part(0);
    let error = service().read(CallContext::new(), plan, part).await.unwrap_err();
    check(&error, ErrorKind::Unsupported, &["do not answer `part`"]);
}

#[tokio::test]
async fn a_table_that_is_not_there_is_named_with_the_nearest() {
    let context = producer();
    let trips = context.table_provider("trips").await.unwrap();
    context.register_table("trops", Arc::clone(&trips)).unwrap();
    context.register_table("information_schema.nothing", trips).unwrap_err();
    let error = refused(plan_of(&context, "select id from trops").await).await;
    check(&error, ErrorKind::NotFound, &["no table `trops`", "did you mean `trips`"]);
}

#[tokio::test]
async fn a_table_with_other_columns_is_refused() {
    let context = producer();
    let other = record_batch!(("id", Utf8, ["1"]), ("weight", Float64, [1.0])).unwrap();
    context.deregister_table("trips").unwrap();
    context.register_table("trips", Arc::new(EmptyTable::new(other.schema()))).unwrap();
    let error = refused(plan_of(&context, "select weight from trips").await).await;
    check(&error, ErrorKind::InvalidArgument, &[]);
}

#[tokio::test]
async fn bytes_that_are_no_plan_are_refused() {
    check(
        &refused(Bytes::from_static(b"plan")).await,
        ErrorKind::InvalidArgument,
        &["the plan is not valid"],
    );
    check(&refused(Bytes::new()).await, ErrorKind::InvalidArgument, &["it has no relation"]);
    let mut two = plan(read_of_trips().await);
    two.relations.extend(two.relations.clone());
    check(&refused(encoded(&two)).await, ErrorKind::InvalidArgument, &["2 relations in one plan"]);
    let empty = Plan { relations: vec![PlanRel { rel_type: None }], ..Plan::default() };
    check(&refused(encoded(&empty)).await, ErrorKind::InvalidArgument, &["the plan is not valid"]);
}

#[tokio::test]
async fn a_plan_that_lacks_what_it_must_have_is_refused() {
    let no_input = RelRoot { input: None, names: Vec::new() };
    let no_input =
        Plan { relations: vec![PlanRel { rel_type: Some(PlanRelType::Root(no_input)) }], ..Plan::default() };
    let one_sided = CrossRel { left: Some(Box::new(rel(read_of_trips().await))), ..CrossRel::default() };
    let RelType::Read(mut nothing) = read_of_trips().await else { unreachable!() };
    nothing.read_type = None;
    for plan in [no_input, plan(RelType::Cross(Box::new(one_sided)))] {
        check(
            &refused(encoded(&plan)).await,
            ErrorKind::InvalidArgument,
            &["it lacks what Substrait requires"],
        );
    }
    let error = refused(encoded(&plan(RelType::Read(nothing)))).await;
    check(&error, ErrorKind::Unsupported, &["what is not there yet"]);
}

#[tokio::test]
async fn damaged_plans_are_never_a_bug_of_the_server() {
    let service = service();
    let text = "select city, sum(price) from trips where id > 1 group by city order by city limit 3";
    let whole = plan_of(&producer(), text).await;
    let cut = (0..whole.len()).map(|end| whole.slice(..end));
    let changed = (0..whole.len()).map(|at| {
        let mut bytes = whole.to_vec();
        bytes[at] ^= 0x15;
        Bytes::from(bytes)
    });
    for plan in cut.chain(changed) {
        let described = service.describe(CallContext::new(), Target::Substrait(plan.clone())).await;
        if let Err(error) = described.and(rows(&service, plan).await.map(drop)) {
            assert_ne!(error.kind(), ErrorKind::Internal, "{}", error.chain());
        }
    }
}

#[tokio::test]
async fn plans_that_change_something_are_refused_as_statements_are() {
    let input = || Some(Box::new(rel(RelType::Write(Box::default()))));
    let nested = FilterRel { input: input(), ..FilterRel::default() };
    for (relation, words) in [
        (RelType::Write(Box::default()), "a plan that writes is not executed here"),
        (RelType::Filter(Box::new(nested)), "a plan that writes is not executed here"),
        (RelType::Ddl(Box::default()), "send `DROP TABLE` as SQL"),
        (RelType::Update(Box::default()), "a plan that updates is not executed here"),
        (RelType::HashJoin(Box::default()), "use `JoinRel`"),
        (RelType::ExtensionLeaf(ExtensionLeafRel::default()), "relations of an extension"),
    ] {
        check(&refused(encoded(&plan(relation))).await, ErrorKind::Unsupported, &[words]);
    }
}

#[tokio::test]
async fn files_are_not_read_by_their_names() {
    let RelType::Read(mut read) = read_of_trips().await else { unreachable!() };
    let path = local_files::file_or_files::PathType::UriFile("file:///etc/passwd.csv".to_owned());
    let file = local_files::FileOrFiles { path_type: Some(path), ..Default::default() };
    read.read_type = Some(ReadType::LocalFiles(LocalFiles { items: vec![file], ..Default::default() }));
    let error = refused(encoded(&plan(RelType::Read(read.clone())))).await;
    check(&error, ErrorKind::NotFound, &["no table `passwd.csv`"]);
    let names = vec!["data/../passwd".to_owned()];
    read.read_type = Some(ReadType::NamedTable(NamedTable { names, ..Default::default() }));
    let error = refused(encoded(&plan(RelType::Read(read)))).await;
    check(&error, ErrorKind::NotFound, &["files are not read by their names"]);
}

#[tokio::test]
async fn plans_with_parameters_are_refused() {
    let parameter = RexType::DynamicParameter(DynamicParameter::default());
    let project = ProjectRel {
        input: Some(Box::new(rel(read_of_trips().await))),
        expressions: vec![datafusion_substrait::substrait::proto::Expression { rex_type: Some(parameter) }],
        ..ProjectRel::default()
    };
    let error = refused(encoded(&plan(RelType::Project(Box::new(project))))).await;
    check(&error, ErrorKind::Unsupported, &["a plan with parameters", "put the values into it"]);
}

#[tokio::test]
async fn plans_that_are_too_large_or_too_deep_are_refused() {
    let long = LiteralType::String("x".repeat(2 << 20));
    let long = RexType::Literal(Literal { literal_type: Some(long), ..Literal::default() });
    let project = ProjectRel {
        input: Some(Box::new(rel(read_of_trips().await))),
        expressions: vec![datafusion_substrait::substrait::proto::Expression { rex_type: Some(long) }],
        ..ProjectRel::default()
    };
    let error = refused(encoded(&plan(RelType::Project(Box::new(project))))).await;
    check(&error, ErrorKind::LimitExceeded, &["the plan has 2097", "may have 1048576: divide it"]);

    let many = vec!["select id from trips"; 300].join(" union all ");
    let error = refused(plan_of(&producer(), &many).await).await;
    check(&error, ErrorKind::LimitExceeded, &["reads 257 tables", "may read 256"]);

    let deeper = |input| {
        RelType::Fetch(Box::new(FetchRel { input: Some(Box::new(rel(input))), ..Default::default() }))
    };
    let deep = (0..1000).fold(read_of_trips().await, |relation, _| deeper(relation));
    check(&refused(encoded(&plan(deep))).await, ErrorKind::InvalidArgument, &["recursion limit reached"]);
    let deep = (0..40).fold(read_of_trips().await, |relation, _| deeper(relation));
    assert!(rows(&service(), encoded(&plan(deep))).await.is_ok());
}

#[tokio::test]
async fn a_plan_has_the_bounds_of_a_query() {
    let joined = (0..12).map(|n| format!("trips t{n}"));
    let text = format!(
        "select count(*) from {} where t0.price + t11.price < 0",
        joined.collect::<Vec<_>>().join(" cross join ")
    );
    let endless = plan_of(&producer(), &text).await;
    let options = SqlOptions::default().with_timeout(Some(Duration::from_millis(50)));
    let error = rows(&service_with(options, catalog()), endless.clone()).await.unwrap_err();
    check(&error, ErrorKind::LimitExceeded, &["the query computed for 0.05 s", "raise `query.timeout`"]);

    let options = SqlOptions::default().with_max_queries(1).with_max_wait(Duration::ZERO);
    let service = service_with(options, catalog());
    let read = service.read(CallContext::new(), Target::Substrait(endless), ReadOptions::default());
    let running = read.await.unwrap();
    let error = query(&service, Query::new("select 1")).await.unwrap_err();
    check(&error, ErrorKind::Unavailable, &["raise `query.max_queries`"]);
    drop(running);
}
