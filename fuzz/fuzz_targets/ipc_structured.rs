//! Random schemas and batches, written, read back in pieces, then damaged and read again.

#![no_main]

use arbitrary::{Arbitrary, Result, Unstructured};
use arrow_schema::DataType;
use arrowlink_fuzz::types::types;
use arrowlink_ipc::{Compression, Dictionaries, EncodeOptions, write_stream};
use arrowlink_testkit::Maker;
use libfuzzer_sys::fuzz_target;

#[derive(Debug)]
struct Input {
    types: Vec<DataType>,
    seed: u64,
    rows: Vec<u8>,
    slice: (u8, u8),
    compression: u8,
    deltas: bool,
    piece: u16,
    changes: Vec<(u16, u8)>,
}

impl<'a> Arbitrary<'a> for Input {
    fn arbitrary(input: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self {
            types: types(input)?,
            seed: input.arbitrary()?,
            rows: (0..input.int_in_range(1..=3)?)
                .map(|_| input.int_in_range(0..=40))
                .collect::<Result<_>>()?,
            slice: input.arbitrary()?,
            compression: input.int_in_range(0..=2)?,
            deltas: input.arbitrary()?,
            piece: input.arbitrary()?,
            changes: input.arbitrary()?,
        })
    }
}

fuzz_target!(|input: Input| {
    let mut maker = Maker::new(input.seed);
    let first = maker.batch(&input.types, usize::from(input.rows[0]));
    let mut batches = vec![];
    for rows in &input.rows {
        let batch = maker.batch_of(&first.schema(), usize::from(*rows));
        let begin = usize::from(input.slice.0) % (batch.num_rows() + 1);
        let length = usize::from(input.slice.1) % (batch.num_rows() - begin + 1);
        batches.push(batch.slice(begin, length));
    }
    let dictionaries = if input.deltas { Dictionaries::Delta } else { Dictionaries::Replace };
    let options = EncodeOptions::default()
        .with_compression(COMPRESSIONS[usize::from(input.compression)])
        .with_dictionaries(dictionaries);
    let segments = write_stream(&batches[0].schema(), &batches, &options).unwrap();
    let mut bytes: Vec<u8> = segments.iter().flat_map(|segment| segment.to_vec()).collect();
    let piece = usize::from(input.piece);
    assert_eq!(arrowlink_fuzz::read(&bytes, piece).unwrap(), batches);
    for (at, change) in &input.changes {
        let at = usize::from(*at) % bytes.len();
        bytes[at] ^= change;
    }
    let _ = arrowlink_fuzz::read(&bytes, piece);
});

const COMPRESSIONS: [Option<Compression>; 3] = [None, Some(Compression::Lz4), Some(Compression::Zstd)];
