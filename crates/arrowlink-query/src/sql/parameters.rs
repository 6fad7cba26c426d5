//! The parameters of a statement: their types, and the values that take their places.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use arrowlink_core::Result;
use datafusion::common::tree_node::{TreeNode as _, TreeNodeRecursion};
use datafusion::common::{DataFusionError, ParamValues, ScalarValue};
use datafusion::logical_expr::expr::Placeholder;
use datafusion::logical_expr::{Expr, LogicalPlan};

use super::failure::{from_datafusion, from_planning, invalid};

/// Returns a column for each parameter up to the highest number, in the order of their numbers.
///
/// One whose type does not follow from the statement is text, which every client can bind.
pub(crate) fn schema(plan: &LogicalPlan) -> SchemaRef {
    let types = types(plan);
    let highest = types.keys().next_back().copied().unwrap_or(0);
    let fields = (1..=highest).map(|number| {
        let data_type = types.get(&number).cloned().flatten().unwrap_or(DataType::Utf8);
        Field::new(format!("${number}"), data_type, true)
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// Puts the one row of `values` in the places of the parameters.
pub(crate) fn bind_one(plan: LogicalPlan, values: Option<&RecordBatch>) -> Result<LogicalPlan> {
    let rows = values.map_or(1, RecordBatch::num_rows);
    if rows != 1 {
        let text = format!("{rows} rows of values for a query: give it one");
        return Err(invalid(None, text));
    }
    bind(plan, values, 0)
}

/// Puts the values of one row in the places of the parameters.
///
/// A value is cast to the type that its place has where that loses nothing; one that cannot be of that type is refused.
pub(crate) fn bind(plan: LogicalPlan, values: Option<&RecordBatch>, row: usize) -> Result<LogicalPlan> {
    let types = types(&plan);
    let highest = types.keys().next_back().copied().unwrap_or(0);
    let given = values.map_or(0, RecordBatch::num_columns);
    if given != highest {
        let text =
            format!("values for {given} parameters, and the statement has {highest}: give it one for each");
        return Err(invalid(None, text));
    }
    let Some(values) = values.filter(|_| highest > 0) else { return Ok(plan) };
    let mut bound = Vec::with_capacity(highest);
    for (number, column) in (1..).zip(values.columns()) {
        let value = ScalarValue::try_from_array(column, row).map_err(from_datafusion)?;
        bound.push(fitted(number, value, types.get(&number).cloned().flatten())?);
    }
    plan.replace_params_with_values(&ParamValues::from(bound)).map_err(|error| from_planning(error, ""))
}

/// Returns the numbers of all parameters, with their types where all places of one agree.
fn types(plan: &LogicalPlan) -> BTreeMap<usize, Option<DataType>> {
    let mut types: BTreeMap<usize, Option<DataType>> = BTreeMap::new();
    let visited = plan.apply_with_subqueries(|plan| {
        plan.apply_expressions(|expression| {
            expression.apply(|expression| {
                if let Expr::Placeholder(placeholder) = expression
                    && let Some((number, data_type)) = numbered(placeholder)
                {
                    note(types.entry(number), data_type);
                }
                Ok::<_, DataFusionError>(TreeNodeRecursion::Continue)
            })
        })
    });
    // The walk fails where a step does, and none of these does.
    drop(visited);
    types
}

/// Notes another place of a parameter: the first type that is known counts, unless another place has another.
fn note(entry: std::collections::btree_map::Entry<'_, usize, Option<DataType>>, data_type: Option<DataType>) {
    let known = entry.or_insert_with(|| data_type.clone());
    if known.is_none() {
        *known = data_type;
    }
}

/// Returns the number and the type of a parameter.
fn numbered(placeholder: &Placeholder) -> Option<(usize, Option<DataType>)> {
    let number = placeholder.id.strip_prefix('$')?.parse().ok()?;
    Some((number, placeholder.field.as_ref().map(|field| field.data_type().clone())))
}

/// Casts `value` to `wanted` where that loses nothing.
///
/// A number that does not fit stays as it is: comparing with it is still right. A text that is not a number is refused.
fn fitted(number: usize, value: ScalarValue, wanted: Option<DataType>) -> Result<ScalarValue> {
    let Some(wanted) = wanted.filter(|wanted| *wanted != value.data_type()) else { return Ok(value) };
    if value.is_null() {
        return Ok(ScalarValue::try_from(&wanted).unwrap_or(value));
    }
    let back = |cast: &ScalarValue| cast.cast_to(&value.data_type()).is_ok_and(|back| back == value);
    match value.cast_to(&wanted) {
        Ok(cast) if !cast.is_null() && (back(&cast) || is_text(&value.data_type())) => Ok(cast),
        Err(_) if is_text(&value.data_type()) => {
            let text = format!("`${number}`: `{value}` is not of type {wanted}");
            Err(invalid(None, text))
        }
        _ => Ok(value),
    }
}

fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}
