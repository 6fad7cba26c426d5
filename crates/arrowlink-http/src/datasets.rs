//! What there is, its columns and its rows.

use std::sync::Arc;

use arrow_schema::{Field, Schema};
use arrowlink_core::{Description, Entry, ListOptions, Name, Plain, Query, ReadOptions, Target};
use arrowlink_formats::{EncodeOptions, Encoder, Format};
use arrowlink_transport::{Body, Rope, keeps_views};
use futures::TryStreamExt as _;
use http::{Response, StatusCode, header};
use serde_json::{Value, json};

use crate::caching;
use crate::call::Call;
use crate::etag::{etag, is_known};
use crate::negotiate::{Form, choose_format};
use crate::predicate;
use crate::problem::Problem;
use crate::rows::{self, refused};

/// Lists what there is, damaged datasets with what is wrong with them.
pub(crate) async fn list(call: Call) -> Result<Response<Body>, Problem> {
    let mut parameters = call.parameters()?;
    let prefix = parameters.take("prefix")?.unwrap_or_default();
    let with_schema = parameters.take_flag("schema")?;
    parameters.finish()?;
    let entries = call.service.list(call.ctx.clone(), ListOptions::default().with_prefix(prefix)).await?;
    let entries: Vec<Entry> = entries.try_collect().await?;
    let entries: Vec<Value> = entries.iter().map(|entry| listed(entry, with_schema)).collect();
    call.document(&Value::from(entries))
}

/// Says which columns a dataset has.
pub(crate) async fn schema(call: Call, name: Name) -> Result<Response<Body>, Problem> {
    let mut parameters = call.parameters()?;
    let asked = parameters.take("format")?;
    parameters.finish()?;
    call.record.set_name(&name);
    let offered = [Format::Json, Format::ArrowStream];
    let format = choose_format(call.headers(), asked.as_deref(), &offered)?;
    let keeps_views = keeps_views(call.headers())?;
    let schema = call.service.describe(call.ctx.clone(), Target::from(name)).await?.schema;
    let columns = if keeps_views { schema } else { Arc::clone(Plain::new(&schema).schema()) };
    if format == Format::Json {
        let mut text = described(&columns).to_string();
        text.push('\n');
        return Ok(call.whole(text.into(), format));
    }
    let encoder = Encoder::new(format, &columns, &EncodeOptions::default()).map_err(refused)?;
    Ok(call.whole(Rope::gathered(encoder.finish().map_err(refused)?).to_bytes(), format))
}

/// Reads the rows of a dataset, or those for which an expression of SQL holds.
pub(crate) async fn read(call: Call, name: Name) -> Result<Response<Body>, Problem> {
    let mut parameters = call.parameters()?;
    let columns = parameters.take("columns")?;
    let columns: Option<Vec<String>> =
        columns.map(|columns| columns.split(',').map(|column| column.trim().to_owned()).collect());
    let (limit, skip) = (parameters.take_number("limit")?, parameters.take_number("skip")?.unwrap_or(0));
    let expression = parameters.take("sql-where")?;
    call.record.set_name(&name);
    let form = Form::choose(call.headers(), &mut parameters)?;
    parameters.finish()?;
    if let Some(expression) = expression {
        let selection = predicate::selection(&name, &expression, columns.as_deref(), limit, skip)?;
        let target = Query::new(selection.statement.as_str()).into();
        let answer = rows::answer(call, target, ReadOptions::default(), form).await;
        return answer.map_err(|problem| problem.map_error(|error| selection.placed(error)));
    }
    let mut options = ReadOptions::default().with_skip(skip);
    options.limit = limit;
    if let Some(columns) = columns {
        options = options.with_projection(columns);
    }
    if let Some(answer) = unchanged(&call, &name, form.format).await? {
        return Ok(answer);
    }
    rows::answer(call, Target::from(name), options, form).await
}

/// Answers a client that has the rows already.
async fn unchanged(call: &Call, name: &Name, format: Format) -> Result<Option<Response<Body>>, Problem> {
    if !call.headers().contains_key(header::IF_NONE_MATCH) {
        return Ok(None);
    }
    let keeps_views = keeps_views(call.headers())?;
    let description = call.service.describe(call.ctx.clone(), Target::from(name)).await?;
    let tag = description.snapshot.and_then(|snapshot| etag(call, &snapshot, format, keeps_views));
    let Some(tag) = tag.filter(|tag| is_known(call.headers(), tag)) else { return Ok(None) };
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::NOT_MODIFIED;
    answer.headers_mut().insert(header::ETAG, tag);
    caching::mark(call, answer.headers_mut());
    Ok(Some(answer))
}

fn listed(entry: &Entry, with_schema: bool) -> Value {
    let name = entry.name.as_str();
    let Description { kind, schema, rows, bytes, source, writable, .. } = match &entry.description {
        Ok(description) => description,
        Err(error) => return json!({"name": name, "error": error.chain()}),
    };
    let mut listed = json!({
        "name": name,
        "kind": kind.to_string(),
        "rows": rows,
        "bytes": bytes,
        "source": source,
        "writable": writable,
        "error": null,
    });
    if let (true, Some(members)) = (with_schema, listed.as_object_mut()) {
        members.insert("schema".to_owned(), described(schema));
    }
    listed
}

fn described(schema: &Schema) -> Value {
    let fields: Vec<Value> = schema.fields().iter().map(|field| field_of(field)).collect();
    json!({"fields": fields, "metadata": schema.metadata()})
}

fn field_of(field: &Field) -> Value {
    json!({
        "name": field.name(),
        "type": field.data_type().to_string(),
        "nullable": field.is_nullable(),
        "metadata": field.metadata(),
    })
}
