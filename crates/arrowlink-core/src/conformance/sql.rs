//! SQL: what was written is a table, described without being run, and changed by the statements that say so.

use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::UInt64Type;
use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use arrow_schema::SchemaRef;

use super::Capability::{Describe, Read, Remove, Sql, Write};
use super::run::{Check, Outcome, Run, concat, expect, expect_error, expect_same, said};
use super::writes::with_more;
use crate::{
    CallContext, Description, Effect, Error, ErrorKind, Name, Query, ReadOptions, Result, Target,
    schema_mismatch,
};

pub(super) fn checks<'a>(run: &'a Run<'a>) -> Vec<Check<'a>> {
    vec![
        Check::new("a query returns the rows of its table", &[Sql, Read, Write], rows(run)),
        Check::new("a query takes the values of its parameters", &[Sql, Read, Write], parameters(run)),
        Check::new("a query is described as it is read", &[Sql, Read, Write, Describe], described(run)),
        Check::new("a statement that is none is InvalidArgument", &[Sql, Read], wrong(run)),
        Check::new("a query of a table that is not there is refused", &[Sql, Read], no_table(run)),
        Check::new("INSERT appends when it is read, and says so", &[Sql, Read, Write, Describe], insert(run)),
        Check::new(
            "DROP TABLE removes when it is read, and says so",
            &[Sql, Read, Write, Describe, Remove],
            remove(run),
        ),
    ]
}

async fn read(run: &Run<'_>, query: Query) -> Result<(SchemaRef, Vec<RecordBatch>)> {
    let stream = run.service.read(CallContext::new(), Target::Sql(query), ReadOptions::default()).await?;
    Ok((SchemaRef::clone(stream.schema()), stream.collect_batches().await?))
}

/// Reads a query whose result is compared.
async fn answer(run: &Run<'_>, query: Query) -> Result<RecordBatch, String> {
    let (schema, batches) = read(run, query).await.map_err(|error| said(&error))?;
    concat(&schema, &batches)
}

async fn describe(run: &Run<'_>, text: &str) -> Result<Description, String> {
    let target = Target::from(Query::new(text));
    run.service.describe(CallContext::new(), target).await.map_err(|error| said(&error))
}

async fn rows(run: &Run<'_>) -> Outcome {
    let (name, rows) = run.readable("table").await?;
    let query = Query::new(format!("SELECT * FROM {} ORDER BY \"id\"", quoted(&name)));
    expect_same(&rows, answer(run, query).await?)
}

async fn parameters(run: &Run<'_>) -> Outcome {
    let (name, rows) = run.readable("parameters").await?;
    let value: ArrayRef = Arc::new(Int64Array::from(vec![10]));
    let values = RecordBatch::try_from_iter([("$1", value)]).map_err(|error| error.to_string())?;
    let text = format!("SELECT * FROM {} WHERE \"id\" >= $1 ORDER BY \"id\"", quoted(&name));
    let found = answer(run, Query::new(text).with_parameters(values)).await?;
    expect_same(&rows.slice(10, 2), found)
}

async fn described(run: &Run<'_>) -> Outcome {
    let (name, _) = run.readable("described_query").await?;
    let text = format!("SELECT \"name\", count(*) AS \"rows\" FROM {} GROUP BY \"name\"", quoted(&name));
    let description = describe(run, &text).await?;
    expect(description.effect == Effect::None, || format!("its effect is {:?}", description.effect))?;
    let (schema, _) = read(run, Query::new(text)).await.map_err(|error| said(&error))?;
    schema_mismatch(&description.schema, &schema).map_or(Ok(()), |mismatch| Err(said(&mismatch)))
}

async fn wrong(run: &Run<'_>) -> Outcome {
    expect_error(ErrorKind::InvalidArgument, read(run, Query::new("SELEC 1")).await).map(drop)
}

/// A service may find the name among its own or in the text of the caller; both kinds are right.
async fn no_table(run: &Run<'_>) -> Outcome {
    let text = format!("SELECT * FROM {}", quoted(&run.name("no_table")?));
    match read(run, Query::new(text)).await {
        Err(error) if is_refusal(&error) => Ok(()),
        Err(error) => Err(said(&error)),
        Ok((_, batches)) => Err(format!("it returned {} batches", batches.len())),
    }
}

fn is_refusal(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidArgument)
}

/// Describing it changes nothing; reading it changes the table once and returns how many rows that were.
async fn insert(run: &Run<'_>) -> Outcome {
    let (name, rows) = run.readable("inserted").await?;
    let (other, _) = run.readable("inserted_from").await?;
    let text = format!("INSERT INTO {} SELECT * FROM {} ORDER BY \"id\"", quoted(&name), quoted(&other));
    expect_change(run, &text).await?;
    run.expect_rows(&name, ReadOptions::default(), &rows).await?;
    expect_count(run, &text, Some(12)).await?;
    run.expect_rows(&name, ReadOptions::default(), &with_more(&rows, 0)?).await
}

async fn remove(run: &Run<'_>) -> Outcome {
    let (name, rows) = run.readable("dropped_table").await?;
    let text = format!("DROP TABLE {}", quoted(&name));
    expect_change(run, &text).await?;
    run.expect_rows(&name, ReadOptions::default(), &rows).await?;
    expect_count(run, &text, None).await?;
    run.expect_absent(&name).await
}

async fn expect_change(run: &Run<'_>, text: &str) -> Outcome {
    let effect = describe(run, text).await?.effect;
    expect(effect == Effect::Change, || format!("its effect is {effect:?}"))
}

/// Expects one row with the column `count`, and that it is `rows` where that is given.
async fn expect_count(run: &Run<'_>, text: &str, rows: Option<u64>) -> Outcome {
    let answer = answer(run, Query::new(text)).await?;
    let counts = answer.column_by_name("count").and_then(|column| column.as_primitive_opt::<UInt64Type>());
    let counts = counts.ok_or("the answer has no column `count` of uint64")?.values();
    expect(counts.len() == 1 && rows.is_none_or(|rows| counts.first() == Some(&rows)), || {
        format!("it counts {counts:?} rows in the place of {rows:?}")
    })
}

/// Writes a name as SQL does, part by part.
fn quoted(name: &Name) -> String {
    let parts = name.as_str().split('.').map(|part| format!("\"{part}\""));
    parts.collect::<Vec<_>>().join(".")
}
