//! HTTP/2's frames as a client sends them, followed by their lengths; only header blocks are looked into.
//!
//! Bytes may come cut anywhere. How many there are never changes, so that nothing is re-encoded: HPACK's tables have the
//! sizes that the client reckons with, and its later references hold. Whatever is not expected, such as another
//! protocol, ends it for good: from there on bytes pass as they are, and HTTP/2 says what is wrong with them.

use super::fields::Fields;

/// Where in a connection the next byte belongs.
#[derive(Debug)]
pub(super) struct Frames {
    place: Place,
    head: Head,
    fields: Fields,
    /// Whether the header block goes on in a `CONTINUATION`.
    is_open: bool,
}

#[derive(Clone, Copy, Debug)]
enum Place {
    /// That many bytes of the preface were read.
    Preface(usize),
    /// That many bytes of a frame's head were read.
    Head(usize),
    PadLength,
    /// That many bytes of a priority are left.
    Priority(u8),
    Block,
    /// The rest of a frame that is of no interest.
    Rest,
    /// Something was not expected.
    Lost,
}

/// The frame that is being read.
#[derive(Debug, Default)]
struct Head {
    /// The bytes of its payload that have not come yet, with padding.
    left: usize,
    kind: u8,
    flags: u8,
    padding: usize,
}

/// What HTTP/2 does not allow, or is not HTTP/2.
#[derive(Debug)]
pub(super) struct Unexpected;

impl Default for Frames {
    fn default() -> Self {
        let (head, fields) = (Head::default(), Fields::default());
        Self { place: Place::Preface(0), head, fields, is_open: false }
    }
}

impl Frames {
    /// Amends the bytes that come next, in place.
    pub(super) fn amend(&mut self, mut bytes: &mut [u8]) {
        while !matches!(self.place, Place::Lost) {
            if matches!(self.place, Place::Rest) {
                let passed = self.head.left.min(bytes.len());
                self.head.left -= passed;
                bytes = bytes.split_at_mut(passed).1;
                self.place = self.rest();
            }
            let Some(byte) = bytes.split_off_first_mut() else { return };
            self.place = self.read(byte).unwrap_or(Place::Lost);
        }
    }

    /// Takes the next byte and returns where the one after it belongs.
    fn read(&mut self, byte: &mut u8) -> Result<Place, Unexpected> {
        match self.place {
            Place::Preface(read) if PREFACE.get(read) != Some(byte) => Err(Unexpected),
            Place::Preface(read) if read + 1 == PREFACE.len() => Ok(Place::Head(0)),
            Place::Preface(read) => Ok(Place::Preface(read + 1)),
            Place::Head(read) => {
                self.head.take(read, *byte);
                if read + 1 == HEAD_BYTES { self.begin() } else { Ok(Place::Head(read + 1)) }
            }
            Place::PadLength => {
                self.head.left -= 1;
                self.head.padding = usize::from(*byte);
                self.prioritized()
            }
            Place::Priority(left) => {
                self.head.left -= 1;
                if left == 1 { self.block() } else { Ok(Place::Priority(left - 1)) }
            }
            Place::Block => {
                self.head.left -= 1;
                self.fields.read(byte)?;
                self.block()
            }
            Place::Rest | Place::Lost => Ok(self.place),
        }
    }

    /// Goes on after the head of a frame.
    fn begin(&mut self) -> Result<Place, Unexpected> {
        match (self.head.kind, self.is_open) {
            (HEADERS, false) if self.head.has(PADDED) && self.head.left > 0 => Ok(Place::PadLength),
            (HEADERS, false) if !self.head.has(PADDED) => self.prioritized(),
            (CONTINUATION, true) => self.block(),
            (HEADERS | CONTINUATION | PUSH_PROMISE, _) | (_, true) => Err(Unexpected),
            (_, false) => Ok(self.rest()),
        }
    }

    /// Goes on where a priority may stand.
    fn prioritized(&mut self) -> Result<Place, Unexpected> {
        let priority = if self.head.has(PRIORITY) { PRIORITY_BYTES } else { 0 };
        if self.head.left < usize::from(priority) + self.head.padding {
            return Err(Unexpected);
        }
        if priority == 0 { self.block() } else { Ok(Place::Priority(priority)) }
    }

    /// Goes on within a header block, or at the end of what a frame has of it.
    fn block(&mut self) -> Result<Place, Unexpected> {
        if self.head.left > self.head.padding {
            return Ok(Place::Block);
        }
        self.is_open = !self.head.has(END_HEADERS);
        if self.is_open || self.fields.is_between() { Ok(self.rest()) } else { Err(Unexpected) }
    }

    /// Goes on where nothing is of interest before the next frame.
    const fn rest(&self) -> Place {
        if self.head.left == 0 { Place::Head(0) } else { Place::Rest }
    }
}

impl Head {
    /// Takes its byte number `idx`; those of the stream do not matter.
    fn take(&mut self, idx: usize, byte: u8) {
        match idx {
            0 => *self = Self { left: usize::from(byte), ..Self::default() },
            1 | 2 => self.left = self.left << 8 | usize::from(byte),
            3 => self.kind = byte,
            4 => self.flags = byte,
            _ => {}
        }
    }

    const fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEAD_BYTES: usize = 9;
const PRIORITY_BYTES: u8 = 5;
// Kinds of frames.
const HEADERS: u8 = 1;
const PUSH_PROMISE: u8 = 5;
const CONTINUATION: u8 = 9;
// Their flags; a `CONTINUATION` has the first alone.
const END_HEADERS: u8 = 0x4;
const PADDED: u8 = 0x8;
const PRIORITY: u8 = 0x20;

#[cfg(test)]
mod tests;
