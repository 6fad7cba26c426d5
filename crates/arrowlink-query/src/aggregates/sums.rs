//! Sums of decimals that have no more digits than their type, or are an error.

use std::fmt::Debug;
use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::DecimalType;
use arrow_array::{Array as _, ArrayRef, ArrowNativeTypeOp as _, PrimitiveArray};
use arrow_schema::{DECIMAL128_MAX_PRECISION, DataType};
use arrowlink_core::{Error, ErrorKind};
use datafusion::arrow::compute::sum_checked;
use datafusion::common::{DataFusionError, ScalarValue};
use datafusion::logical_expr::{Accumulator, GroupsAccumulator};

use super::folded::{Folded, one};
use crate::sql::failure::travelling;

/// Returns the sums of groups.
pub(super) fn grouped<T: DecimalType + Debug + Send>(data_type: &DataType) -> Box<dyn GroupsAccumulator> {
    let add = |sum: T::Native, value: T::Native| sum.add_checked(value).ok();
    Box::new(Folded::<T, _>::new(data_type, T::Native::ZERO, add).with_check(check::<T>))
}

/// Says that a sum, or what is added, has more digits than `data_type`.
pub(super) fn too_large(data_type: &DataType) -> DataFusionError {
    let more = match data_type {
        DataType::Decimal256(..) => "",
        _ => " or `arrow_cast(x, 'Decimal256(76, 0)')`",
    };
    let text =
        format!("a sum has more digits than its type `{data_type}`: add up doubles, `x::double`{more}");
    travelling(Error::new(ErrorKind::InvalidArgument, text))
}

/// The sum of all rows, or of those of a window.
#[derive(Debug)]
pub(super) struct Sum<T: DecimalType> {
    sum: T::Native,
    /// How many values it has; of none, the sum is null.
    values: usize,
    data_type: DataType,
}

impl<T: DecimalType> Sum<T> {
    pub(super) fn new(data_type: &DataType) -> Self {
        Self { sum: T::Native::ZERO, values: 0, data_type: data_type.clone() }
    }

    /// Returns what `values` add up to.
    fn total(&self, values: &PrimitiveArray<T>) -> Result<T::Native, DataFusionError> {
        let total = sum_checked(values).map_err(|_| too_large(&self.data_type))?;
        Ok(total.unwrap_or(T::Native::ZERO))
    }

    fn value(&self) -> Result<ScalarValue, DataFusionError> {
        ScalarValue::new_primitive::<T>((self.values > 0).then_some(self.sum), &self.data_type)
    }
}

impl<T: DecimalType + Debug + Send> Accumulator for Sum<T> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<(), DataFusionError> {
        let values = one(values)?.as_primitive::<T>();
        let total = self.total(values)?;
        self.sum = self.sum.add_checked(total).map_err(|_| too_large(&self.data_type))?;
        self.values += values.len() - values.null_count();
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<(), DataFusionError> {
        let values = one(values)?.as_primitive::<T>();
        let total = self.total(values)?;
        self.sum = self.sum.sub_checked(total).map_err(|_| too_large(&self.data_type))?;
        self.values -= values.len() - values.null_count();
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn evaluate(&mut self) -> Result<ScalarValue, DataFusionError> {
        check::<T>(self.sum, &self.data_type)?;
        self.value()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>, DataFusionError> {
        Ok(vec![self.value()?])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<(), DataFusionError> {
        self.update_batch(states)
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }
}

/// The sum of values that are different, which the engine's accumulator finds.
#[derive(Debug)]
pub(super) struct DistinctSum {
    values: Box<dyn Accumulator>,
    sum: Box<dyn Accumulator>,
}

impl DistinctSum {
    /// Adds up by `sum` what `values` finds.
    pub(super) fn new(values: Box<dyn Accumulator>, sum: Box<dyn Accumulator>) -> Self {
        Self { values, sum }
    }
}

impl Accumulator for DistinctSum {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<(), DataFusionError> {
        self.values.update_batch(values)
    }

    fn evaluate(&mut self) -> Result<ScalarValue, DataFusionError> {
        for list in self.values.state()? {
            let lists = list.to_array()?;
            self.sum.update_batch(&[Arc::clone(lists.as_list::<i32>().values())])?;
        }
        self.sum.evaluate()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>, DataFusionError> {
        self.values.state()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<(), DataFusionError> {
        self.values.merge_batch(states)
    }

    fn size(&self) -> usize {
        self.values.size() + self.sum.size()
    }
}

/// Refuses a sum with more digits than `data_type`.
fn check<T: DecimalType>(sum: T::Native, data_type: &DataType) -> Result<(), DataFusionError> {
    let digits = match data_type {
        DataType::Decimal32(digits, _)
        | DataType::Decimal64(digits, _)
        | DataType::Decimal128(digits, _)
        | DataType::Decimal256(digits, _) => *digits,
        _ => DECIMAL128_MAX_PRECISION,
    };
    if T::is_valid_decimal_precision(sum, digits) { Ok(()) } else { Err(too_large(data_type)) }
}
