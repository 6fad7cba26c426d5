//! Random arrays of every type.

use std::sync::Arc;

use arrow_array::{
    Array as _, ArrayRef, BinaryViewArray, RecordBatch, RecordBatchOptions, StringViewArray, make_array,
};
use arrow_buffer::{Buffer, NullBuffer};
use arrow_data::{ArrayData, ArrayDataBuilder};
use arrow_schema::{
    DataType, Field, FieldRef, Fields, IntervalUnit, Schema, TimeUnit, UnionFields, UnionMode,
};
use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};

/// Returns a type of every kind, some of them nested.
pub fn types() -> Vec<DataType> {
    let mut types = flat_types();
    types.extend(nested_types());
    types
}

/// Returns a type of every kind that has no children.
pub fn flat_types() -> Vec<DataType> {
    use TimeUnit::{Microsecond, Millisecond, Nanosecond, Second};
    vec![
        DataType::Null,
        DataType::Boolean,
        DataType::Int8,
        DataType::Int16,
        DataType::Int32,
        DataType::Int64,
        DataType::UInt8,
        DataType::UInt16,
        DataType::UInt32,
        DataType::UInt64,
        DataType::Float16,
        DataType::Float32,
        DataType::Float64,
        DataType::Date32,
        DataType::Date64,
        DataType::Time32(Second),
        DataType::Time32(Millisecond),
        DataType::Time64(Microsecond),
        DataType::Time64(Nanosecond),
        DataType::Timestamp(Second, None),
        DataType::Timestamp(Millisecond, Some("Europe/Zurich".into())),
        DataType::Timestamp(Microsecond, Some("+01:00".into())),
        DataType::Timestamp(Nanosecond, None),
        DataType::Duration(Second),
        DataType::Duration(Nanosecond),
        DataType::Interval(IntervalUnit::YearMonth),
        DataType::Interval(IntervalUnit::DayTime),
        DataType::Interval(IntervalUnit::MonthDayNano),
        DataType::Decimal32(5, 2),
        DataType::Decimal64(12, -2),
        DataType::Decimal128(38, 10),
        DataType::Decimal256(76, 20),
        DataType::Binary,
        DataType::LargeBinary,
        DataType::BinaryView,
        DataType::Utf8,
        DataType::LargeUtf8,
        DataType::Utf8View,
        DataType::FixedSizeBinary(3),
    ]
}

fn nested_types() -> Vec<DataType> {
    let item = |data_type| Arc::new(Field::new("item", data_type, true));
    let pair: Fields =
        vec![Field::new("a", DataType::Int32, true), Field::new("b", DataType::Utf8View, true)].into();
    vec![
        DataType::List(item(DataType::Int32)),
        DataType::LargeList(item(DataType::Utf8)),
        DataType::ListView(item(DataType::Utf8)),
        DataType::LargeListView(item(DataType::Int16)),
        DataType::FixedSizeList(item(DataType::Float32), 3),
        DataType::FixedSizeList(Arc::new(Field::new("item", DataType::Int32, false)), 2),
        DataType::Struct(pair.clone()),
        map(DataType::Utf8, DataType::Int64),
        union(&[DataType::Int32, DataType::Utf8], UnionMode::Dense),
        union(&[DataType::Boolean, DataType::Float64], UnionMode::Sparse),
        runs(DataType::Int16, DataType::Utf8),
        runs(DataType::Int64, DataType::Int32),
        dictionary(DataType::Int8, DataType::Utf8),
        dictionary(DataType::UInt32, DataType::Utf8View),
        dictionary(DataType::Int32, DataType::List(item(DataType::Int64))),
        DataType::List(item(dictionary(DataType::Int16, DataType::LargeUtf8))),
        DataType::List(item(DataType::Struct(pair))),
    ]
}

/// Returns the type of a dictionary with keys of type `indices`.
pub fn dictionary(indices: DataType, values: DataType) -> DataType {
    DataType::Dictionary(Box::new(indices), Box::new(values))
}

/// Returns the type of a run-end encoded column with nullable values.
pub fn runs(ends: DataType, values: DataType) -> DataType {
    DataType::RunEndEncoded(
        Arc::new(Field::new("run_ends", ends, false)),
        Arc::new(Field::new("values", values, true)),
    )
}

/// Returns the type of an unsorted map with nullable values.
pub fn map(keys: DataType, values: DataType) -> DataType {
    let entries = vec![Field::new("key", keys, false), Field::new("value", values, true)];
    DataType::Map(Arc::new(Field::new("entries", DataType::Struct(entries.into()), false)), false)
}

/// Returns the type of a union of nullable `types`, whose ids are 0, 5, 10 and so on.
pub fn union(types: &[DataType], mode: UnionMode) -> DataType {
    let fields =
        types.iter().enumerate().map(|(at, data_type)| Field::new(format!("f{at}"), data_type.clone(), true));
    let ids = (0..types.len()).map(|id| i8::try_from(id * 5).unwrap());
    DataType::Union(UnionFields::try_new(ids, fields).unwrap(), mode)
}

/// Makes random arrays; the same seed makes the same.
///
/// ```
/// use arrow_schema::DataType;
/// use arrowlink_testkit::Maker;
///
/// let types = [DataType::Int64, DataType::Utf8];
/// assert_eq!(Maker::new(7).batch(&types, 100), Maker::new(7).batch(&types, 100));
/// ```
#[derive(Debug)]
pub struct Maker(SmallRng);

impl Maker {
    /// Begins at `seed`.
    pub fn new(seed: u64) -> Self {
        Self(SmallRng::seed_from_u64(seed))
    }

    /// Makes a batch with one column of each of `types`, nullable and not in turn.
    pub fn batch(&mut self, types: &[DataType], rows: usize) -> RecordBatch {
        let fields: Vec<_> = types
            .iter()
            .enumerate()
            .map(|(at, data_type)| Field::new(format!("c{at}"), data_type.clone(), at % 3 != 2))
            .collect();
        self.batch_of(&Arc::new(Schema::new(fields)), rows)
    }

    /// Makes a batch of `schema`.
    pub fn batch_of(&mut self, schema: &Arc<Schema>, rows: usize) -> RecordBatch {
        let columns = schema.fields().iter().map(|field| self.array(field, rows)).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options).unwrap()
    }

    /// Makes a column of `field` with `length` rows; nulls where it is nullable.
    pub fn array(&mut self, field: &FieldRef, length: usize) -> ArrayRef {
        make_array(self.data(field.data_type(), field.is_nullable(), length))
    }

    fn data(&mut self, data_type: &DataType, nullable: bool, length: usize) -> ArrayData {
        let builder = ArrayData::builder(data_type.clone()).len(length);
        let builder = match data_type {
            DataType::Null => builder,
            DataType::Union(fields, mode) => self.union(builder, fields, *mode, length),
            DataType::RunEndEncoded(ends, values) => self.runs(builder, ends, values, length),
            DataType::Utf8View | DataType::BinaryView => return self.views(data_type, nullable, length),
            _ => {
                let nulls = nullable.then(|| self.nulls(length)).flatten();
                self.values(builder, data_type, nulls.as_ref(), length).nulls(nulls)
            }
        };
        builder.build().unwrap()
    }

    fn nulls(&mut self, length: usize) -> Option<NullBuffer> {
        self.0.random_bool(0.7).then(|| (0..length).map(|_| self.0.random_bool(0.7)).collect())
    }

    fn values(
        &mut self,
        builder: ArrayDataBuilder,
        data_type: &DataType,
        nulls: Option<&NullBuffer>,
        length: usize,
    ) -> ArrayDataBuilder {
        match data_type {
            DataType::Boolean => builder.add_buffer(self.random_bytes(length.div_ceil(8))),
            DataType::FixedSizeBinary(size) => {
                builder.add_buffer(self.random_bytes(usize::try_from(*size).unwrap() * length))
            }
            DataType::Utf8 | DataType::Binary => {
                let (offsets, bytes) = self.strings(length);
                builder.add_buffer(narrow(&offsets)).add_buffer(bytes)
            }
            DataType::LargeUtf8 | DataType::LargeBinary => {
                let (offsets, bytes) = self.strings(length);
                builder.add_buffer(Buffer::from_vec(offsets)).add_buffer(bytes)
            }
            DataType::List(item) | DataType::Map(item, _) => {
                let offsets = self.offsets(length);
                let last = usize::try_from(*offsets.last().unwrap()).unwrap();
                builder.add_buffer(narrow(&offsets)).add_child_data(self.array(item, last).to_data())
            }
            DataType::LargeList(item) => {
                let offsets = self.offsets(length);
                let last = usize::try_from(*offsets.last().unwrap()).unwrap();
                builder.add_buffer(Buffer::from_vec(offsets)).add_child_data(self.array(item, last).to_data())
            }
            DataType::ListView(item) => {
                let (offsets, sizes) = self.offsets_and_sizes(length);
                let builder = builder.add_buffer(narrow(&offsets)).add_buffer(narrow(&sizes));
                builder.add_child_data(self.array(item, 10).to_data())
            }
            DataType::LargeListView(item) => {
                let (offsets, sizes) = self.offsets_and_sizes(length);
                let builder =
                    builder.add_buffer(Buffer::from_vec(offsets)).add_buffer(Buffer::from_vec(sizes));
                builder.add_child_data(self.array(item, 10).to_data())
            }
            DataType::FixedSizeList(item, size) => {
                let items = usize::try_from(*size).unwrap() * length;
                builder.add_child_data(self.array(item, items).to_data())
            }
            DataType::Struct(fields) => {
                builder.child_data(fields.iter().map(|field| self.array(field, length).to_data()).collect())
            }
            DataType::Dictionary(indices, values) => self.dictionary(builder, indices, values, nulls, length),
            fixed => builder.add_buffer(self.random_bytes(fixed.primitive_width().unwrap() * length)),
        }
    }

    fn dictionary(
        &mut self,
        builder: ArrayDataBuilder,
        indices: &DataType,
        values: &DataType,
        nulls: Option<&NullBuffer>,
        length: usize,
    ) -> ArrayDataBuilder {
        let count = self.0.random_range(1..20_u8);
        let width = indices.primitive_width().unwrap();
        let mut keys = vec![0; width * length];
        for (at, key) in keys.chunks_mut(width).enumerate() {
            if nulls.is_none_or(|nulls| nulls.is_valid(at)) {
                key[0] = self.0.random_range(0..count);
            }
        }
        let values = self.data(values, true, usize::from(count));
        builder.add_buffer(aligned(&keys)).add_child_data(values)
    }

    fn union(
        &mut self,
        builder: ArrayDataBuilder,
        fields: &UnionFields,
        mode: UnionMode,
        length: usize,
    ) -> ArrayDataBuilder {
        let picks: Vec<_> = (0..length).map(|_| self.0.random_range(0..fields.len())).collect();
        let ids: Vec<_> = picks.iter().map(|pick| fields.iter().nth(*pick).unwrap().0).collect();
        let builder = builder.add_buffer(Buffer::from_vec(ids));
        match mode {
            UnionMode::Sparse => builder
                .child_data(fields.iter().map(|(_, field)| self.array(field, length).to_data()).collect()),
            UnionMode::Dense => {
                let mut counts = vec![0_i32; fields.len()];
                let offsets: Vec<_> = picks
                    .iter()
                    .map(|pick| {
                        counts[*pick] += 1;
                        counts[*pick] - 1
                    })
                    .collect();
                let children = fields.iter().zip(&counts);
                let children = children
                    .map(|((_, field), count)| self.array(field, usize::try_from(*count).unwrap()).to_data());
                let children = children.collect();
                builder.add_buffer(Buffer::from_vec(offsets)).child_data(children)
            }
        }
    }

    fn runs(
        &mut self,
        builder: ArrayDataBuilder,
        ends: &FieldRef,
        values: &FieldRef,
        length: usize,
    ) -> ArrayDataBuilder {
        let mut positions = Vec::new();
        let mut position = 0;
        while position < length {
            position = (position + self.0.random_range(1..4)).min(length);
            positions.push(i64::try_from(position).unwrap());
        }
        let count = positions.len();
        let buffer = match ends.data_type() {
            DataType::Int16 => {
                Buffer::from_vec(positions.iter().map(|end| i16::try_from(*end).unwrap()).collect())
            }
            DataType::Int32 => narrow(&positions),
            _ => Buffer::from_vec(positions),
        };
        let ends =
            ArrayData::builder(ends.data_type().clone()).len(count).add_buffer(buffer).build().unwrap();
        builder.add_child_data(ends).add_child_data(self.array(values, count).to_data())
    }

    fn views(&mut self, data_type: &DataType, nullable: bool, length: usize) -> ArrayData {
        let texts: Vec<_> =
            (0..length).map(|_| (!nullable || self.0.random_bool(0.7)).then(|| self.text())).collect();
        match data_type {
            DataType::Utf8View => StringViewArray::from_iter(texts).into_data(),
            _ => BinaryViewArray::from_iter(texts.iter().map(|text| text.as_ref().map(String::as_bytes)))
                .into_data(),
        }
    }

    fn text(&mut self) -> String {
        let length =
            if self.0.random_bool(0.3) { self.0.random_range(13..40) } else { self.0.random_range(0..6) };
        (0..length).map(|_| *['a', 'b', 'ä', '水', ' '].get(self.0.random_range(0..5)).unwrap()).collect()
    }

    fn strings(&mut self, length: usize) -> (Vec<i64>, Buffer) {
        let mut bytes = Vec::new();
        let mut offsets = vec![0];
        for _ in 0..length {
            bytes.extend(self.text().into_bytes());
            offsets.push(i64::try_from(bytes.len()).unwrap());
        }
        (offsets, Buffer::from_vec(bytes))
    }

    fn offsets(&mut self, length: usize) -> Vec<i64> {
        let mut offset = 0;
        let rest = (0..length).map(|_| {
            offset += self.0.random_range(0..4);
            offset
        });
        std::iter::once(0).chain(rest).collect()
    }

    fn offsets_and_sizes(&mut self, length: usize) -> (Vec<i64>, Vec<i64>) {
        (0..length).map(|_| (self.0.random_range(0..7), self.0.random_range(0..4))).unzip()
    }

    fn random_bytes(&mut self, length: usize) -> Buffer {
        let mut bytes = vec![0; length];
        self.0.fill(bytes.as_mut_slice());
        aligned(&bytes)
    }
}

fn aligned(bytes: &[u8]) -> Buffer {
    Buffer::from(bytes)
}

fn narrow(values: &[i64]) -> Buffer {
    Buffer::from_vec(values.iter().map(|value| i32::try_from(*value).unwrap()).collect())
}
