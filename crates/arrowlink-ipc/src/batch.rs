//! A record batch: walks the columns of the schema along the nodes and buffers of the message and builds the arrays.
//!
//! Counts, ranges and sizes are checked here before anything is made; values (UTF-8, offsets, indices, type ids, run
//! ends, null counts) by the validation of `arrow-data`, which every array is built with.
//!
//! The order is that of "RecordBatch message" in the Arrow columnar format: for each field, depth first, one node and
//! then the buffers of its layout; views also take one number of "Variadic buffers". A message that has more or less
//! of any of them than the schema asks for is refused.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, make_array};
use arrow_buffer::{Buffer, i256};
use arrow_data::{ArrayData, ArrayDataBuilder};
use arrow_ipc::{FieldNode, MetadataVersion};
use arrow_schema::{DataType, IntervalUnit, SchemaRef, UnionMode};
use flatbuffers::VectorIter;

use crate::body::Body;
use crate::dictionaries::DictionaryMemo;
use crate::limits::Budget;
use crate::schema::Column;
use crate::{Error, Limits};

/// Reads one record batch, of a stream or within a dictionary batch.
///
/// Holds what of the message has not been taken yet. The nodes, the buffers and the variadic counts are three lists
/// that are walked side by side; each array takes its share of all three before its children take theirs.
pub(crate) struct BatchReader<'a> {
    rows: i64,
    nodes: Option<VectorIter<'a, FieldNode>>,
    variadic: Option<VectorIter<'a, i64>>,
    body: Body<'a>,
    version: MetadataVersion,
    limits: &'a Limits,
    dictionaries: &'a mut DictionaryMemo,
}

/// The length of an array, and how many of its values are null.
///
/// Both come from the message ("FieldNode"): the length is at most `max_rows` and the nulls at most the length.
/// Whether the bitmap has as many nulls is checked when the array is built.
#[derive(Clone, Copy)]
struct Node {
    length: usize,
    nulls: usize,
}

impl<'a> BatchReader<'a> {
    /// Begins with the first column of `batch`. What the columns take beside `body` is charged to `budget`.
    pub(crate) fn new(
        batch: &arrow_ipc::RecordBatch<'a>,
        body: &'a Buffer,
        version: MetadataVersion,
        limits: &'a Limits,
        budget: &'a mut Budget,
        dictionaries: &'a mut DictionaryMemo,
    ) -> Result<Self, Error> {
        Ok(Self {
            rows: batch.length(),
            nodes: batch.nodes().map(|nodes| nodes.iter()),
            variadic: batch.variadicBufferCounts().map(|counts| counts.iter()),
            body: Body::new(batch, body, budget)?,
            version,
            limits,
            dictionaries,
        })
    }

    /// Reads a batch of `columns`, which are those of `schema`.
    pub(crate) fn read(&mut self, schema: &SchemaRef, columns: &[Column]) -> Result<RecordBatch, Error> {
        let rows = self.length(self.rows, "the batch")?;
        let mut arrays = Vec::with_capacity(columns.len());
        for column in columns {
            arrays.push(self.top_level(column, rows)?);
        }
        self.check_nothing_left()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::clone(schema), arrays, &options).map_err(Error::values)
    }

    /// Reads the values of a dictionary.
    ///
    /// A dictionary batch is a record batch of one column ("Dictionary Messages"), which is nullable whatever the
    /// field of the schema says.
    pub(crate) fn read_values(&mut self, column: &Column) -> Result<ArrayRef, Error> {
        let rows = self.length(self.rows, "the dictionary")?;
        let values = self.top_level(column, rows)?;
        self.check_nothing_left()?;
        Ok(values)
    }

    /// Reads a column that must have as many values as the batch has rows.
    fn top_level(&mut self, column: &Column, rows: usize) -> Result<ArrayRef, Error> {
        let data = self.column(column)?;
        if data.len() != rows {
            let reason = format!("{} rows, in a batch of {rows}", data.len());
            return Err(Error::invalid(reason).in_field(column.field.name()));
        }
        Ok(make_array(data))
    }

    /// Reads a column at any depth; an error in it gets its name.
    fn column(&mut self, column: &Column) -> Result<ArrayData, Error> {
        self.array(column).map_err(|error| error.in_field(column.field.name()))
    }

    /// Reads one array with all that lies in it.
    ///
    /// Fixed-width types end in the last arm: what [`element`] has a width for has one buffer of values. `build` is
    /// the validation of every value that an array relies on; nothing reaches it whose buffers are too short for its
    /// length. The recursion is as deep as the schema, whose depth is bounded.
    fn array(&mut self, column: &Column) -> Result<ArrayData, Error> {
        let data_type = column.field.data_type();
        let variadic = matches!(data_type, DataType::BinaryView | DataType::Utf8View);
        let views = if variadic { Some(self.variadic_count()?) } else { None };
        let node = self.node()?;
        let mut builder = ArrayData::builder(data_type.clone()).len(node.length);
        if self.has_validity(data_type) {
            builder = self.validity(builder, node)?;
        }
        let builder = match data_type {
            DataType::Null => builder,
            DataType::Boolean => builder.add_buffer(self.body.bits("the values", node.length)?),
            DataType::Utf8 | DataType::Binary => self.bytes::<i32>(builder, node)?,
            DataType::LargeUtf8 | DataType::LargeBinary => self.bytes::<i64>(builder, node)?,
            DataType::Utf8View | DataType::BinaryView => {
                self.views(builder, node, views.unwrap_or(0), data_type)?
            }
            DataType::List(_) | DataType::Map(..) => self.list::<i32>(builder, node, column)?,
            DataType::LargeList(_) => self.list::<i64>(builder, node, column)?,
            DataType::ListView(_) => self.list_view::<i32>(builder, node, column)?,
            DataType::LargeListView(_) => self.list_view::<i64>(builder, node, column)?,
            DataType::FixedSizeList(_, size) => self.fixed_size_list(builder, node, column, *size)?,
            DataType::Struct(_) => self.children(builder, column)?,
            DataType::Union(_, mode) => self.union(builder, node, column, *mode)?,
            DataType::RunEndEncoded(..) => self.runs(builder, node, column)?,
            DataType::Dictionary(indices, values) => self.indices(builder, node, column, indices, values)?,
            fixed => builder.add_buffer(self.fixed(node, fixed)?),
        };
        builder.build().map_err(Error::values)
    }

    /// Returns whether arrays of this type have a bitmap of their valid values; unions had one before version 5.
    fn has_validity(&self, data_type: &DataType) -> bool {
        match data_type {
            DataType::Null | DataType::RunEndEncoded(..) => false,
            DataType::Union(..) => self.version == MetadataVersion::V4,
            _ => true,
        }
    }

    /// Reads the bitmap where there are nulls. Where the message says there are none the bitmap is not looked at: the
    /// format lets a writer leave it out or send it ("Validity bitmaps").
    fn validity(&mut self, builder: ArrayDataBuilder, node: Node) -> Result<ArrayDataBuilder, Error> {
        if node.nulls == 0 {
            self.body.skip()?;
            return Ok(builder);
        }
        let bitmap = self.body.bits("the validity bitmap", node.length)?;
        Ok(builder.null_bit_buffer(Some(bitmap)).null_count(node.nulls))
    }

    /// Reads values of one width, one after the other ("Fixed-Size Primitive Layout").
    fn fixed(&mut self, node: Node, data_type: &DataType) -> Result<Buffer, Error> {
        let (width, alignment) = element(data_type)?;
        self.body.elements("the values", node.length, width, alignment)
    }

    /// Reads one offset more than there are values ("Variable-size Binary Layout"); an empty array may have none at
    /// all.
    fn offsets<O>(&mut self, node: Node) -> Result<Buffer, Error> {
        let (width, alignment) = (size_of::<O>(), align_of::<O>());
        if node.length == 0 && self.body.next_is_empty() {
            return self.body.bytes("the offsets");
        }
        self.body.elements("the offsets", node.length.saturating_add(1), width, alignment)
    }

    /// Reads text or bytes: offsets, then the bytes that they point into.
    fn bytes<O>(&mut self, builder: ArrayDataBuilder, node: Node) -> Result<ArrayDataBuilder, Error> {
        let offsets = self.offsets::<O>(node)?;
        Ok(builder.add_buffer(offsets).add_buffer(self.body.bytes("the bytes")?))
    }

    /// Reads views and the `count` buffers that they point into ("Variable-size Binary View Layout").
    ///
    /// Many views may point to the same bytes, and each of them is validated as text by itself: a message of one
    /// megabyte could ask for gigabytes of work. What views of text refer to beyond what the buffers hold is charged
    /// as if it were allocated.
    fn views(
        &mut self,
        builder: ArrayDataBuilder,
        node: Node,
        count: usize,
        data_type: &DataType,
    ) -> Result<ArrayDataBuilder, Error> {
        if count > self.body.left() {
            return Err(Error::invalid(format!("{count} buffers claimed, {} are left", self.body.left())));
        }
        let views = self.body.elements("the views", node.length, size_of::<u128>(), align_of::<u128>())?;
        let buffers =
            (0..count).map(|_| self.body.bytes("a buffer of bytes")).collect::<Result<Vec<_>, Error>>()?;
        if *data_type == DataType::Utf8View {
            let held = buffers.iter().fold(0, |sum: usize, buffer| sum.saturating_add(buffer.len()));
            self.body.budget().charge(referred(&views).saturating_sub(held))?;
        }
        Ok(builder.add_buffer(views).add_buffers(buffers))
    }

    /// Reads lists: offsets into the items, then the items ("Variable-size List Layout"). Maps are lists of pairs.
    fn list<O>(
        &mut self,
        builder: ArrayDataBuilder,
        node: Node,
        column: &Column,
    ) -> Result<ArrayDataBuilder, Error> {
        let offsets = self.offsets::<O>(node)?;
        self.children(builder.add_buffer(offsets), column)
    }

    /// Reads lists in any order: one offset and one size each, then the items ("ListView Layout"). Lists may share
    /// items, which costs nothing here.
    fn list_view<O>(
        &mut self,
        builder: ArrayDataBuilder,
        node: Node,
        column: &Column,
    ) -> Result<ArrayDataBuilder, Error> {
        let (width, alignment) = (size_of::<O>(), align_of::<O>());
        let offsets = self.body.elements("the offsets", node.length, width, alignment)?;
        let sizes = self.body.elements("the sizes", node.length, width, alignment)?;
        self.children(builder.add_buffer(offsets).add_buffer(sizes), column)
    }

    /// Reads lists of `size` items: no offsets, and at least that many items for each list ("Fixed-Size List
    /// Layout").
    fn fixed_size_list(
        &mut self,
        mut builder: ArrayDataBuilder,
        node: Node,
        column: &Column,
        size: i32,
    ) -> Result<ArrayDataBuilder, Error> {
        let size = usize::try_from(size).map_err(|_| Error::invalid(format!("a fixed size is {size}")))?;
        let needed = node.length.saturating_mul(size);
        for child in column.children.iter() {
            let values = self.column(child)?;
            if values.len() < needed {
                let reason = format!("{} values, {} lists of {size} need more", values.len(), node.length);
                return Err(Error::invalid(reason));
            }
            if node.nulls > 0 && !child.field.is_nullable() {
                // Validation spreads the bitmap of the lists over their values.
                self.body.budget().charge(needed.div_ceil(8))?;
            }
            builder = builder.add_child_data(values);
        }
        Ok(builder)
    }

    /// Reads type ids, offsets where the union is dense, then all children ("Union Layout"). Up to version 4 a union
    /// had a bitmap of its own; one that uses it is refused, because no array can hold those nulls.
    fn union(
        &mut self,
        builder: ArrayDataBuilder,
        node: Node,
        column: &Column,
        mode: UnionMode,
    ) -> Result<ArrayDataBuilder, Error> {
        if node.nulls > 0 && self.version == MetadataVersion::V4 {
            return Err(Error::unsupported("unions with nulls of their own are"));
        }
        let mut builder = builder.add_buffer(self.body.elements("the type ids", node.length, 1, 1)?);
        if mode == UnionMode::Dense {
            let offsets =
                self.body.elements("the offsets", node.length, size_of::<i32>(), align_of::<i32>())?;
            builder = builder.add_buffer(offsets);
        }
        self.children(builder, column)
    }

    /// Reads runs; an array without values has none, although arrow-ipc writes one that ends at zero for empty slices.
    ///
    /// The array has no buffers of its own, only run ends and values ("Run-End Encoded Layout").
    fn runs(
        &mut self,
        builder: ArrayDataBuilder,
        node: Node,
        column: &Column,
    ) -> Result<ArrayDataBuilder, Error> {
        let builder = self.children(builder, column)?;
        if node.length > 0 {
            return Ok(builder);
        }
        Ok(builder
            .child_data(column.children.iter().map(|c| ArrayData::new_empty(c.field.data_type())).collect()))
    }

    /// Reads indices; a column of nulls may come without its dictionary.
    ///
    /// The dictionary comes in messages of its own before the batch that needs it; the exception is a column of nulls
    /// ("IPC Streaming Format"). That every index that is not null lies in the dictionary is checked when the array
    /// is built.
    fn indices(
        &mut self,
        builder: ArrayDataBuilder,
        node: Node,
        column: &Column,
        indices: &DataType,
        values: &DataType,
    ) -> Result<ArrayDataBuilder, Error> {
        let indices = self.fixed(node, indices)?;
        let id = column.dictionary.ok_or_else(|| Error::invalid("the column has no dictionary"))?;
        let values = match self.dictionaries.values(id)? {
            Some(values) => values,
            None if node.nulls == node.length => ArrayData::new_empty(values),
            None => return Err(Error::invalid(format!("no batch of dictionary {id} was received"))),
        };
        Ok(builder.add_buffer(indices).add_child_data(values))
    }

    /// Reads all children in the order of the schema.
    fn children(
        &mut self,
        mut builder: ArrayDataBuilder,
        column: &Column,
    ) -> Result<ArrayDataBuilder, Error> {
        for child in column.children.iter() {
            builder = builder.add_child_data(self.column(child)?);
        }
        Ok(builder)
    }

    /// Takes the next node. A negative length would be enormous as a size, so that signs are checked first.
    fn node(&mut self) -> Result<Node, Error> {
        let node = self.nodes.as_mut().and_then(Iterator::next);
        let node = node.ok_or_else(|| Error::invalid("the field has no node in the batch"))?;
        let length = self.length(node.length(), "the field")?;
        match usize::try_from(node.null_count()) {
            Ok(nulls) if nulls <= length => Ok(Node { length, nulls }),
            _ => Err(Error::invalid(format!("{} nulls in {length} values", node.null_count()))),
        }
    }

    /// Takes the number of buffers that the next column of views has. It is not believed beyond the buffers that are
    /// left.
    fn variadic_count(&mut self) -> Result<usize, Error> {
        let count = self.variadic.as_mut().and_then(Iterator::next);
        let count = count.ok_or_else(|| Error::invalid("the number of buffers of bytes is missing"))?;
        usize::try_from(count).map_err(|_| Error::invalid(format!("{count} buffers of bytes claimed")))
    }

    /// Checks a length of the message against `max_rows`. Layouts without buffers (nulls, runs, structs without
    /// fields) have nothing else that bounds it.
    fn length(&self, length: i64, what: &str) -> Result<usize, Error> {
        match usize::try_from(length) {
            Ok(length) if length <= self.limits.max_rows => Ok(length),
            Ok(length) => Err(Error::limit("max_rows", self.limits.max_rows, length)),
            Err(_) => Err(Error::invalid(format!("the length of {what} is {length}"))),
        }
    }

    /// Refuses what belongs to no column: a message that says more than its schema was made for another one.
    fn check_nothing_left(&self) -> Result<(), Error> {
        let nodes = self.nodes.as_ref().map_or(0, ExactSizeIterator::len);
        let counts = self.variadic.as_ref().map_or(0, ExactSizeIterator::len);
        for (left, what) in [(nodes, "nodes"), (self.body.left(), "buffers"), (counts, "variadic counts")] {
            if left > 0 {
                return Err(Error::invalid(format!("{left} {what} belong to no field")));
            }
        }
        Ok(())
    }
}

/// Returns the width and the alignment of a fixed-size element.
///
/// The alignment is that of the Rust type that arrays read the elements as, which is less than the width for some.
fn element(data_type: &DataType) -> Result<(usize, usize), Error> {
    Ok(match data_type {
        DataType::FixedSizeBinary(size) => {
            (usize::try_from(*size).map_err(|_| Error::invalid(format!("a fixed size is {size}")))?, 1)
        }
        DataType::Interval(IntervalUnit::DayTime) => (8, align_of::<arrow_buffer::IntervalDayTime>()),
        DataType::Interval(IntervalUnit::MonthDayNano) => {
            (16, align_of::<arrow_buffer::IntervalMonthDayNano>())
        }
        DataType::Decimal256(..) => (32, align_of::<i256>()),
        other => {
            let width = other.primitive_width();
            let width = width.ok_or_else(|| Error::unsupported(format!("type `{other}` is")))?;
            (width, width)
        }
    })
}

/// Returns how many bytes outside themselves all `views` refer to.
fn referred(views: &Buffer) -> usize {
    let lengths = views.typed_data::<u128>().iter().map(|view| {
        #[expect(clippy::cast_possible_truncation, reason = "the length is the lower 32 bits of a view")]
        let length = *view as u32;
        length as usize
    });
    lengths.filter(|length| *length > INLINE).sum()
}

/// Longer values lie outside their view.
const INLINE: usize = 12;
