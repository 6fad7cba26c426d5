//! The binary format of `COPY`: a header, then rows of fields, each with its length.
//!
//! PostgreSQL's documentation of `COPY`, "Binary Format". Each message of the server has one row.

use bytes::{Buf as _, Bytes};

use crate::decode::Fault;

/// What a message begins with.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A row of so many fields; [`field`] takes each.
    Row(usize),
    /// The end of all rows.
    End,
    /// Nothing more: the next message goes on.
    Nothing,
}

/// Takes the header off the first message.
pub(crate) fn header(message: &mut Bytes) -> Result<(), Fault> {
    if !message.starts_with(SIGNATURE) {
        return Err(Fault::Malformed);
    }
    message.advance(SIGNATURE.len());
    // Bits 16 to 31 say that the format is another one.
    if message.try_get_u32().map_err(|_| Fault::Malformed)? >> 16 != 0 {
        return Err(Fault::Malformed);
    }
    let extension = message.try_get_u32().map_err(|_| Fault::Malformed)? as usize;
    if message.len() < extension {
        return Err(Fault::Malformed);
    }
    message.advance(extension);
    Ok(())
}

/// Takes the number of fields of the next row.
pub(crate) fn step(message: &mut Bytes) -> Result<Step, Fault> {
    if message.is_empty() {
        return Ok(Step::Nothing);
    }
    match message.try_get_i16().map_err(|_| Fault::Malformed)? {
        -1 => Ok(Step::End),
        fields => usize::try_from(fields).map(Step::Row).map_err(|_| Fault::Malformed),
    }
}

/// Takes the next field off `bytes`, which begins with its length; `None` is null.
pub(crate) fn field<'a>(bytes: &mut &'a [u8]) -> Result<Option<&'a [u8]>, Fault> {
    let length = int32(bytes)?;
    let Ok(length) = usize::try_from(length) else {
        return if length == -1 { Ok(None) } else { Err(Fault::Malformed) };
    };
    let (value, rest) = bytes.split_at_checked(length).ok_or(Fault::Malformed)?;
    *bytes = rest;
    Ok(Some(value))
}

/// Takes a number off `bytes`.
pub(crate) fn int32(bytes: &mut &[u8]) -> Result<i32, Fault> {
    let (number, rest) = bytes.split_first_chunk::<4>().ok_or(Fault::Malformed)?;
    *bytes = rest;
    Ok(i32::from_be_bytes(*number))
}

/// What every such stream begins with.
const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
