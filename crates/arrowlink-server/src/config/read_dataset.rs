//! Gives one `[[dataset]]` its types.

use std::path::PathBuf;

use arrow_schema::{DataType, Field, Schema, TimeUnit};
use arrowlink_core::{Name, nearest};

use super::RESERVED;
use super::dataset::{
    DatabaseSettings, DatasetConfig, DatasetSource, FILE_SCHEMES, FileSettings, POSTGRES_SCHEMES,
    RemoteSettings, StoreSettings,
};
use super::problem::{Origin, Problem};
use super::section::Section;
use super::tree::{Node, Table, Value};
use super::value::{FromNode, Size, text, wrong};

/// Reads `table`, which begins at `origin`; `None` where it cannot be served, which is noted.
pub(super) fn read_dataset(
    table: Table,
    origin: &Origin,
    schemes: &[String],
    problems: &mut Vec<Problem>,
) -> Option<DatasetConfig> {
    let missing: Vec<_> = ["name", "uri"].into_iter().filter(|key| !table.contains_key(*key)).collect();
    let mut section = Section::new("dataset", table, problems);
    for key in missing {
        section.note(Problem::at(origin, format!("a `[[dataset]]` needs `{key}`")));
    }
    let name = section.take_with_origin::<Name>("name");
    let uris = section.take_with_origin::<Uris>("uri");
    let pin = section.take("pin").unwrap_or_default();
    let files = read_files(&mut section);
    let store = read_store(&mut section);
    let remote = read_remote(&mut section);
    let database =
        DatabaseSettings { query: section.take("query"), max_connections: section.take("max_connections") };
    let name = name.and_then(|(name, origin)| unreserved(name, &origin, &mut section));
    let source = uris.and_then(|(uris, origin)| source_of_all(&uris.0, &origin, schemes, &mut section));
    section.finish();
    Some(DatasetConfig { name: name?, source: source?, pin, files, store, remote, database })
}

/// Takes the keys that say how files are read.
fn read_files(section: &mut Section<'_>) -> FileSettings {
    FileSettings {
        format: section.take::<Format>("format").map(|format| format.0),
        schema: section.take::<Schema>("schema").map(Into::into),
        delimiter: section.take::<Byte>("delimiter").map(|byte| byte.0),
        header: section.take("header"),
        quote: section.take::<Byte>("quote").map(|byte| byte.0),
        escape: section.take::<Byte>("escape").map(|byte| byte.0),
        batch_rows: section.take("batch_rows"),
        sample_bytes: section.take::<Size>("sample_bytes").map(|size| size.0),
        max_row_bytes: section.take::<Size>("max_row_bytes").map(|size| size.0),
    }
}

/// Takes the keys that say how an object store is reached.
fn read_store(section: &mut Section<'_>) -> StoreSettings {
    StoreSettings {
        endpoint: section.take("endpoint"),
        region: section.take("region"),
        allow_http: section.take("allow_http").unwrap_or_default(),
        anonymous: section.take("anonymous").unwrap_or_default(),
        credentials: section.take("credentials"),
    }
}

/// Takes the keys that say how another server is reached.
fn read_remote(section: &mut Section<'_>) -> RemoteSettings {
    let ca = section.take("ca");
    let cert = section.take_with_origin::<PathBuf>("cert");
    let key = section.take_with_origin::<PathBuf>("key");
    let identity = match (cert, key) {
        (Some((cert, _)), Some((key, _))) => Some((cert, key)),
        (None, None) => None,
        (Some((_, origin)), None) | (None, Some((_, origin))) => {
            section.note(Problem::at(&origin, "`dataset.cert` and `dataset.key` need each other"));
            None
        }
    };
    let token_file = section.take("token_file");
    RemoteSettings { ca, identity, token_file, insecure: section.take("insecure").unwrap_or_default() }
}

/// Refuses the names that the server itself serves under.
fn unreserved(name: Name, origin: &Origin, section: &mut Section<'_>) -> Option<Name> {
    if !RESERVED.contains(&name.as_str()) {
        return Some(name);
    }
    section.note(Problem::at(origin, format!("`dataset.name`: `{name}` is taken, choose another name")));
    None
}

/// Makes one source of several URIs, which are files all of them.
fn source_of_all(
    uris: &[String],
    origin: &Origin,
    schemes: &[String],
    section: &mut Section<'_>,
) -> Option<DatasetSource> {
    let mut sources = Vec::new();
    for uri in uris {
        let source = source(uri, origin, schemes, section)?;
        if uris.len() > 1 && !matches!(source, DatasetSource::Files { .. }) {
            let text = format!("`dataset.uri`: `{uri}` is no file: give it a section of its own");
            section.note(Problem::at(origin, text));
            return None;
        }
        sources.push(source);
    }
    match sources.pop() {
        Some(DatasetSource::Files { base_dir, .. }) => {
            Some(DatasetSource::Files { uris: uris.to_vec(), base_dir })
        }
        source => source,
    }
}

/// Sorts `uri` by its scheme; what nothing here reads is refused before anything is opened.
///
/// `schemes` are those that were registered beside our own.
fn source(
    uri: &str,
    origin: &Origin,
    schemes: &[String],
    section: &mut Section<'_>,
) -> Option<DatasetSource> {
    let source = DatasetSource::new(uri, &origin.folder());
    let reason = match source.other_scheme() {
        None if uri.is_empty() => "expected a path, found an empty text".to_owned(),
        Some(scheme) if !schemes.iter().any(|known| known == scheme) => unread(scheme, schemes),
        None | Some(_) => return Some(source),
    };
    section.note(Problem::at(origin, format!("`dataset.uri`: {reason}")));
    None
}

/// Paths or URIs: one by itself, or several in a list.
struct Uris(Vec<String>);

impl FromNode for Uris {
    fn from_node(node: &Node) -> Result<Self, String> {
        const EXPECTED: &str = "a path, a URI, or a list of them";
        let uris = match &node.value {
            Value::Text(uri) => vec![uri.clone()],
            Value::Array(items) => {
                let uris = items.iter().map(|item| text(item, EXPECTED).map(str::to_owned));
                uris.collect::<Result<_, _>>()?
            }
            _ => return Err(wrong(EXPECTED, node)),
        };
        if uris.is_empty() {
            return Err(format!("expected {EXPECTED}, found an empty list"));
        }
        Ok(Self(uris))
    }
}

/// Says what could be written instead of a scheme that nothing reads.
pub(crate) fn unread(scheme: &str, schemes: &[String]) -> String {
    let own = || OWN_SCHEMES.iter().chain(&POSTGRES_SCHEMES).chain(&FILE_SCHEMES).copied();
    let near = nearest(scheme, own().chain(schemes.iter().map(String::as_str)));
    match near.first() {
        Some(near) => format!("nothing reads `{scheme}://`, did you mean `{near}://`?"),
        None => {
            let known = own().chain(schemes.iter().map(String::as_str));
            let known: Vec<String> = known.map(|known| format!("`{known}://`")).collect();
            format!(
                "nothing reads `{scheme}://`: use a path, a glob, a folder, or one of {}",
                known.join(", ")
            )
        }
    }
}

/// What the server generates.
const OWN_SCHEMES: [&str; 2] = ["demo", "tpch"];

/// The name of a format of files.
struct Format(String);

impl FromNode for Format {
    fn from_node(node: &Node) -> Result<Self, String> {
        let expected = "`parquet`, `csv`, `json`, `ndjson` or `arrow`";
        match text(node, expected)? {
            format @ ("parquet" | "csv" | "json" | "ndjson" | "arrow") => Ok(Self(format.to_owned())),
            _ => Err(wrong(expected, node)),
        }
    }
}

/// A character that is one byte.
struct Byte(u8);

impl FromNode for Byte {
    fn from_node(node: &Node) -> Result<Self, String> {
        match text(node, "one ASCII character")?.as_bytes() {
            [byte] if byte.is_ascii() => Ok(Self(*byte)),
            _ => Err(wrong("one ASCII character", node)),
        }
    }
}

/// Columns as `pyarrow` prints them: `["id: int64 not null", "at: timestamp[ms, UTC]"]`.
impl FromNode for Schema {
    fn from_node(node: &Node) -> Result<Self, String> {
        let columns = Vec::<String>::from_node(node)?;
        columns.iter().map(|column| field(column)).collect::<Result<Vec<_>, _>>().map(Self::new)
    }
}

/// Reads one column: its name, its type, and whether it may be null, which it may unless that is said.
fn field(column: &str) -> Result<Field, String> {
    let parsed = column.rsplit_once(": ").and_then(|(name, data_type)| {
        let (data_type, nullable) = match data_type.strip_suffix(" not null") {
            Some(data_type) => (data_type, false),
            None => (data_type, true),
        };
        Some(Field::new(name.trim(), parse_data_type(data_type.trim())?, nullable))
    });
    parsed.ok_or_else(|| {
        format!(
            "expected a column such as `id: int64 not null` or `at: timestamp[ms, UTC]`, found `{column}`"
        )
    })
}

/// Reads a type by the name that `pyarrow` gives it, or by Arrow's own, such as `Decimal128(10, 2)`.
fn parse_data_type(text: &str) -> Option<DataType> {
    Some(match text {
        "bool" | "boolean" => DataType::Boolean,
        "int8" => DataType::Int8,
        "int16" => DataType::Int16,
        "int32" => DataType::Int32,
        "int64" => DataType::Int64,
        "uint8" => DataType::UInt8,
        "uint16" => DataType::UInt16,
        "uint32" => DataType::UInt32,
        "uint64" => DataType::UInt64,
        "float" | "float32" => DataType::Float32,
        "double" | "float64" => DataType::Float64,
        "string" | "utf8" => DataType::Utf8,
        "large_string" => DataType::LargeUtf8,
        "binary" => DataType::Binary,
        "date32" | "date32[day]" => DataType::Date32,
        other => match other.strip_prefix("timestamp[").and_then(|rest| rest.strip_suffix(']')) {
            Some(inside) => timestamp(inside)?,
            None => other.parse().ok()?,
        },
    })
}

/// Reads what stands in the brackets of a timestamp: a unit, and a time zone where there is one.
fn timestamp(inside: &str) -> Option<DataType> {
    let (unit, zone) = match inside.split_once(',') {
        Some((unit, zone)) => (unit, Some(zone.trim().trim_start_matches("tz=").into())),
        None => (inside, None),
    };
    let unit = match unit.trim() {
        "s" => TimeUnit::Second,
        "ms" => TimeUnit::Millisecond,
        "us" => TimeUnit::Microsecond,
        "ns" => TimeUnit::Nanosecond,
        _ => return None,
    };
    Some(DataType::Timestamp(unit, zone))
}
