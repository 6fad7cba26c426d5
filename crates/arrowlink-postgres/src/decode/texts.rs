//! Texts, bytes, and the sixteen bytes of a UUID.

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::{BinaryBuilder, FixedSizeBinaryBuilder, StringBuilder};

use super::{Decode, Fault};

/// A column of texts.
pub(super) struct Texts {
    values: StringBuilder,
    /// The byte before each text, where there is one.
    version: Option<u8>,
}

impl Texts {
    pub(super) fn plain() -> Self {
        Self { values: StringBuilder::new(), version: None }
    }

    /// `jsonb` says the version of its format first, which is 1.
    pub(super) fn jsonb() -> Self {
        Self { values: StringBuilder::new(), version: Some(1) }
    }
}

impl Decode for Texts {
    fn append(&mut self, value: Option<&[u8]>) -> Result<(), Fault> {
        let Some(mut bytes) = value else {
            self.values.append_null();
            return Ok(());
        };
        if let Some(version) = self.version {
            let (first, rest) = bytes.split_first().ok_or(Fault::Malformed)?;
            if *first != version {
                return Err(Fault::Malformed);
            }
            bytes = rest;
        }
        // A database in `SQL_ASCII` has never looked at its texts.
        let text = str::from_utf8(bytes).map_err(|_| Fault::Unfit("a text that is not UTF-8".to_owned()))?;
        self.values.append_value(text);
        Ok(())
    }

    fn finish(&mut self) -> ArrayRef {
        Arc::new(self.values.finish())
    }
}

/// A column of bytes.
#[derive(Default)]
pub(super) struct Bytes {
    values: BinaryBuilder,
}

impl Decode for Bytes {
    fn append(&mut self, value: Option<&[u8]>) -> Result<(), Fault> {
        self.values.append_option(value);
        Ok(())
    }

    fn finish(&mut self) -> ArrayRef {
        Arc::new(self.values.finish())
    }
}

/// A column of UUIDs.
pub(super) struct Uuids {
    values: FixedSizeBinaryBuilder,
}

impl Default for Uuids {
    fn default() -> Self {
        Self { values: FixedSizeBinaryBuilder::new(16) }
    }
}

impl Decode for Uuids {
    fn append(&mut self, value: Option<&[u8]>) -> Result<(), Fault> {
        match value {
            Some(bytes) => self.values.append_value(bytes).map_err(|_| Fault::Malformed),
            None => {
                self.values.append_null();
                Ok(())
            }
        }
    }

    fn finish(&mut self) -> ArrayRef {
        Arc::new(self.values.finish())
    }
}
