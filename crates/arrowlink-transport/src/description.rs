//! Descriptions as Flight says them: what `FlightInfo` has no field for stands in its `app_metadata`, as JSON.
//!
//! ```text
//! {"kind":"dataset","source":"/data/trips","snapshot":"01a4…","writable":false,"effect":"none",
//!  "parts":[{"rows":100,"bytes":4096}],"parameters":"ffffffff…"}
//! {"error":{"kind":"CORRUPT","message":"…"}}
//! ```
//!
//! Every key may be missing, and keys that are not known are skipped. Snapshots, and the schema of a statement's parameters
//! as an Arrow stream without batches, are hexadecimal. The second form is what is wrong with an entry of a listing.

use std::sync::Arc;

use arrow_buffer::Buffer;
use arrow_flight::FlightInfo;
use arrow_flight::flight_descriptor::DescriptorType;
use arrow_schema::{Schema, SchemaRef};
use arrowlink_core::{Description, Effect, Entry, Error, ErrorKind, Name, NounKind, Part, Result, Snapshot};
use arrowlink_ipc::{EncodeOptions, Limits, StreamDecoder, read_stream, write_stream};
use bytes::Bytes;
use serde_json::{Value, json};

use crate::hex;
use crate::status::{kind_of_reason, reason};

/// Writes what a `FlightInfo` of `description` says in its `app_metadata`.
///
/// ```
/// use arrow_schema::Schema;
/// use arrowlink_core::{Description, NounKind};
/// use arrowlink_transport::description_metadata;
///
/// let trips = Description::new(NounKind::Dataset, Schema::empty().into()).with_source("/data/trips");
/// let json = description_metadata(&trips)?;
/// assert_eq!(json, r#"{"kind":"dataset","source":"/data/trips","writable":false,"effect":"none","parts":[]}"#);
/// # Ok::<(), arrowlink_core::Error>(())
/// ```
///
/// # Errors
///
/// `Internal` for a schema of parameters that Arrow's streams cannot have.
pub fn description_metadata(description: &Description) -> Result<Bytes> {
    let parts: Vec<_> = description.parts.iter().map(part_json).collect();
    let mut json = json!({
        "kind": description.kind.to_string(),
        "source": description.source,
        "writable": description.writable,
        "effect": effect_text(description.effect),
        "parts": parts,
    });
    if let Some(snapshot) = &description.snapshot {
        json["snapshot"] = hex::write(snapshot.as_bytes()).into();
    }
    if let Some(parameters) = &description.parameters {
        json["parameters"] = hex::write(&schema_stream(parameters)?).into();
    }
    Ok(json.to_string().into())
}

/// Writes what the `FlightInfo` of an entry that cannot be described says in its `app_metadata`.
pub fn broken_metadata(error: &Error) -> Bytes {
    json!({ "error": { "kind": reason(error.kind()), "message": error.chain() } }).to_string().into()
}

/// Reads the description that `info` has; of a server that is not ArrowLink, what Flight has of it. What such a server does
/// not say of a command is that it changes nothing.
///
/// ```
/// use arrow_flight::{FlightDescriptor, FlightInfo};
/// use arrow_schema::{DataType, Field, Schema};
/// use arrowlink_core::NounKind;
/// use arrowlink_transport::described;
///
/// let schema = Schema::new(vec![Field::new("id", DataType::Int64, false)]);
/// let info = FlightInfo::new().try_with_schema(&schema)?.with_total_records(7).with_total_bytes(-1);
/// let description = described(&info)?;
/// assert_eq!((description.kind, description.rows, description.bytes), (NounKind::Dataset, Some(7), None));
/// assert_eq!(*description.schema, schema);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// What is wrong with the entry, as its server says; `Corrupt` where it is not in Flight's form.
pub fn described(info: &FlightInfo) -> Result<Description> {
    let json: Value = serde_json::from_slice(&info.app_metadata).unwrap_or_default();
    if let Some(error) = json.get("error") {
        return Err(said(error));
    }
    let text = |key: &str| json.get(key).and_then(Value::as_str);
    let mut description = Description::new(noun(text("kind")), schema_of(&info.schema)?)
        .with_rows(u64::try_from(info.total_records).ok())
        .with_bytes(u64::try_from(info.total_bytes).ok())
        .with_source(text("source").unwrap_or_default())
        .with_parts(json.get("parts").and_then(Value::as_array).into_iter().flatten().map(part_of).collect())
        .with_writable(json.get("writable").and_then(Value::as_bool).unwrap_or_default())
        .with_effect(effect(text("effect"), info));
    if let Some(snapshot) = text("snapshot") {
        description =
            description.with_snapshot(Snapshot::new(hex::read(snapshot).ok_or_else(not_described)?));
    }
    if let Some(parameters) = text("parameters") {
        let stream = hex::read(parameters).ok_or_else(not_described)?;
        let (schema, _) =
            read_stream(stream.into(), &limits()).map_err(|error| not_described().with_source(error))?;
        description = description.with_parameters(schema);
    }
    Ok(description)
}

/// Reads a line of a listing.
///
/// # Errors
///
/// `Corrupt` where it has no name.
pub fn entry(info: &FlightInfo) -> Result<Entry> {
    let descriptor = info.flight_descriptor.as_ref();
    let path = descriptor.filter(|descriptor| descriptor.r#type() == DescriptorType::Path);
    let path = path.map(|descriptor| descriptor.path.join(".")).ok_or_else(nameless)?;
    let name = Name::new(&path).map_err(|error| nameless().with_source(error))?;
    Ok(Entry::new(name, described(info)))
}

fn part_json(part: &Part) -> Value {
    json!({ "rows": part.rows, "bytes": part.bytes })
}

fn part_of(json: &Value) -> Part {
    let number = |key: &str| json.get(key).and_then(Value::as_u64);
    Part::new(number("rows"), number("bytes"))
}

fn said(json: &Value) -> Error {
    let text = |key: &str| json.get(key).and_then(Value::as_str);
    let kind = text("kind").and_then(kind_of_reason).unwrap_or(ErrorKind::Internal);
    Error::new(kind, text("message").unwrap_or("the server did not say what is wrong with it"))
}

const fn effect_text(effect: Effect) -> &'static str {
    match effect {
        Effect::None => NONE,
        // What this version does not know is not read twice by those who read this.
        _ => CHANGE,
    }
}

/// What reading does. Of a command whose server does not say, it may be anything.
fn effect(text: Option<&str>, info: &FlightInfo) -> Effect {
    let descriptor = info.flight_descriptor.as_ref();
    let is_path = descriptor.is_some_and(|descriptor| descriptor.r#type() == DescriptorType::Path);
    match text {
        Some(NONE) => Effect::None,
        None if is_path => Effect::None,
        _ => Effect::Change,
    }
}

fn noun(text: Option<&str>) -> NounKind {
    let known = [NounKind::Stream, NounKind::Function].into_iter();
    known.into_iter().find(|kind| Some(kind.to_string().as_str()) == text).unwrap_or(NounKind::Dataset)
}

/// Reads the schema of a `FlightInfo`, which is one message of an Arrow stream; of an empty one it is one without columns.
fn schema_of(message: &Bytes) -> Result<SchemaRef> {
    if message.is_empty() {
        return Ok(Arc::new(Schema::empty()));
    }
    let mut decoder = StreamDecoder::new(limits());
    decoder.decode(&mut Buffer::from(message.clone())).map_err(|error| not_described().with_source(error))?;
    decoder.schema().map(Arc::clone).ok_or_else(not_described)
}

/// Encodes a schema as a stream without batches.
pub(crate) fn schema_stream(schema: &SchemaRef) -> Result<Vec<u8>> {
    let segments = write_stream(schema, [], &EncodeOptions::default()).map_err(|error| {
        Error::new(ErrorKind::Internal, "the schema has no form on the wire").with_source(error)
    })?;
    Ok(segments.iter().flat_map(|segment| segment.to_vec()).collect())
}

fn limits() -> Limits {
    Limits::default().with_max_message_bytes(MOST_SCHEMA_BYTES)
}

fn not_described() -> Error {
    Error::new(ErrorKind::Corrupt, "the server sent a `FlightInfo` that cannot be read")
}

fn nameless() -> Error {
    Error::new(ErrorKind::Corrupt, "the server listed something without a name")
}

const NONE: &str = "none";
const CHANGE: &str = "change";
const MOST_SCHEMA_BYTES: usize = 16 << 20;
