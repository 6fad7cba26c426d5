//! The types of values, each with the words for what is expected.

use std::path::PathBuf;
use std::time::Duration;

use arrowlink_core::Name;
use arrowlink_transport::{CipherPreference, ListenAddr};
use bytesize::ByteSize;

use super::tree::{Node, Value};
use super::{LogFormat, problem::Origin};

/// A type that a value can be read as.
///
/// In a file a value has the type that it is written with. In a variable or flag all values are text, which is read as
/// what is expected; where both are allowed in a file (sizes) the text has a unit.
pub(super) trait FromNode: Sized {
    /// Reads `node`, or says what was expected.
    fn from_node(node: &Node) -> Result<Self, String>;
}

impl FromNode for bool {
    fn from_node(node: &Node) -> Result<Self, String> {
        match &node.value {
            Value::Boolean(value) => Ok(*value),
            Value::Text(text) if node.origin.is_text() => {
                text.parse().map_err(|_| wrong("`true` or `false`", node))
            }
            _ => Err(wrong("`true` or `false`", node)),
        }
    }
}

impl FromNode for String {
    fn from_node(node: &Node) -> Result<Self, String> {
        text(node, "a text").map(str::to_owned)
    }
}

/// A count, at least 1: nothing here can usefully be bounded by none.
impl FromNode for u32 {
    fn from_node(node: &Node) -> Result<Self, String> {
        let number = match &node.value {
            Value::Integer(number) => Self::try_from(*number).ok(),
            Value::Text(text) if node.origin.is_text() => text.parse().ok(),
            _ => None,
        };
        number.filter(|number| *number > 0).ok_or_else(|| wrong("a number from 1 to 4294967295", node))
    }
}

/// A size in bytes, above 0: `1048576` or `"1 MiB"`.
pub(super) struct Size(pub(super) u64);

impl FromNode for Size {
    fn from_node(node: &Node) -> Result<Self, String> {
        let size = match &node.value {
            Value::Integer(bytes) => u64::try_from(*bytes).ok(),
            Value::Text(text) => text.parse::<ByteSize>().ok().map(|size| size.as_u64()),
            _ => None,
        };
        size.filter(|bytes| *bytes > 0).map(Self).ok_or_else(|| wrong("a size such as `\"256 MiB\"`", node))
    }
}

/// A text with units; a bare number would leave open what it counts.
impl FromNode for Duration {
    fn from_node(node: &Node) -> Result<Self, String> {
        let duration =
            text(node, EXPECTED_DURATION).ok().and_then(|text| humantime::parse_duration(text).ok());
        duration.ok_or_else(|| wrong(EXPECTED_DURATION, node))
    }
}

/// A path, from the folder of the file that it is written in.
impl FromNode for PathBuf {
    fn from_node(node: &Node) -> Result<Self, String> {
        let path = text(node, "a path")?;
        if path.is_empty() {
            return Err(wrong("a path", node));
        }
        Ok(node.origin.folder().join(path))
    }
}

impl FromNode for Name {
    fn from_node(node: &Node) -> Result<Self, String> {
        Self::new(text(node, "a name")?).map_err(|error| error.to_string())
    }
}

impl FromNode for ListenAddr {
    fn from_node(node: &Node) -> Result<Self, String> {
        text(node, "an address such as `\"127.0.0.1:50051\"`")?.parse().map_err(|error| format!("{error}"))
    }
}

impl FromNode for LogFormat {
    fn from_node(node: &Node) -> Result<Self, String> {
        match text(node, "`text` or `json`")? {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(wrong("`text` or `json`", node)),
        }
    }
}

impl FromNode for CipherPreference {
    fn from_node(node: &Node) -> Result<Self, String> {
        match text(node, "`fast` or `strong`")? {
            "fast" => Ok(Self::Fast),
            "strong" => Ok(Self::Strong),
            _ => Err(wrong("`fast` or `strong`", node)),
        }
    }
}

/// A list; a variable of the environment separates its items by commas.
impl<T: FromNode> FromNode for Vec<T> {
    fn from_node(node: &Node) -> Result<Self, String> {
        match &node.value {
            Value::Array(items) => items.iter().map(T::from_node).collect(),
            Value::Text(text) if matches!(node.origin, Origin::Env(_)) => text
                .split(',')
                .map(|item| {
                    T::from_node(&Node {
                        value: Value::Text(item.trim().to_owned()),
                        origin: node.origin.clone(),
                    })
                })
                .collect(),
            _ => Err(wrong("a list in brackets", node)),
        }
    }
}

/// Returns the text of `node`, or says that `expected` was expected.
pub(super) fn text<'a>(node: &'a Node, expected: &str) -> Result<&'a str, String> {
    match &node.value {
        Value::Text(text) => Ok(text),
        _ => Err(wrong(expected, node)),
    }
}

/// Says what was expected in the place of `node`.
pub(super) fn wrong(expected: &str, node: &Node) -> String {
    format!("expected {expected}, found {}", node.value.shown())
}

const EXPECTED_DURATION: &str = "a duration such as `\"30s\"` or `\"5min\"`";
