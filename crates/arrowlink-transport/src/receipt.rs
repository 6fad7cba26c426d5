//! What a client hears when its upload was taken in: a sentence for people and metadata for programs.
//!
//! `Ack.message` reads ``stored 3 rows in 1 batch (1.2 KiB) as `uploads`, durable`` or `…, in memory`. The same stands,
//! exactly, in the response metadata `arrowlink-rows`, `arrowlink-batches`, `arrowlink-bytes`, `arrowlink-durability`
//! (`durable` or `memory`) and, where the dataset knows positions, `arrowlink-position-bin`.
//!
//! The metadata stand in the headers of the answer, which begin only when the upload is kept: there is no receipt for an
//! upload that failed.

use arrowlink_core::{Durability, Name, Position, Receipt};
use http::{HeaderMap, HeaderValue};
use tonic::metadata::{MetadataMap, MetadataValue};

use crate::hex;

/// Writes the sentence.
pub(crate) fn sentence(receipt: &Receipt, name: &Name) -> String {
    let rows = counted(receipt.rows, "row", "rows");
    let batches = counted(receipt.batches, "batch", "batches");
    let (bytes, durability) = (readable(receipt.bytes), receipt.durability);
    format!("stored {rows} in {batches} ({bytes}) as `{name}`, {durability}")
}

/// Writes the metadata.
pub(crate) fn write(receipt: &Receipt, headers: &mut HeaderMap) {
    headers.insert(ROWS, receipt.rows.into());
    headers.insert(BATCHES, receipt.batches.into());
    headers.insert(BYTES, receipt.bytes.into());
    let durability = if receipt.durability == Durability::Durable { DURABLE } else { MEMORY };
    headers.insert(DURABILITY, HeaderValue::from_static(durability));
    if let Some(position) = &receipt.position {
        let mut metadata = MetadataMap::new();
        metadata.insert_bin(POSITION, MetadataValue::from_bytes(position.as_bytes()));
        headers.extend(metadata.into_headers());
    }
}

/// Reads the metadata; `None` where it is not there, as from a server that is not ArrowLink.
pub(crate) fn read(headers: &HeaderMap) -> Option<Receipt> {
    let number = |key| headers.get(key)?.to_str().ok()?.parse::<u64>().ok();
    let durability = headers.get(DURABILITY)?.to_str().ok()?;
    let mut receipt = Receipt::new(number(ROWS)?, number(BATCHES)?, number(BYTES)?, known(durability)?);
    let metadata = MetadataMap::from_headers(headers.clone());
    receipt.position = metadata.get_bin(POSITION).and_then(|value| value.to_bytes().ok()).map(Position::new);
    Some(receipt)
}

/// Writes the receipt as the metadata of a `PutResult`: `{"state":"durable","rows":3,"batches":1,"bytes":96}`, with a `position`
/// in hexadecimal where the dataset knows positions. The state is `durable` or `in memory`.
///
/// ```
/// use arrowlink_core::{Durability, Receipt};
/// use arrowlink_transport::receipt_json;
///
/// let json = receipt_json(&Receipt::new(3, 1, 96, Durability::Memory));
/// assert_eq!(json, r#"{"state":"in memory","rows":3,"batches":1,"bytes":96}"#);
/// ```
pub fn receipt_json(receipt: &Receipt) -> String {
    let mut json = serde_json::json!({
        "state": receipt.durability.to_string(),
        "rows": receipt.rows,
        "batches": receipt.batches,
        "bytes": receipt.bytes,
    });
    if let Some(position) = &receipt.position {
        json["position"] = hex::write(position.as_bytes()).into();
    }
    json.to_string()
}

/// Reads the metadata of a `PutResult`; `None` where it is no receipt, as that of a server that is not ArrowLink.
pub(crate) fn from_json(json: &[u8]) -> Option<Receipt> {
    let json: serde_json::Value = serde_json::from_slice(json).ok()?;
    let number = |key: &str| json.get(key)?.as_u64();
    let state = json.get("state")?.as_str()?;
    let durability =
        [Durability::Durable, Durability::Memory].into_iter().find(|known| known.to_string() == state)?;
    let mut receipt = Receipt::new(number("rows")?, number("batches")?, number("bytes")?, durability);
    receipt.position = match json.get("position") {
        Some(position) => Some(Position::new(hex::read(position.as_str()?)?)),
        None => None,
    };
    Some(receipt)
}

fn known(durability: &str) -> Option<Durability> {
    match durability {
        DURABLE => Some(Durability::Durable),
        MEMORY => Some(Durability::Memory),
        _ => None,
    }
}

fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Writes a size as people read it: `456 B`, `1.2 KiB`.
#[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
fn readable(bytes: u64) -> String {
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut size = bytes as f64 / 1024.0;
    let mut unit = "KiB";
    for larger in ["MiB", "GiB", "TiB"] {
        if size < 1023.95 {
            break;
        }
        size /= 1024.0;
        unit = larger;
    }
    format!("{size:.1} {unit}")
}

const ROWS: &str = "arrowlink-rows";
const BATCHES: &str = "arrowlink-batches";
const BYTES: &str = "arrowlink-bytes";
const DURABILITY: &str = "arrowlink-durability";
const POSITION: &str = "arrowlink-position-bin";
const DURABLE: &str = "durable";
const MEMORY: &str = "memory";
