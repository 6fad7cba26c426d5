//! What the targets share: limits small enough that every excess shows, and the use of a decoded batch.

pub mod asked;
pub mod call;
pub mod types;

use arrow_array::{Array as _, RecordBatch};
use arrow_buffer::Buffer;
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrowlink_ipc::{Error, ErrorKind, Limits, StreamDecoder, read_stream};

/// Returns limits under which an honest stream of a fuzzer passes.
pub fn limits() -> Limits {
    Limits::default()
        .with_max_message_bytes(1 << 20)
        .with_max_metadata_bytes(1 << 18)
        .with_max_decompressed_bytes(16 << 20)
        .with_max_dictionary_bytes(16 << 20)
        .with_max_fields(1000)
        .with_max_rows(1 << 20)
}

/// Reads `bytes` whole and in pieces of `piece` bytes, and uses what comes out.
pub fn read(bytes: &[u8], piece: usize) -> Result<Vec<RecordBatch>, Error> {
    let whole = read_stream(bytes.to_vec().into(), &limits());
    let pieces = read_in_pieces(bytes, piece.max(1));
    match (whole, pieces) {
        (Ok((_, whole)), Ok(pieces)) => {
            assert_eq!(whole.len(), pieces.len());
            whole.iter().chain(&pieces).for_each(use_batch);
            Ok(whole)
        }
        (whole, pieces) => {
            let kinds = [&whole.map(|(_, batches)| batches), &pieces]
                .map(|result| result.as_ref().err().map(Error::kind));
            assert!(!kinds.contains(&Some(ErrorKind::Internal)), "a panic was caught: {pieces:?}");
            // Only what is counted over the whole stream may be too much for one and not for the other, and only what
            // is there as a whole must have its end-of-stream marker.
            assert!(
                kinds.iter().all(Option::is_some)
                    || matches!(kinds[0], Some(ErrorKind::LimitExceeded | ErrorKind::Truncated))
                    || kinds[1] == Some(ErrorKind::LimitExceeded),
                "{kinds:?}"
            );
            pieces
        }
    }
}

fn read_in_pieces(bytes: &[u8], piece: usize) -> Result<Vec<RecordBatch>, Error> {
    let mut decoder = StreamDecoder::new(limits());
    let mut batches = Vec::new();
    for piece in bytes.chunks(piece) {
        let mut piece = Buffer::from(piece);
        while let Some(batch) = decoder.decode(&mut piece)? {
            batches.push(batch);
        }
    }
    decoder.finish()?;
    Ok(batches)
}

/// Validates, prints, slices and compares.
pub fn use_batch(batch: &RecordBatch) {
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
        let _ = half.logical_nulls();
        if column.len() < 1000 {
            assert_eq!(&half, &column.slice(column.len() / 2, half.len()));
            let _ = format!("{half:?}");
        }
    }
}
