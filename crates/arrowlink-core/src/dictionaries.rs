//! One dictionary per column and file, from batches that each bring their own.
//!
//! A stream may replace a dictionary; a file may only add to one. Batches whose dictionary goes on from the one
//! before are left as they are. Otherwise new values are put behind those that are there and the keys of the batch
//! are numbered anew: its rows keep their values, and the file stays one that every Arrow library opens. What is
//! kept in memory is the dictionary, which a reader of the file has in memory too; its size is bounded.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::ArrowDictionaryKeyType;
use arrow_array::{
    Array, ArrayRef, DictionaryArray, RecordBatch, RecordBatchOptions, UInt64Array,
    downcast_dictionary_array, make_array,
};
use arrow_buffer::ArrowNativeType as _;
use arrow_data::ArrayData;
use arrow_row::{OwnedRow, RowConverter, SortField};
use arrow_schema::{ArrowError, DataType, Field, Schema};
use arrow_select::concat::concat;
use arrow_select::take::take;

use crate::apply::internal;
use crate::{Error, ErrorKind, Result};

/// The dictionaries of one file so far, depth first through its columns.
///
/// ```
/// use std::sync::Arc;
///
/// use arrow_array::cast::AsArray as _;
/// use arrow_array::types::Int8Type;
/// use arrow_array::{DictionaryArray, RecordBatch};
/// use arrowlink_core::Dictionaries;
///
/// let batch = |values: Vec<&str>| {
///     let column: DictionaryArray<Int8Type> = values.into_iter().collect();
///     RecordBatch::try_from_iter([("city", Arc::new(column) as _)]).unwrap()
/// };
/// let mut dictionaries = Dictionaries::new(batch(vec![]).schema_ref());
/// dictionaries.unify(&batch(vec!["Rome", "Oslo"]))?;
///
/// let second = dictionaries.unify(&batch(vec!["Lima", "Rome"]))?;
/// let column = second.column(0).as_dictionary::<Int8Type>();
/// assert_eq!(column.values().len(), 3);
/// assert_eq!(column.keys().values(), &[2, 0]);
/// # Ok::<(), arrowlink_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Dictionaries {
    /// In the order in which their values are complete when the columns are walked depth first.
    nodes: Vec<Node>,
    any: bool,
}

impl Dictionaries {
    /// Begins with none, for batches of `schema`.
    pub fn new(schema: &Schema) -> Self {
        let any = schema.fields().iter().any(|field| has_dictionary(field.data_type()));
        Self { nodes: Vec::new(), any }
    }

    /// Returns `batch` with dictionaries that go on from those of the batches before; its values are the same.
    ///
    /// # Errors
    ///
    /// `LimitExceeded` where the keys of a column cannot number all values, or where a dictionary that had to be put
    /// together grows past 256 MiB; `Unsupported` where Arrow cannot compare the values.
    pub fn unify(&mut self, batch: &RecordBatch) -> Result<RecordBatch> {
        if !self.any {
            return Ok(batch.clone());
        }
        let mut walk = Walk { nodes: &mut self.nodes, next: 0 };
        let schema = batch.schema();
        let columns = batch.columns().iter().zip(schema.fields());
        let columns = columns
            .map(|(column, field)| walk.array(column).map_err(|error| refused(field, error)))
            .collect::<Result<_>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(batch.schema(), columns, &options).map_err(internal)
    }
}

/// One pass over the dictionaries of a batch.
///
/// `next` is the number of the dictionary that comes next; because every batch has the same types, a dictionary has
/// the same number in each.
struct Walk<'a> {
    nodes: &'a mut Vec<Node>,
    next: usize,
}

impl Walk<'_> {
    /// Returns `array` with its dictionaries unified; what has none is returned as it is.
    fn array(&mut self, array: &ArrayRef) -> Result<ArrayRef, Refusal> {
        match array.data_type() {
            DataType::Dictionary(_, _) => self.dictionary(array),
            nested if has_dictionary(nested) => self.children(array),
            _ => Ok(ArrayRef::clone(array)),
        }
    }

    /// Rebuilds an array around its children, with offsets, bitmaps and type ids as they were.
    fn children(&mut self, array: &ArrayRef) -> Result<ArrayRef, Refusal> {
        let data = array.to_data();
        let children =
            data.child_data().iter().map(|child| Ok(self.array(&make_array(child.clone()))?.to_data()));
        let children = children.collect::<Result<Vec<ArrayData>, Refusal>>()?;
        Ok(make_array(data.into_builder().child_data(children).build()?))
    }

    /// The first batch decides what a dictionary begins with. Later ones keep their keys where one of the two, their
    /// values and those that are kept, is the beginning of the other; that costs one comparison and no hashing.
    fn dictionary(&mut self, array: &ArrayRef) -> Result<ArrayRef, Refusal> {
        // Dictionaries inside of the values go first: they may change what the values are.
        let inside = self.next;
        let values = self.array(array.as_any_dictionary().values())?;
        let idx = self.next;
        self.next += 1;
        if self.nodes.len() == idx {
            self.nodes.push(Node::new(&values));
            return with_values(array, values, None);
        }
        if inside < idx {
            self.rebase(inside, idx)?;
        }
        let node = self.nodes.get_mut(idx).ok_or(Refusal::Unwalked)?;
        let mapping = node.admit(&values)?;
        with_values(array, ArrayRef::clone(&node.values), mapping.as_deref())
    }

    /// Gives the values kept at `idx` the dictionaries inside of them, `inside..idx`, as they are now.
    fn rebase(&mut self, inside: usize, idx: usize) -> Result<(), Refusal> {
        let kept = self.nodes.get(idx).ok_or(Refusal::Unwalked)?;
        let values = ArrayRef::clone(&kept.values);
        let next = std::mem::replace(&mut self.next, inside);
        let values = self.array(&values)?;
        self.next = next;
        if let Some(kept) = self.nodes.get_mut(idx) {
            kept.values = values;
        }
        Ok(())
    }
}

/// One dictionary of the file.
#[derive(Debug)]
struct Node {
    /// All values so far.
    values: ArrayRef,
    /// The values that came last, and where each of them stands in `values`; `None` where it is at its own place.
    last: (ArrayRef, Option<Arc<[usize]>>),
    /// Where each of `values` stands; made when it is needed first.
    known: Option<Known>,
}

impl Node {
    fn new(values: &ArrayRef) -> Self {
        let last = (ArrayRef::clone(values), None);
        Self { values: ArrayRef::clone(values), last, known: None }
    }

    /// Takes in the values of another batch and returns where each of them stands now.
    fn admit(&mut self, values: &ArrayRef) -> Result<Option<Arc<[usize]>>, Refusal> {
        if values.to_data().ptr_eq(&self.last.0.to_data()) {
            return Ok(self.last.1.clone());
        }
        let common = values.len().min(self.values.len());
        let mapping = if values.slice(0, common).to_data() == self.values.slice(0, common).to_data() {
            if values.len() > common {
                self.values = ArrayRef::clone(values);
                self.known = None;
            }
            None
        } else {
            Some(self.merge(values)?)
        };
        self.last = (ArrayRef::clone(values), mapping.clone());
        Ok(mapping)
    }

    /// Puts values that are not known yet behind the others and returns the place of each of `values`.
    fn merge(&mut self, values: &ArrayRef) -> Result<Arc<[usize]>, Refusal> {
        let known = match &mut self.known {
            Some(known) => known,
            none => none.insert(Known::new(&self.values)?),
        };
        let (mapping, new) = known.number(values)?;
        if !new.is_empty() {
            let new = take(values, &UInt64Array::from(new), None)?;
            self.values = concat(&[&self.values, &new])?;
            if self.values.get_buffer_memory_size() > MAX_BYTES {
                return Err(Refusal::TooLarge);
            }
        }
        Ok(mapping)
    }
}

/// The place of every value of a dictionary.
///
/// Values are compared in Arrow's row format, in which values that are equal have equal bytes whatever their type.
#[derive(Debug)]
struct Known {
    converter: RowConverter,
    places: HashMap<OwnedRow, usize>,
    next: usize,
}

impl Known {
    fn new(values: &ArrayRef) -> Result<Self, Refusal> {
        let converter = RowConverter::new(vec![SortField::new(values.data_type().clone())])?;
        let mut known = Self { converter, places: HashMap::new(), next: 0 };
        let rows = known.converter.convert_columns(&[ArrayRef::clone(values)])?;
        for (place, row) in rows.iter().enumerate() {
            known.places.entry(row.owned()).or_insert(place);
        }
        known.next = values.len();
        Ok(known)
    }

    /// Returns the place of each of `values`, and which of them are new, in their order.
    fn number(&mut self, values: &ArrayRef) -> Result<(Arc<[usize]>, Vec<u64>), Refusal> {
        let rows = self.converter.convert_columns(&[ArrayRef::clone(values)])?;
        let mut new = Vec::new();
        let mut places = Vec::with_capacity(values.len());
        for (idx, row) in rows.iter().enumerate() {
            let place = *self.places.entry(row.owned()).or_insert(self.next);
            if place == self.next {
                self.next += 1;
                new.push(idx as u64);
            }
            places.push(place);
        }
        Ok((places.into(), new))
    }
}

/// Why a dictionary could not be taken in.
enum Refusal {
    /// The keys of the column are too narrow for all values.
    KeysUsedUp(DataType),
    /// All values together are larger than is kept in memory.
    TooLarge,
    /// The dictionaries of a batch are not those of its schema.
    Unwalked,
    Arrow(ArrowError),
}

impl From<ArrowError> for Refusal {
    fn from(error: ArrowError) -> Self {
        Self::Arrow(error)
    }
}

/// Gives a dictionary array other values; its keys are numbered anew by `mapping`, or kept where that is `None`.
fn with_values(array: &ArrayRef, values: ArrayRef, mapping: Option<&[usize]>) -> Result<ArrayRef, Refusal> {
    downcast_dictionary_array!(
        array => renumbered(array, values, mapping),
        _ => Err(Refusal::Unwalked)
    )
}

/// Fails where a place is larger than the keys can say. Keys of nulls are not looked at.
fn renumbered<K: ArrowDictionaryKeyType>(
    array: &DictionaryArray<K>,
    values: ArrayRef,
    mapping: Option<&[usize]>,
) -> Result<ArrayRef, Refusal> {
    let keys = match mapping {
        None => array.keys().clone(),
        Some(mapping) => array.keys().try_unary(|key| {
            mapping
                .get(key.as_usize())
                .and_then(|place| K::Native::from_usize(*place))
                .ok_or_else(|| Refusal::KeysUsedUp(K::DATA_TYPE))
        })?,
    };
    Ok(Arc::new(DictionaryArray::try_new(keys, values)?))
}

/// Says whether there is a dictionary anywhere in `data_type`.
fn has_dictionary(data_type: &DataType) -> bool {
    let field = |field: &Arc<Field>| has_dictionary(field.data_type());
    match data_type {
        DataType::Dictionary(_, _) => true,
        DataType::List(child)
        | DataType::LargeList(child)
        | DataType::ListView(child)
        | DataType::LargeListView(child)
        | DataType::FixedSizeList(child, _)
        | DataType::Map(child, _)
        | DataType::RunEndEncoded(_, child) => field(child),
        DataType::Struct(fields) => fields.iter().any(field),
        DataType::Union(fields, _) => fields.iter().any(|(_, child)| field(child)),
        _ => false,
    }
}

/// Says what the writer can do about a refusal.
fn refused(field: &Field, refusal: Refusal) -> Error {
    let name = field.name();
    match refusal {
        Refusal::KeysUsedUp(keys) => Error::new(
            ErrorKind::LimitExceeded,
            format!(
                "column `{name}` has more distinct values in one upload than its keys of type {keys} can number: \
                 send it in several uploads, with wider keys or without a dictionary"
            ),
        ),
        Refusal::TooLarge => Error::new(
            ErrorKind::LimitExceeded,
            format!(
                "the dictionary of column `{name}` is larger than {MAX_BYTES} bytes in one upload: send it in \
                 several uploads or without a dictionary"
            ),
        ),
        Refusal::Unwalked => Error::new(
            ErrorKind::SchemaMismatch,
            format!("column `{name}` does not have the type of its schema"),
        ),
        Refusal::Arrow(error) => Error::new(
            ErrorKind::Unsupported,
            format!("the dictionaries of column `{name}` change in a way that a file cannot have"),
        )
        .with_source(error),
    }
}

/// How large a dictionary that was put together from several may become: it is in memory while an upload arrives
/// and while it is read.
const MAX_BYTES: usize = 256 << 20;
