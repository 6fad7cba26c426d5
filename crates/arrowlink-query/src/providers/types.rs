//! The types in which SQL sees a dataset, where those of its own would give wrong answers.
//!
//! It differs from [`Plain`], which is for clients that know few types: this is for the engine, which computes with more,
//! and not with all of them.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use arrowlink_core::{Error, ErrorKind, Plain, Result};

use super::arrays;
use crate::failure::internal;
use crate::sql::failure::invalid;

/// How the batches of a dataset become those that SQL sees.
///
/// | type | becomes |
/// |---|---|
/// | a struct that may be null | the same, and its fields are null where it is |
/// | `Decimal32`, `Decimal64` | `Decimal128` of the same precision and scale |
/// | `RunEndEncoded` | its values, one for each row |
/// | `Dictionary` with keys of 8 or 16 bits | the same with keys of 32 bits |
/// | all others | themselves, with what is nested in them as above |
///
/// The engine takes a field out of a struct as it is, whatever the nulls of the struct say. It makes integers of small
/// decimals, takes runs for rows, and puts the dictionaries of batches together, to more values than small keys count.
///
/// In a union, runs alone are replaced. What has runs in it, or list views over something else that is replaced, becomes
/// [`Plain`] first, views included.
#[derive(Clone, Debug)]
pub(crate) struct SqlTypes {
    own: SchemaRef,
    schema: SchemaRef,
    /// What there is to do; none where there is nothing for any column.
    steps: Option<Arc<Steps>>,
}

/// What there is to do for the columns of a batch, in this order.
#[derive(Debug)]
struct Steps {
    /// Makes some of them plain, which may take only so much together.
    plain: Plain,
    /// Which these are.
    of_runs: Vec<usize>,
    columns: Vec<Column>,
}

/// What there is to do for a column.
#[derive(Debug)]
struct Column {
    /// Which of those it is that are made plain.
    plain: Option<usize>,
    /// Whether there is anything else.
    is_touched: bool,
}

impl SqlTypes {
    /// Prepares for the batches of `own`.
    pub(crate) fn new(own: &SchemaRef) -> Self {
        if !own.fields().iter().any(|field| has_runs(field.data_type()) || touches_field(field)) {
            return Self { own: Arc::clone(own), schema: Arc::clone(own), steps: None };
        }
        let (steps, fields) = Steps::new(own.fields());
        let schema = Arc::new(Schema::new_with_metadata(fields, own.metadata().clone()));
        Self { own: Arc::clone(own), schema, steps: Some(Arc::new(steps)) }
    }

    /// Returns the schema of the dataset.
    pub(crate) const fn own(&self) -> &SchemaRef {
        &self.own
    }

    /// Returns the schema that SQL sees.
    pub(crate) const fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Returns whether a field that may not be null is in a struct that may: SQL sees nulls there.
    pub(crate) fn has_hidden_nulls(&self) -> bool {
        let hides = |field: &FieldRef| hides_nulls(field.data_type(), field.is_nullable());
        self.steps.is_some() && self.own.fields().iter().any(hides)
    }

    /// Returns the rows of `batch`, which has the schema of the dataset, as SQL sees them.
    ///
    /// They are as many batches as it takes for none to be much larger than what it was made from.
    pub(crate) fn apply(
        &self,
        batch: RecordBatch,
    ) -> impl Iterator<Item = Result<RecordBatch>> + Send + use<> {
        let (types, mut pending) = (self.clone(), vec![batch]);
        std::iter::from_fn(move || {
            loop {
                let batch = pending.pop()?;
                match types.seen(&batch) {
                    Err(error) if error.kind() == ErrorKind::LimitExceeded && batch.num_rows() > 1 => {
                        let first = batch.num_rows() / 2;
                        pending.push(batch.slice(first, batch.num_rows() - first));
                        pending.push(batch.slice(0, first));
                    }
                    seen => return Some(seen),
                }
            }
        })
    }

    fn seen(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let Some(steps) = &self.steps else { return Ok(batch.clone()) };
        let plain = steps.plain.apply(&batch.project(&steps.of_runs).map_err(not_made)?)?;
        let seen = batch.columns().iter().zip(&steps.columns).zip(self.schema.fields());
        let seen = seen.map(|((own, column), field)| {
            let own = column.plain.and_then(|index| plain.columns().get(index)).unwrap_or(own);
            if column.is_touched { arrays::seen(own, field.data_type()) } else { Ok(Arc::clone(own)) }
        });
        let seen = seen.collect::<Result<Vec<_>, _>>().map_err(not_made)?;
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), seen, &options).map_err(not_made)
    }
}

impl Steps {
    /// Returns what there is to do for columns, and as what SQL sees them.
    fn new(own: &Fields) -> (Self, Vec<FieldRef>) {
        let of_runs = own.iter().enumerate().filter(|(_, field)| has_runs(field.data_type()));
        let (of_runs, runs): (Vec<_>, Vec<_>) =
            of_runs.map(|(index, field)| (index, Arc::clone(field))).unzip();
        let plain = Plain::new(&Arc::new(Schema::new(runs)));
        let columns = own.iter().enumerate().map(|(index, field)| {
            let at = of_runs.iter().position(|of| *of == index);
            let field = at.and_then(|at| plain.schema().fields().get(at)).unwrap_or(field);
            (Column { plain: at, is_touched: touches_field(field) }, seen_field(field, false))
        });
        let (columns, fields) = columns.unzip();
        (Self { plain, of_runs, columns }, fields)
    }
}

fn not_made(error: ArrowError) -> Error {
    internal("a column cannot be made what SQL sees").with_source(error)
}

/// Returns `column`, which has the type that SQL sees, as the dataset has it.
///
/// Fails with `InvalidArgument` where a value does not fit.
pub(crate) fn own_column(column: &ArrayRef, field: &Field) -> Result<ArrayRef> {
    if column.data_type() == field.data_type() {
        return Ok(Arc::clone(column));
    }
    arrays::own(column, field.data_type()).map_err(|error| {
        let (name, data_type) = (field.name(), field.data_type());
        let text = format!("column `{name}`: a value does not fit into {data_type}");
        invalid(None, text).with_source(error)
    })
}

/// Returns whether there is anything to do for values of `data_type`; a struct `may_be_null` by what it is in, too.
fn touches(data_type: &DataType, may_be_null: bool) -> bool {
    match data_type {
        DataType::Struct(fields) => {
            (may_be_null && !fields.is_empty()) || fields.iter().any(|field| touches_field(field))
        }
        DataType::List(field) | DataType::LargeList(field) | DataType::FixedSizeList(field, _) => {
            touches_field(field)
        }
        DataType::Map(entries, _) => touches(entries.data_type(), false),
        DataType::Dictionary(keys, values) => is_small(keys) || touches(values, true),
        DataType::Decimal32(..) | DataType::Decimal64(..) => true,
        _ => false,
    }
}

/// Returns whether keys of this type may be too few for the values of all batches.
const fn is_small(keys: &DataType) -> bool {
    matches!(keys, DataType::Int8 | DataType::UInt8 | DataType::Int16 | DataType::UInt16)
}

/// Returns whether values of `data_type` have to be plain first.
fn has_runs(data_type: &DataType) -> bool {
    match data_type {
        DataType::RunEndEncoded(..) => true,
        DataType::ListView(field) | DataType::LargeListView(field) => {
            has_runs(field.data_type()) || touches_field(field)
        }
        DataType::List(field)
        | DataType::LargeList(field)
        | DataType::FixedSizeList(field, _)
        | DataType::Map(field, _) => has_runs(field.data_type()),
        DataType::Struct(fields) => fields.iter().any(|field| has_runs(field.data_type())),
        DataType::Union(fields, _) => fields.iter().any(|(_, field)| has_runs(field.data_type())),
        DataType::Dictionary(_, values) => has_runs(values),
        _ => false,
    }
}

/// Returns whether there is anything else to do for values of `field`.
fn touches_field(field: &Field) -> bool {
    touches(field.data_type(), field.is_nullable())
}

/// Returns whether a struct within `data_type` that may be null has a field that may not.
fn hides_nulls(data_type: &DataType, may_be_null: bool) -> bool {
    match data_type {
        DataType::Struct(fields) => fields.iter().any(|field| {
            (may_be_null && !field.is_nullable())
                || hides_nulls(field.data_type(), may_be_null || field.is_nullable())
        }),
        DataType::List(field) | DataType::LargeList(field) | DataType::FixedSizeList(field, _) => {
            hides_nulls(field.data_type(), field.is_nullable())
        }
        DataType::Map(entries, _) => hides_nulls(entries.data_type(), false),
        _ => false,
    }
}

/// Returns the type that SQL sees.
fn seen_type(data_type: &DataType, may_be_null: bool) -> DataType {
    match data_type {
        DataType::Struct(fields) => {
            DataType::Struct(fields.iter().map(|field| seen_field(field, may_be_null)).collect())
        }
        DataType::List(field) => DataType::List(seen_field(field, false)),
        DataType::LargeList(field) => DataType::LargeList(seen_field(field, false)),
        DataType::FixedSizeList(field, size) => DataType::FixedSizeList(seen_field(field, false), *size),
        DataType::Map(entries, sorted) => {
            let seen = seen_type(entries.data_type(), false);
            DataType::Map(Arc::new(Field::clone(entries).with_data_type(seen)), *sorted)
        }
        DataType::Dictionary(keys, values) => {
            let keys = if is_small(keys) { Box::new(DataType::Int32) } else { keys.clone() };
            DataType::Dictionary(keys, Box::new(seen_type(values, true)))
        }
        DataType::Decimal32(precision, scale) | DataType::Decimal64(precision, scale) => {
            DataType::Decimal128(*precision, *scale)
        }
        other => other.clone(),
    }
}

/// Returns the field that SQL sees, within something that `may_be_null`.
fn seen_field(field: &FieldRef, may_be_null: bool) -> FieldRef {
    let nullable = field.is_nullable() || may_be_null;
    if !touches(field.data_type(), nullable) && nullable == field.is_nullable() {
        return Arc::clone(field);
    }
    let seen = seen_type(field.data_type(), nullable);
    Arc::new(Field::clone(field).with_data_type(seen).with_nullable(nullable))
}
