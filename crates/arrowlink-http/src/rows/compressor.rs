//! A body's bytes, compressed as they go.

use std::io::{self, Write as _};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::negotiate::Coding;

/// Compresses one body from its begin to its end.
pub(super) enum Compressor {
    Identity,
    Zstd(Box<zstd::stream::write::Encoder<'static, Vec<u8>>>),
    Gzip(Box<GzEncoder<Vec<u8>>>),
}

impl Compressor {
    pub(super) fn new(coding: Coding) -> io::Result<Self> {
        Ok(match coding {
            Coding::Identity => Self::Identity,
            Coding::Zstd => Self::Zstd(Box::new(zstd::stream::write::Encoder::new(Vec::new(), ZSTD_LEVEL)?)),
            Coding::Gzip => Self::Gzip(Box::new(GzEncoder::new(Vec::new(), Compression::fast()))),
        })
    }

    /// Whether it does nothing.
    pub(super) const fn is_identity(&self) -> bool {
        matches!(self, Self::Identity)
    }

    /// Compresses `segments`; what is returned is enough to read all of them.
    pub(super) fn compress(&mut self, segments: Vec<Bytes>) -> io::Result<Vec<Bytes>> {
        if segments.is_empty() {
            return Ok(segments);
        }
        match self {
            Self::Identity => Ok(segments),
            Self::Zstd(encoder) => {
                segments.iter().try_for_each(|segment| encoder.write_all(segment))?;
                encoder.flush()?;
                Ok(vec![std::mem::take(encoder.get_mut()).into()])
            }
            Self::Gzip(encoder) => {
                segments.iter().try_for_each(|segment| encoder.write_all(segment))?;
                encoder.flush()?;
                Ok(vec![std::mem::take(encoder.get_mut()).into()])
            }
        }
    }

    /// Ends the body.
    pub(super) fn finish(self) -> io::Result<Bytes> {
        match self {
            Self::Identity => Ok(Bytes::new()),
            Self::Zstd(encoder) => encoder.finish().map(Bytes::from),
            Self::Gzip(encoder) => encoder.finish().map(Bytes::from),
        }
    }
}

/// What zstd itself takes where it is not told.
const ZSTD_LEVEL: i32 = 3;
