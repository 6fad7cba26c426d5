//! One value for each group, made of those of its rows one after the other.

use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::{Array as _, ArrayRef, ArrowPrimitiveType, BooleanArray, PrimitiveArray};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;
use datafusion::common::DataFusionError;
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};
use datafusion::physical_expr::NullState;

use super::sums::too_large;
use crate::failure::internal;
use crate::sql::failure::travelling;

/// Values of groups; of one without any value, null.
pub(super) struct Folded<T: ArrowPrimitiveType, F> {
    values: Vec<T::Native>,
    seen: NullState,
    data_type: DataType,
    start: T::Native,
    fold: F,
    check: Check<T>,
}

/// Refuses what is too large for its type, once it is whole.
type Check<T> = fn(<T as ArrowPrimitiveType>::Native, &DataType) -> Result<(), DataFusionError>;

impl<T, F> Folded<T, F>
where
    T: ArrowPrimitiveType + Send,
    F: Fn(T::Native, T::Native) -> Option<T::Native> + Send + Sync + 'static,
{
    /// Begins every group with `start`, and goes on with what `fold` makes of it and a value; nothing where that is too large.
    pub(super) fn new(data_type: &DataType, start: T::Native, fold: F) -> Self {
        Self {
            values: Vec::new(),
            seen: NullState::new(),
            data_type: data_type.clone(),
            start,
            fold,
            check: |_, _| Ok(()),
        }
    }

    /// Looks at each value by `check` when it is whole.
    pub(super) fn with_check(mut self, check: Check<T>) -> Self {
        self.check = check;
        self
    }

    /// Returns the values of the groups that `emit_to` asks for.
    fn take(&mut self, emit_to: EmitTo) -> PrimitiveArray<T> {
        let values = emit_to.take_needed(&mut self.values);
        let nulls = self.seen.build(emit_to);
        PrimitiveArray::new(values.into(), nulls).with_data_type(self.data_type.clone())
    }
}

impl<T, F> GroupsAccumulator for Folded<T, F>
where
    T: ArrowPrimitiveType + Send,
    F: Fn(T::Native, T::Native) -> Option<T::Native> + Send + Sync + 'static,
{
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        groups_in_all: usize,
    ) -> Result<(), DataFusionError> {
        let column = one(values)?.as_primitive::<T>();
        self.values.resize(groups_in_all, self.start);
        let mut is_too_large = false;
        let (values, fold) = (&mut self.values, &self.fold);
        self.seen.accumulate(groups, column, filter, groups_in_all, |group, value| {
            let Some(folded) = values.get_mut(group) else { return };
            match fold(*folded, value) {
                Some(value) => *folded = value,
                None => is_too_large = true,
            }
        });
        if is_too_large { Err(too_large(&self.data_type)) } else { Ok(()) }
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef, DataFusionError> {
        let values = self.take(emit_to);
        values.iter().flatten().try_for_each(|value| (self.check)(value, &self.data_type))?;
        Ok(Arc::new(values))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>, DataFusionError> {
        Ok(vec![Arc::new(self.take(emit_to))])
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        groups_in_all: usize,
    ) -> Result<(), DataFusionError> {
        self.update_batch(values, groups, None, groups_in_all)
    }

    /// A value is the state of a group that has it alone.
    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>, DataFusionError> {
        let column = one(values)?.as_primitive::<T>();
        let kept = filter.map(|filter| {
            let (kept, known) = filter.clone().into_parts();
            NullBuffer::new(known.map_or_else(|| kept.clone(), |known| known.inner() & &kept))
        });
        let nulls = NullBuffer::union(column.nulls(), kept.as_ref());
        let state = PrimitiveArray::<T>::new(column.values().clone(), nulls);
        Ok(vec![Arc::new(state.with_data_type(self.data_type.clone()))])
    }

    fn size(&self) -> usize {
        self.values.capacity() * size_of::<T::Native>() + self.seen.size()
    }
}

/// Returns the one column that such a function has.
pub(super) fn one(values: &[ArrayRef]) -> Result<&ArrayRef, DataFusionError> {
    values.first().ok_or_else(|| travelling(internal("a function of one column got none")))
}
