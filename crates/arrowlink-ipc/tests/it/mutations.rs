//! Damaged streams: whatever byte is wrong, the answer is an error or a batch that can be used, never a panic.
//!
//! A panic that the decoder's last line of defence catches fails these tests too.

use arrow_array::RecordBatch;
use arrow_schema::DataType;
use arrowlink_ipc::{EncodeOptions, Limits};
use arrowlink_testkit::{Maker, types};
use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};

use crate::support::{COMPRESSIONS, stream, try_to_read};

#[test]
fn survives_every_changed_byte_of_flat_types() {
    let flat: Vec<_> = types().into_iter().filter(|data_type| !data_type.is_nested()).collect();
    flat.iter().for_each(change_every_byte);
}

#[test]
fn survives_every_changed_byte_of_nested_types() {
    let nested: Vec<_> = types().into_iter().filter(DataType::is_nested).collect();
    nested.iter().for_each(change_every_byte);
}

#[test]
fn survives_every_changed_byte_of_three_columns() {
    let batch = Maker::new(3).batch(&[DataType::Int32, DataType::Utf8, DataType::Float64], 3);
    change_each(&stream(&[batch], &EncodeOptions::default()), 0, &CHANGES);
}

#[test]
fn survives_changed_bytes_of_compressed_bodies() {
    for (seed, data_type) in types().into_iter().enumerate() {
        let batch = compressible(seed as u64, data_type);
        for compression in COMPRESSIONS.into_iter().flatten() {
            let options = EncodeOptions::default().with_compression(Some(compression));
            let empty = stream(&[batch.slice(0, 0)], &options);
            let bytes = stream(std::slice::from_ref(&batch), &options);
            let schema = bytes.iter().zip(&empty).take_while(|(a, b)| a == b).count();
            change_each(&bytes, schema, &CHANGES[..1]);
        }
    }
}

#[test]
fn survives_many_changed_bytes() {
    let mut random = SmallRng::seed_from_u64(7);
    for (seed, data_type) in types().into_iter().enumerate() {
        let batch = compressible(seed as u64, data_type);
        for compression in COMPRESSIONS {
            let bytes =
                stream(std::slice::from_ref(&batch), &EncodeOptions::default().with_compression(compression));
            for _ in 0..80 {
                let mut changed = bytes.clone();
                for _ in 0..random.random_range(2..8) {
                    let at = random.random_range(0..changed.len());
                    changed[at] = if random.random_bool(0.5) {
                        random.random()
                    } else {
                        changed[at] ^ (1 << random.random_range(0..8))
                    };
                }
                let _ = try_to_read(&changed, &Limits::default());
            }
        }
    }
}

fn change_every_byte(data_type: &DataType) {
    let batch = Maker::new(5).batch(std::slice::from_ref(data_type), 3);
    change_each(&stream(&[batch], &EncodeOptions::default()), 0, &CHANGES);
}

fn change_each(bytes: &[u8], from: usize, changes: &[fn(u8) -> u8]) {
    let mut failed = 0;
    for at in from..bytes.len() {
        for change in changes {
            let mut changed = bytes.to_vec();
            changed[at] = change(changed[at]);
            failed += usize::from(try_to_read(&changed, &Limits::default()).is_err());
        }
    }
    assert!(failed > 0, "not one change was noticed");
}

fn compressible(seed: u64, data_type: DataType) -> RecordBatch {
    Maker::new(seed).batch(&[data_type], 30)
}

const CHANGES: [fn(u8) -> u8; 4] = [
    |byte| byte ^ 0xff,
    |byte| byte.wrapping_add(1),
    |byte| byte ^ 0x80,
    |byte| if byte == 0 { 8 } else { 0 },
];
