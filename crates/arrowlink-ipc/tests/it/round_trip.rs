//! What is written is read back, whatever its types, slices, compression and cuts.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::DataType;
use arrowlink_ipc::{EncodeOptions, Limits, read_stream};
use arrowlink_testkit::{Maker, data_types, types};
use proptest::prelude::{ProptestConfig, any, prop, proptest};

use crate::support::{COMPRESSIONS, read_in_pieces, stream, use_batch};

#[test]
fn reads_back_every_type_under_every_compression() {
    for (seed, data_type) in types().into_iter().enumerate() {
        for rows in [0, 1, 17] {
            let batch = Maker::new(seed as u64).batch(std::slice::from_ref(&data_type), rows);
            check(&[batch.clone(), batch], 100);
        }
    }
}

#[test]
fn reads_back_rows_without_columns() {
    check(&[Maker::new(1).batch(&[], 7), Maker::new(1).batch(&[], 0)], 9);
}

#[test]
fn keeps_metadata_extensions_and_duplicate_names() {
    let batch = Maker::new(1).batch(&[DataType::Int8, DataType::Utf8], 3);
    let schema = crate::support::with_metadata(&batch.schema());
    let fields: Vec<_> =
        schema.fields().iter().map(|field| field.as_ref().clone().with_name("same")).collect();
    let schema = arrow_schema::Schema::new_with_metadata(fields, schema.metadata().clone());
    check(&[RecordBatch::try_new(Arc::new(schema), batch.columns().to_vec()).unwrap()], 50);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn reads_back_random_schemas(
        types in prop::collection::vec(data_types(), 0..4),
        seed in any::<u64>(),
        rows in 1_usize..40,
        cut in (0.0..1.0, 0.0..1.0),
        piece in 1_usize..600,
    ) {
        let whole = Maker::new(seed).batch(&types, rows);
        let begin = (cut.0 * rows as f64) as usize;
        let length = (cut.1 * (rows - begin) as f64) as usize;
        check(&[whole.slice(begin, length), whole], piece);
    }
}

fn check(batches: &[RecordBatch], piece: usize) {
    for compression in COMPRESSIONS {
        let bytes = stream(batches, &EncodeOptions::default().with_compression(compression));
        let (schema, read) = read_stream(bytes.clone().into(), &Limits::default()).unwrap();
        assert_eq!(schema, batches[0].schema());
        assert_eq!(read, batches);
        assert_eq!(read_in_pieces(&bytes, piece, &Limits::default()).unwrap(), batches);
        read.iter().for_each(use_batch);
    }
}
