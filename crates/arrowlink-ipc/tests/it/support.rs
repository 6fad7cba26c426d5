//! Streams, and what a caller does with batches.

use std::collections::HashMap;

use arrow_array::{Array as _, RecordBatch};
use arrow_buffer::{Buffer, MutableBuffer};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::Schema;
use arrowlink_ipc::{
    Compression, Decoded, EncodeOptions, Error, ErrorKind, Limits, Message, MessageDecoder, MessageEncoder,
    StreamDecoder, read_stream, write_stream,
};
use bytes::Bytes;

pub(crate) const COMPRESSIONS: [Option<Compression>; 3] =
    [None, Some(Compression::Lz4), Some(Compression::Zstd)];

/// Returns a schema whose every field carries metadata.
pub(crate) fn with_metadata(schema: &Schema) -> Schema {
    let metadata = |name: &str| HashMap::from([("ARROW:extension:name".to_owned(), name.to_owned())]);
    let fields: Vec<_> = schema
        .fields()
        .iter()
        .map(|field| field.as_ref().clone().with_metadata(metadata(field.name())))
        .collect();
    Schema::new_with_metadata(fields, metadata("schema"))
}

/// Writes a stream of `batches`, which share a schema.
pub(crate) fn stream(batches: &[RecordBatch], options: &EncodeOptions) -> Vec<u8> {
    let segments = write_stream(&batches[0].schema(), batches, options).unwrap();
    segments.iter().flat_map(|segment| segment.to_vec()).collect()
}

/// Reads a stream in pieces of at most `piece` bytes.
pub(crate) fn read_in_pieces(bytes: &[u8], piece: usize, limits: &Limits) -> Result<Vec<RecordBatch>, Error> {
    let mut decoder = StreamDecoder::new(limits.clone());
    let mut batches = Vec::new();
    for piece in bytes.chunks(piece) {
        let mut piece = Buffer::from(piece);
        while let Some(batch) = decoder.decode(&mut piece)? {
            batches.push(batch);
        }
        assert!(piece.is_empty());
    }
    decoder.finish()?;
    Ok(batches)
}

/// Reads what may be no stream at all, uses what comes out, and says whether anything was wrong.
pub(crate) fn try_to_read(bytes: &[u8], limits: &Limits) -> Result<Vec<RecordBatch>, Error> {
    match read_stream(Bytes::copy_from_slice(bytes), limits) {
        Ok((_, batches)) => {
            batches.iter().for_each(use_batch);
            Ok(batches)
        }
        Err(error) => {
            check_no_panic(&error);
            Err(error)
        }
    }
}

/// Does with a decoded batch what callers do: validates, prints, slices, compares.
pub(crate) fn use_batch(batch: &RecordBatch) {
    let options = FormatOptions::default().with_display_error(true);
    for column in batch.columns() {
        column.to_data().validate_full().unwrap();
        if let Ok(formatter) = ArrayFormatter::try_new(column, &options) {
            for row in (0..column.len()).take(4).chain(column.len().saturating_sub(3)..column.len()) {
                let _ = formatter.value(row).to_string();
            }
        }
        let half = column.slice(column.len() / 2, column.len() - column.len() / 2);
        half.to_data().validate_full().unwrap();
        if column.len() < 10_000 {
            assert_eq!(&half, &column.slice(column.len() / 2, half.len()));
            let _ = format!("{half:?}");
        }
    }
}

/// Fails where the last line of defence caught a panic.
fn check_no_panic(error: &Error) {
    assert_ne!(error.kind(), ErrorKind::Internal, "{error}");
    assert_ne!(error.to_string(), "");
}

/// Returns the body of a message as one buffer that begins at a multiple of 64, as a receiver has it.
pub(crate) fn body(message: &Message) -> Buffer {
    let mut body = MutableBuffer::with_capacity(message.body_bytes());
    message.body().iter().for_each(|segment| body.extend_from_slice(segment));
    body.into()
}

/// Writes `batches` as messages, the schema's first.
pub(crate) fn written(batches: &[RecordBatch], options: &EncodeOptions) -> Vec<Message> {
    let mut encoder = MessageEncoder::new(&batches[0].schema(), options).unwrap();
    let mut messages = vec![encoder.schema().clone()];
    for batch in batches {
        messages.extend(encoder.encode(batch).unwrap());
    }
    messages
}

/// Reads messages whose headers and bodies are given.
pub(crate) fn read_messages<'a>(
    messages: impl IntoIterator<Item = &'a (Buffer, Buffer)>,
    limits: &Limits,
) -> Result<Vec<RecordBatch>, Error> {
    let mut decoder = MessageDecoder::new(limits.clone());
    let mut batches = Vec::new();
    for (header, body) in messages {
        match decoder.decode(header, body) {
            Ok(Decoded::Batch(batch)) => batches.push(batch),
            Ok(_) => {}
            Err(error) => {
                check_no_panic(&error);
                assert_eq!(decoder.decode(header, body).unwrap_err().kind(), ErrorKind::Invalid);
                return Err(error);
            }
        }
    }
    Ok(batches)
}

/// Returns header and body of every message.
pub(crate) fn parts(messages: &[Message]) -> Vec<(Buffer, Buffer)> {
    messages.iter().map(|message| (message.header().clone(), body(message))).collect()
}
