//! The metadata of a message as a flatbuffer that may be read: every offset in it leads to what it should.
//!
//! What the message says is not looked at here.

use arrow_buffer::Buffer;
use arrow_ipc::Message;
use flatbuffers::{InvalidFlatbuffer, VerifierOptions};

use crate::error::Place;
use crate::{Error, Limits};

/// Verifies that every offset in `metadata` leads to what it should.
///
/// Offsets of a flatbuffer may share what they point to, so that a few bytes can unfold into more tables than fit any
/// memory. The verifier counts tables, depth and bytes as often as it meets them, and its limits follow from
/// [`Limits`]: what is refused here has more fields, is deeper or larger than the schema could be.
pub(crate) fn verified<'a>(metadata: &'a Buffer, limits: &Limits) -> Result<Message<'a>, Error> {
    if metadata.len() > limits.max_metadata_bytes {
        return Err(Error::limit("max_metadata_bytes", limits.max_metadata_bytes, metadata.len()));
    }
    let max_apparent_size = limits.max_metadata_bytes.saturating_mul(APPARENT_FACTOR);
    let options = VerifierOptions {
        max_depth: limits.nesting_depth() + TABLES_AROUND_FIELDS,
        max_tables: limits.max_fields.saturating_mul(TABLES_PER_FIELD).saturating_add(TABLES_AROUND_FIELDS),
        max_apparent_size,
        ignore_missing_null_terminator: true,
    };
    arrow_ipc::root_as_message_with_opts(&options, metadata).map_err(|error| match error {
        InvalidFlatbuffer::DepthLimitReached => {
            Error::limit("max_nesting_depth", limits.nesting_depth(), limits.nesting_depth() + 1)
        }
        InvalidFlatbuffer::TooManyTables => {
            Error::limit("max_fields", limits.max_fields, limits.max_fields.saturating_add(1))
        }
        InvalidFlatbuffer::ApparentSizeTooLarge => {
            Error::limit("max_metadata_bytes", limits.max_metadata_bytes, max_apparent_size)
        }
        error => Error::InvalidMetadata { place: Place::default(), source: error.into() },
    })
}

/// Message, schema, the type of a field, its dictionary and the type of that, metadata of a field, a record batch.
const TABLES_AROUND_FIELDS: usize = 8;
/// A field, its type, its dictionary, the type of that, and a dozen pairs of metadata.
const TABLES_PER_FIELD: usize = 16;
/// The verifier counts every byte it looks at, layout tables included, as often as it looks.
const APPARENT_FACTOR: usize = 4;
