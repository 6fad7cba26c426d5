//! Statements of SQL, in the body or in the URL.

use std::error::Error as StdError;
use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, NullArray, RecordBatch, StringArray, UInt64Array,
};
use arrowlink_core::{Effect, ErrorKind, Query, ReadOptions, Target};
use arrowlink_transport::Body;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use serde::Deserialize;
use serde_json::Value;

use crate::call::Call;
use crate::cors::refuse_foreign;
use crate::negotiate::Form;
use crate::problem::Problem;
use crate::{received, rows};

/// Answers the statement in `body`, which may change something.
pub(crate) async fn execute<B>(call: Call, body: B) -> Result<Response<Body>, Problem>
where
    B: http_body::Body<Data = Bytes, Error: Into<Box<dyn StdError + Send + Sync>>> + Unpin,
{
    refuse_foreign(&call.options.cors, call.headers(), &call.head.uri)?;
    let form = chosen(&call, None)?;
    let is_json = is_json(call.headers())?;
    let text = received::text(body, &call.options).await?;
    let query = if is_json { Statement::parse(&text)?.into_query()? } else { Query::new(text) };
    answer(call, query, form).await
}

/// Answers the statement in the URL, which is asked by whoever follows a link and so must change nothing.
pub(crate) async fn ask(call: Call) -> Result<Response<Body>, Problem> {
    let mut parameters = call.parameters()?;
    let text = parameters.take("q")?;
    let form = chosen(&call, Some(parameters))?;
    let text = text.ok_or_else(|| Problem::invalid("there is no statement: give it as `?q=`, or by POST"))?;
    let query = Query::new(text);
    let description = call.service.describe(call.ctx.clone(), Target::Sql(query.clone())).await?;
    if description.effect != Effect::None {
        let text = "the statement changes something, which GET does not: send it by POST";
        let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, ErrorKind::InvalidArgument, text);
        return Err(problem.with_header(header::ALLOW, HeaderValue::from_static("POST")));
    }
    answer(call, query, form).await
}

async fn answer(call: Call, query: Query, form: Form) -> Result<Response<Body>, Problem> {
    let mut answer = rows::answer(call, Target::Sql(query), ReadOptions::default(), form).await?;
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(answer)
}

/// Chooses the form, the last of what stands in the URL.
fn chosen(call: &Call, parameters: Option<crate::parameters::Parameters>) -> Result<Form, Problem> {
    let mut parameters = match parameters {
        Some(parameters) => parameters,
        None => call.parameters()?,
    };
    let form = Form::choose(call.headers(), &mut parameters)?;
    parameters.finish()?;
    Ok(form)
}

/// Whether the body is JSON; what `curl` says where it is not told otherwise is text here.
fn is_json(headers: &HeaderMap) -> Result<bool, Problem> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return Ok(false) };
    let value = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
    let mut parts = value.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default();
    let charset =
        parts.find_map(|part| part.strip_prefix("charset=")).map(|charset| charset.trim_matches('"'));
    if let Some(charset) = charset
        && !UTF8.contains(&charset)
    {
        return Err(not_taken(format!(
            "a statement is UTF-8, and not `{}`: send it as that",
            charset.escape_debug()
        )));
    }
    match media_type {
        "application/json" => Ok(true),
        "text/plain" | "application/sql" | "application/x-www-form-urlencoded" => Ok(false),
        other => Err(not_taken(format!(
            "a statement is `text/plain`, or `application/json` with parameters, and not `{}`",
            other.escape_debug()
        ))),
    }
}

/// Refuses a content type, and says which are taken.
fn not_taken(text: String) -> Problem {
    let problem = Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, ErrorKind::InvalidArgument, text);
    let known = HeaderValue::from_static("text/plain, application/sql, application/json");
    problem.with_header(header::HeaderName::from_static("accept-post"), known)
}

/// A statement with its parameters, as JSON has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Statement {
    sql: String,
    #[serde(default)]
    parameters: Vec<Value>,
    schema: Option<String>,
}

impl Statement {
    fn parse(text: &str) -> Result<Self, Problem> {
        serde_json::from_str(text).map_err(|error| {
            Problem::invalid(format!(
                "the body is not a statement in JSON, such as `{{\"sql\": \"select $1\", \"parameters\": [7]}}`: {error}"
            ))
        })
    }

    fn into_query(self) -> Result<Query, Problem> {
        let mut query = Query::new(self.sql);
        query.default_schema = self.schema;
        if self.parameters.is_empty() {
            return Ok(query);
        }
        let columns = self.parameters.iter().enumerate().map(|(idx, value)| {
            let name = format!("${}", idx + 1);
            column(value).map(|column| (name.clone(), column)).ok_or_else(|| {
                Problem::invalid(format!(
                    "parameter `{name}` is neither a number, a text, a boolean nor null"
                ))
            })
        });
        let columns: Vec<(String, ArrayRef)> = columns.collect::<Result<_, _>>()?;
        let values = RecordBatch::try_from_iter_with_nullable(
            columns.into_iter().map(|(name, column)| (name, column, true)),
        );
        let values = values.map_err(|error| Problem::invalid(error.to_string()))?;
        Ok(query.with_parameters(values))
    }
}

/// Makes a column of one row; the statement casts it to what it needs.
fn column(value: &Value) -> Option<ArrayRef> {
    Some(match value {
        Value::Null => Arc::new(NullArray::new(1)),
        Value::Bool(value) => Arc::new(BooleanArray::from(vec![*value])),
        Value::String(text) => Arc::new(StringArray::from(vec![text.as_str()])),
        Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(value), _, _) => Arc::new(Int64Array::from(vec![value])),
            (None, Some(value), _) => Arc::new(UInt64Array::from(vec![value])),
            (None, None, value) => Arc::new(Float64Array::from(vec![value?])),
        },
        Value::Array(_) | Value::Object(_) => return None,
    })
}

/// The charsets whose texts are UTF-8.
const UTF8: [&str; 3] = ["utf-8", "utf8", "us-ascii"];
