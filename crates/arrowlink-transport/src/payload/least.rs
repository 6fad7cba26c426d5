//! The least that rows take on the wire, known without encoding them.
//!
//! A batch that cannot fit into a message is cut by this at once; trying it as a whole first would rebuild every
//! column that has to be made plain. What is not known counts as nothing: the real size is always measured.

use arrow_array::cast::AsArray as _;
use arrow_array::types::ByteArrayType;
use arrow_array::{Array as _, ArrayRef, GenericByteArray, RecordBatch};
use arrow_buffer::ArrowNativeType as _;
use arrow_schema::DataType;

/// Returns a number of bytes that the body of `batch` does not fall short of, once its columns are plain.
pub(super) fn least_bytes(batch: &RecordBatch) -> usize {
    batch.columns().iter().map(of_column).sum()
}

fn of_column(column: &ArrayRef) -> usize {
    let rows = column.len();
    match column.data_type() {
        DataType::Utf8 => of_texts(column.as_string::<i32>()),
        DataType::LargeUtf8 => of_texts(column.as_string::<i64>()),
        DataType::Binary => of_texts(column.as_binary::<i32>()),
        DataType::LargeBinary => of_texts(column.as_binary::<i64>()),
        DataType::Utf8View => {
            rows * 4 + column.as_string_view().iter().flatten().map(str::len).sum::<usize>()
        }
        DataType::BinaryView => {
            rows * 4 + column.as_binary_view().iter().flatten().map(<[u8]>::len).sum::<usize>()
        }
        DataType::FixedSizeBinary(width) => rows * usize::try_from(*width).unwrap_or_default(),
        DataType::Dictionary(keys, _) => rows * keys.primitive_width().unwrap_or_default(),
        DataType::Struct(_) => column.as_struct().columns().iter().map(of_column).sum(),
        other => rows * other.primitive_width().unwrap_or_default(),
    }
}

fn of_texts<T: ByteArrayType>(texts: &GenericByteArray<T>) -> usize {
    let offsets = texts.value_offsets();
    let first = offsets.first().map_or(0, |offset| offset.as_usize());
    let last = offsets.last().map_or(0, |offset| offset.as_usize());
    last - first + texts.len() * size_of::<T::Offset>()
}
