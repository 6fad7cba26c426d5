//! The state machine that reads messages out of bytes, wherever these are cut.
//!
//! It knows gRPC's prefix and Protobuf's wire format, and reads every byte once. What a length claims is compared with
//! what contains it: the message with its limit, the field with the message.

use std::mem;

use bytes::{Buf as _, Bytes};

use super::draft::Draft;
use super::failure::{Fault, Malformed, Reason};
use super::message::{Field, Message, Shape};
use super::varint::Varint;
use crate::frame::PREFIX_BYTES;
use crate::pool::BlockPool;

/// A message in the making, and where it is.
pub(super) struct Assembler {
    shape: Shape,
    pool: BlockPool,
    max_message_bytes: usize,
    step: Step,
    /// The length of the message, without its prefix.
    length: usize,
    /// What of it was not read.
    left: usize,
    /// Where in it the step began.
    at: usize,
    /// The unknown groups that are open, outermost first.
    groups: Vec<u32>,
    draft: Draft,
}

/// What the next byte belongs to.
#[derive(Clone, Copy)]
enum Step {
    Prefix {
        bytes: [u8; PREFIX_BYTES],
        read: usize,
    },
    Key(Varint),
    /// The value of a field that is skipped.
    Value(Varint),
    Length {
        number: u32,
        varint: Varint,
    },
    /// So many bytes that are skipped.
    Skip(usize),
    /// So many bytes of a field.
    Bytes(Field, usize),
    /// The rest of a message that is none.
    Malformed(Malformed),
}

impl Assembler {
    pub(super) fn new(shape: Shape, pool: BlockPool, max_message_bytes: usize) -> Self {
        Self {
            shape,
            pool,
            max_message_bytes,
            step: START,
            length: 0,
            left: 0,
            at: 0,
            groups: Vec::new(),
            draft: Draft::default(),
        }
    }

    /// Whether nothing came after the last message that was complete.
    pub(super) const fn is_between_messages(&self) -> bool {
        matches!(self.step, Step::Prefix { read: 0, .. })
    }

    /// Reads `bytes` up to the end of a message, which is returned, or all of them.
    ///
    /// That a message is malformed is told at its end: until then, its sender may still say why it broke off.
    pub(super) fn read(&mut self, bytes: &mut Bytes) -> Result<Option<Message>, Fault> {
        loop {
            if self.is_at_end() {
                return self.finish().map(Some);
            }
            if bytes.is_empty() {
                return Ok(None);
            }
            match self.step(bytes) {
                Ok(()) => {}
                Err(Fault::Malformed(malformed)) => self.give_up(malformed),
                Err(fault) => return Err(fault),
            }
        }
    }

    /// Reads on to the end of the message, but keeps nothing of it.
    fn give_up(&mut self, malformed: Malformed) {
        self.draft = Draft::default();
        self.groups.clear();
        self.step = Step::Malformed(malformed);
    }

    const fn is_at_end(&self) -> bool {
        self.left == 0 && !matches!(self.step, Step::Prefix { .. })
    }

    fn finish(&mut self) -> Result<Message, Fault> {
        if let Step::Malformed(malformed) = self.step {
            return Err(Fault::Malformed(malformed));
        }
        let is_between_fields = matches!(self.step, Step::Key(varint) if varint.is_empty());
        if !is_between_fields || !self.groups.is_empty() {
            return Err(self.malformed(Reason::Cut));
        }
        self.step = START;
        Ok(mem::take(&mut self.draft).finish(self.length))
    }

    /// Reads what `bytes` have of the step, at least one of them.
    fn step(&mut self, bytes: &mut Bytes) -> Result<(), Fault> {
        match self.step {
            Step::Prefix { bytes: prefix, read } => self.read_prefix(prefix, read, bytes),
            Step::Key(varint) => match self.read_varint(varint, bytes, Step::Key)? {
                Some(key) => self.begin_field(key),
                None => Ok(()),
            },
            Step::Value(varint) => {
                if self.read_varint(varint, bytes, Step::Value)?.is_some() {
                    self.begin(Step::Key(Varint::default()));
                }
                Ok(())
            }
            Step::Length { number, varint } => {
                let again = |varint| Step::Length { number, varint };
                match self.read_varint(varint, bytes, again)? {
                    Some(length) => self.begin_bytes(number, length),
                    None => Ok(()),
                }
            }
            Step::Skip(length) => {
                let here = length.min(bytes.len());
                bytes.advance(here);
                self.left -= here;
                self.begin_skipping(length - here);
                Ok(())
            }
            Step::Bytes(field, length) => {
                self.read_bytes(field, length, bytes);
                Ok(())
            }
            Step::Malformed(_) => {
                let here = self.left.min(bytes.len());
                bytes.advance(here);
                self.left -= here;
                Ok(())
            }
        }
    }

    fn read_prefix(
        &mut self,
        mut prefix: [u8; PREFIX_BYTES],
        read: usize,
        bytes: &mut Bytes,
    ) -> Result<(), Fault> {
        let missing = prefix.iter_mut().skip(read);
        let mut count = read;
        for (place, byte) in missing.zip(bytes.iter()) {
            *place = *byte;
            count += 1;
        }
        bytes.advance(count - read);
        if count < PREFIX_BYTES {
            self.step = Step::Prefix { bytes: prefix, read: count };
            return Ok(());
        }
        let [flag, length @ ..] = prefix;
        self.begin_message(flag, u32::from_be_bytes(length) as usize)
    }

    fn begin_message(&mut self, flag: u8, length: usize) -> Result<(), Fault> {
        if flag != 0 {
            return Err(Fault::Flag(flag));
        }
        if length + PREFIX_BYTES > self.max_message_bytes {
            return Err(Fault::TooLarge(length + PREFIX_BYTES));
        }
        (self.length, self.left) = (length, length);
        match self.shape {
            Shape::Whole(_) => {
                self.draft.begin(Field::Bulk, length, &self.pool);
                self.begin_reading(Field::Bulk, length);
            }
            Shape::Empty | Shape::Payload(_) | Shape::Flight => self.begin(Step::Key(Varint::default())),
        }
        Ok(())
    }

    /// Reads on with an integer, and returns it when it is complete.
    fn read_varint(
        &mut self,
        mut varint: Varint,
        bytes: &mut Bytes,
        again: impl FnOnce(Varint) -> Step,
    ) -> Result<Option<u64>, Fault> {
        while self.left > 0 && bytes.has_remaining() {
            self.left -= 1;
            let value = varint.push(bytes.get_u8()).map_err(|_| self.malformed(Reason::Varint))?;
            if value.is_some() {
                return Ok(value);
            }
        }
        self.step = again(varint);
        Ok(None)
    }

    fn begin_field(&mut self, key: u64) -> Result<(), Fault> {
        let (number, wire_type) =
            (u32::try_from(key).map_err(|_| self.malformed(Reason::Key))? >> 3, key & 7);
        if number == 0 {
            return Err(self.malformed(Reason::FieldZero));
        }
        let is_known = self.groups.is_empty() && self.shape.field(number).is_some();
        if is_known && wire_type != LENGTH_DELIMITED {
            return Err(self.malformed(Reason::NotBytes { field: number, wire_type }));
        }
        match wire_type {
            VARINT => self.begin(Step::Value(Varint::default())),
            FIXED_64 => return self.begin_fixed(number, 8),
            LENGTH_DELIMITED => self.begin(Step::Length { number, varint: Varint::default() }),
            GROUP_BEGIN => return self.begin_group(number),
            GROUP_END => return self.end_group(number),
            FIXED_32 => return self.begin_fixed(number, 4),
            _ => return Err(self.malformed(Reason::WireType(wire_type))),
        }
        Ok(())
    }

    fn begin_fixed(&mut self, number: u32, bytes: usize) -> Result<(), Fault> {
        if bytes > self.left {
            return Err(self.malformed(Reason::Past { field: number, bytes: bytes as u64, left: self.left }));
        }
        self.begin_skipping(bytes);
        Ok(())
    }

    fn begin_group(&mut self, number: u32) -> Result<(), Fault> {
        if self.groups.len() == MAX_GROUPS {
            return Err(self.malformed(Reason::GroupDepth));
        }
        self.groups.push(number);
        self.begin(Step::Key(Varint::default()));
        Ok(())
    }

    fn end_group(&mut self, number: u32) -> Result<(), Fault> {
        if self.groups.pop() != Some(number) {
            return Err(self.malformed(Reason::GroupEnd));
        }
        self.begin(Step::Key(Varint::default()));
        Ok(())
    }

    fn begin_bytes(&mut self, number: u32, length: u64) -> Result<(), Fault> {
        let left = self.left;
        let Some(bytes) = usize::try_from(length).ok().filter(|bytes| *bytes <= left) else {
            return Err(self.malformed(Reason::Past { field: number, bytes: length, left }));
        };
        let known = if self.groups.is_empty() { self.shape.field(number) } else { None };
        let Some(field) = known else {
            self.begin_skipping(bytes);
            return Ok(());
        };
        if !self.draft.begin(field, bytes, &self.pool) {
            return Err(Fault::FieldTooLarge(field, bytes));
        }
        self.begin_reading(field, bytes);
        Ok(())
    }

    fn read_bytes(&mut self, field: Field, length: usize, bytes: &mut Bytes) {
        let here = length.min(bytes.len());
        self.draft.push(field, bytes.split_to(here), here == length);
        self.left -= here;
        self.begin_reading(field, length - here);
    }

    fn begin_skipping(&mut self, bytes: usize) {
        self.begin(if bytes == 0 { Step::Key(Varint::default()) } else { Step::Skip(bytes) });
    }

    fn begin_reading(&mut self, field: Field, bytes: usize) {
        self.begin(if bytes == 0 { Step::Key(Varint::default()) } else { Step::Bytes(field, bytes) });
    }

    const fn begin(&mut self, step: Step) {
        self.at = self.length - self.left;
        self.step = step;
    }

    const fn malformed(&self, reason: Reason) -> Fault {
        Fault::Malformed(Malformed { reason, at: self.at })
    }
}

const START: Step = Step::Prefix { bytes: [0; PREFIX_BYTES], read: 0 };
/// As deep as prost reads.
const MAX_GROUPS: usize = 100;

const VARINT: u64 = 0;
const FIXED_64: u64 = 1;
const LENGTH_DELIMITED: u64 = 2;
const GROUP_BEGIN: u64 = 3;
const GROUP_END: u64 = 4;
const FIXED_32: u64 = 5;
