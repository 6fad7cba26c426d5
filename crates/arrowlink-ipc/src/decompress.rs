//! Compressed buffers, read with a bound: what comes out has the length that was declared, and that was paid for.
//!
//! "Compression" of the Arrow columnar format: each buffer is compressed by itself and begins with its uncompressed
//! length. That length is the sender's word. It is charged to the budget, and compared with what the codec could
//! reach at best, before memory for it is taken; a small buffer that claims to be large costs nothing.

use std::io::Read as _;

use arrow_buffer::Buffer;
use arrow_ipc::{BodyCompression, BodyCompressionMethod, CompressionType};
use lz4_flex::frame::FrameDecoder;
use zstd::bulk;

use crate::Error;
use crate::limits::Budget;

/// The codec of one message's buffers, and the state it keeps between them.
pub(crate) enum Decompressor {
    Lz4,
    Zstd(bulk::Decompressor<'static>),
}

impl Decompressor {
    /// Fails with `Invalid` where the codec or the method is none that the format has.
    pub(crate) fn new(compression: &BodyCompression<'_>) -> Result<Self, Error> {
        if compression.method() != BodyCompressionMethod::BUFFER {
            return Err(Error::invalid(format!("compression method {} is unknown", compression.method().0)));
        }
        match compression.codec() {
            CompressionType::LZ4_FRAME => Ok(Self::Lz4),
            CompressionType::ZSTD => {
                let decompressor = bulk::Decompressor::new();
                decompressor
                    .map(Self::Zstd)
                    .map_err(|error| Error::invalid(format!("zstd cannot begin: {error}")))
            }
            CompressionType(unknown) => {
                Err(Error::invalid(format!("compression codec {unknown} is unknown")))
            }
        }
    }

    /// Reads a buffer: eight bytes of uncompressed length, -1 where it is not compressed, and the bytes.
    ///
    /// An empty buffer stays empty, without a length. The bytes after a length of -1 are returned as they lie in the
    /// message.
    pub(crate) fn read(&mut self, buffer: &Buffer, budget: &mut Budget) -> Result<Buffer, Error> {
        if buffer.is_empty() {
            return Ok(buffer.clone());
        }
        let Some((declared, input)) = buffer.split_first_chunk() else {
            return Err(Error::invalid(format!("a compressed buffer has {} bytes", buffer.len())));
        };
        match i64::from_le_bytes(*declared) {
            -1 => Ok(buffer.slice(declared.len())),
            length => {
                let length = usize::try_from(length).map_err(|_| {
                    Error::invalid(format!("the uncompressed length of a buffer is {length}"))
                })?;
                budget.charge(length)?;
                self.decompress(input, length)
            }
        }
    }

    /// Reads exactly `length` bytes; less or more is an error, because the length was charged and the output must not
    /// grow past it.
    fn decompress(&mut self, input: &[u8], length: usize) -> Result<Buffer, Error> {
        if length > input.len().saturating_mul(self.best_ratio()) {
            let reason = format!("{} compressed bytes cannot hold the {length} declared", input.len());
            return Err(Error::invalid(reason));
        }
        let mut output = Vec::with_capacity(length);
        let result = match self {
            Self::Lz4 => lz4(input, &mut output, length),
            Self::Zstd(decompressor) => decompressor.decompress_to_buffer(input, &mut output).map(drop),
        };
        result.map_err(|error| {
            Error::invalid(format!("a buffer that declares {length} bytes cannot be decompressed: {error}"))
        })?;
        if output.len() != length {
            let reason = format!("a buffer that declares {length} bytes decompresses to others");
            return Err(Error::invalid(reason));
        }
        Ok(Buffer::from_vec(output))
    }

    /// Returns how many bytes one compressed byte can stand for.
    ///
    /// No input that is valid is refused by it; it is rounded up.
    const fn best_ratio(&self) -> usize {
        match self {
            Self::Lz4 => 256,
            // A block of 128 KiB that repeats one byte takes four.
            Self::Zstd(_) => 1 << 16,
        }
    }
}

/// Reads one frame into `output`, which has room for `length` bytes, and stops at the first byte past them.
///
/// The magic is checked here: the decoder would also take LZ4's legacy frames, which the format does not have.
fn lz4(input: &[u8], output: &mut Vec<u8>, length: usize) -> std::io::Result<()> {
    if !input.starts_with(&LZ4_MAGIC) {
        return Err(std::io::Error::other("this is no LZ4 frame"));
    }
    let mut decoder = FrameDecoder::new(input);
    output.resize(length, 0);
    decoder.read_exact(output)?;
    if decoder.read(&mut [0])? > 0 {
        return Err(std::io::Error::other("it holds more"));
    }
    Ok(())
}

const LZ4_MAGIC: [u8; 4] = 0x184d_2204_u32.to_le_bytes();
