//! One JSON array as the sequence of its elements.

use std::io::{self, BufRead, Read};

/// Reads a JSON array and returns its elements one after the other, without the brackets and commas around them.
///
/// What is within an element is passed on unread. An array that is not closed, and text after it, are errors: without
/// them a file that was cut off would be a shorter table.
#[derive(Debug)]
pub(super) struct ArrayRows<R> {
    inner: R,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Before,
    Within { depth: u64, text: Text },
    After,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Text {
    Outside,
    Inside,
    Escaped,
}

impl<R: BufRead> ArrayRows<R> {
    pub(super) const fn new(inner: R) -> Self {
        Self { inner, state: State::Before }
    }
}

impl<R: BufRead> Read for ArrayRows<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let input = self.inner.fill_buf()?;
        if input.is_empty() && self.state != State::After {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the array is not closed: its end is missing",
            ));
        }
        let length = input.len().min(out.len());
        for (byte, place) in input.iter().zip(out.iter_mut()) {
            (*place, self.state) = self.state.next(*byte)?;
        }
        self.inner.consume(length);
        Ok(length)
    }
}

impl State {
    /// Returns what stands for `byte`, and the state after it.
    fn next(self, byte: u8) -> io::Result<(u8, Self)> {
        match (self, byte) {
            (Self::Before, b'[') => Ok((b' ', Self::Within { depth: 0, text: Text::Outside })),
            (Self::Before | Self::After, byte) if byte.is_ascii_whitespace() => Ok((byte, self)),
            (Self::Before | Self::After, _) => {
                Err(io::Error::new(io::ErrorKind::InvalidData, "there is text after the end of the array"))
            }
            (Self::Within { depth: 0, text: Text::Outside }, b']') => Ok((b' ', Self::After)),
            (Self::Within { depth: 0, text: Text::Outside }, b',') => Ok((b'\n', self)),
            (Self::Within { depth, text }, byte) => Ok((byte, Self::inside(depth, text, byte))),
        }
    }

    const fn inside(depth: u64, text: Text, byte: u8) -> Self {
        match (text, byte) {
            (Text::Escaped, _) => Self::Within { depth, text: Text::Inside },
            (Text::Inside, b'\\') => Self::Within { depth, text: Text::Escaped },
            (Text::Inside, b'"') => Self::Within { depth, text: Text::Outside },
            (Text::Inside, _) => Self::Within { depth, text },
            (Text::Outside, b'"') => Self::Within { depth, text: Text::Inside },
            (Text::Outside, b'{' | b'[') => Self::Within { depth: depth + 1, text },
            (Text::Outside, b'}' | b']') => Self::Within { depth: depth.saturating_sub(1), text },
            (Text::Outside, _) => Self::Within { depth, text },
        }
    }
}
