//! Header blocks, followed byte by byte as far as it takes to find the `:authority` literals in them.
//!
//! HPACK ([RFC 7541](https://www.rfc-editor.org/rfc/rfc7541#section-6)) is read without its tables: a field whose name is the
//! entry 1 of the static table, or is spelled out in plain text, is known for what it is. A whole field of the dynamic
//! table was amended when it was entered; a new value under a name of that table is passed over. So is a Huffman-coded
//! value, for its bytes do not stand for one character each: HTTP/2 refuses a call that names a path so, as Go's
//! clients do for targets other than `unix:` ones, and has to be told another authority.

use super::frames::Unexpected;

/// Where in a header block the next byte belongs.
#[derive(Debug, Default)]
pub(super) struct Fields {
    place: Place,
    /// Whether the field is an `:authority`, as far as its name was read.
    is_authority: bool,
    /// Whether the value had a colon.
    has_colon: bool,
}

#[derive(Debug, Default)]
enum Place {
    #[default]
    Field,
    Integer {
        part: Part,
        value: u32,
        shift: u32,
    },
    NameLength,
    Name {
        read: u32,
        length: u32,
    },
    ValueLength,
    Value {
        left: u32,
        amends: bool,
    },
}

/// What an integer says.
#[derive(Clone, Copy, Debug)]
enum Part {
    /// The index of a whole field, or the size of the dynamic table.
    Whole,
    NameIndex,
    NameLength {
        huffman: bool,
    },
    ValueLength {
        huffman: bool,
    },
}

impl Fields {
    /// Whether the next byte begins a field, so that the block may end here.
    pub(super) const fn is_between(&self) -> bool {
        matches!(self.place, Place::Field)
    }

    /// Takes the next byte; one of an `:authority` is exchanged for `-` where a host cannot have it.
    pub(super) fn read(&mut self, byte: &mut u8) -> Result<(), Unexpected> {
        self.place = match self.place {
            Place::Field => self.begin(*byte),
            Place::Integer { part, value, shift } => self.go_on(part, value, shift, *byte)?,
            Place::NameLength => self.prefix(Part::NameLength { huffman: *byte & HUFFMAN != 0 }, *byte, 7),
            Place::ValueLength => self.prefix(Part::ValueLength { huffman: *byte & HUFFMAN != 0 }, *byte, 7),
            Place::Name { read, length } => {
                self.is_authority &= usize::try_from(read).is_ok_and(|read| NAME.get(read) == Some(byte));
                if read + 1 == length { Place::ValueLength } else { Place::Name { read: read + 1, length } }
            }
            Place::Value { left, amends } => {
                if amends {
                    self.amend(byte);
                }
                if left == 1 { Place::Field } else { Place::Value { left: left - 1, amends } }
            }
        };
        Ok(())
    }

    /// Takes the first byte of a field.
    fn begin(&mut self, byte: u8) -> Place {
        match byte {
            0x80.. => self.prefix(Part::Whole, byte, 7),
            0x40.. => self.prefix(Part::NameIndex, byte, 6),
            0x20.. => self.prefix(Part::Whole, byte, 5),
            _ => self.prefix(Part::NameIndex, byte, 4),
        }
    }

    /// Takes the first byte of an integer, which has its lowest `bits` bits.
    fn prefix(&mut self, part: Part, byte: u8, bits: u32) -> Place {
        let most = u32::from(u8::MAX >> (u8::BITS - bits));
        let value = u32::from(byte) & most;
        if value < most { self.know(part, value) } else { Place::Integer { part, value, shift: 0 } }
    }

    /// Takes a further byte of an integer.
    fn go_on(&mut self, part: Part, value: u32, shift: u32, byte: u8) -> Result<Place, Unexpected> {
        let more = u32::from(byte & 0x7f);
        let added = more.checked_mul(1_u32.checked_shl(shift).ok_or(Unexpected)?).ok_or(Unexpected)?;
        let value = value.checked_add(added).ok_or(Unexpected)?;
        if byte & 0x80 == 0 {
            return Ok(self.know(part, value));
        }
        Ok(Place::Integer { part, value, shift: shift + 7 })
    }

    /// Goes on where an integer has been read.
    fn know(&mut self, part: Part, value: u32) -> Place {
        match (part, value) {
            (Part::Whole, _) => Place::Field,
            (Part::NameIndex, 0) => Place::NameLength,
            (Part::NameIndex, index) => {
                self.is_authority = index == STATIC_INDEX;
                Place::ValueLength
            }
            (Part::NameLength { .. }, 0) => {
                self.is_authority = false;
                Place::ValueLength
            }
            (Part::NameLength { huffman }, length) => {
                self.is_authority = !huffman && usize::try_from(length) == Ok(NAME.len());
                Place::Name { read: 0, length }
            }
            (Part::ValueLength { .. }, 0) => Place::Field,
            (Part::ValueLength { huffman }, left) => {
                self.has_colon = false;
                Place::Value { left, amends: self.is_authority && !huffman }
            }
        }
    }

    /// Leaves what a host name and its port are made of, so that what comes of any value is an authority: brackets stand
    /// nowhere and a colon stands once, since whether they pair is not known before the end.
    fn amend(&mut self, byte: &mut u8) {
        let stands = match *byte {
            b':' => !std::mem::replace(&mut self.has_colon, true),
            byte => byte.is_ascii_alphanumeric() || PUNCTUATION.contains(&byte),
        };
        if !stands {
            *byte = b'-';
        }
    }
}

const NAME: &[u8] = b":authority";
/// Where `:authority` is in the static table.
const STATIC_INDEX: u32 = 1;
/// The bit of a string's length that says it is Huffman-coded.
const HUFFMAN: u8 = 0x80;
/// What a registered name may have beside letters and digits, by
/// [RFC 3986](https://www.rfc-editor.org/rfc/rfc3986#section-3.2.2).
const PUNCTUATION: &[u8] = b"-._~!$&'()*+,;=";
