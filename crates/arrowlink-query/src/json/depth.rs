//! Where an object of JSON ends: at the brace that closes the one it began with, outside of texts.
//!
//! Whether it is JSON in between is not asked here. What is not will not pass the check of the row.

/// How deep within braces and brackets the reader is, and whether within a text.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Depth {
    /// How many braces and brackets are open.
    open: usize,
    in_text: bool,
    /// Whether the last byte was a backslash that takes the meaning from the next.
    escaped: bool,
}

impl Depth {
    /// Goes on over `bytes`; returns how many of them belong to the object where it ends within them.
    ///
    /// `bytes` begins with the `{` of the object at the first call and goes on where the last call ended at every
    /// other. Brackets are counted and not matched with each other: `{"a": [}` has not ended yet, and what is closed
    /// in the wrong way is found when the row is checked.
    pub(super) fn end_in(&mut self, bytes: &[u8]) -> Option<usize> {
        for (index, byte) in bytes.iter().enumerate() {
            if self.in_text {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.in_text = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => self.in_text = true,
                b'{' | b'[' => self.open += 1,
                b'}' | b']' => {
                    self.open -= 1;
                    if self.open == 0 {
                        return Some(index + 1);
                    }
                }
                _ => {}
            }
        }
        None
    }
}
