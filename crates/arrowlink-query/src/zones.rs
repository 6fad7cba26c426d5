//! Local times of a zone as instants: `ts AT TIME ZONE 'Europe/Berlin'`.
//!
//! It is a function here, and a cast in the engine, which takes the cast of a column away where it is compared with a
//! constant, as if the clock of the zone showed UTC. The cast also knows of no instant where a clock is set: here an hour
//! that a clock shows twice is the later one, and one that it leaves out is counted on from the hour before it.

use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::Int64Type;
use arrow_array::{Array as _, ArrayRef, Int64Array};
use arrow_schema::{DataType, TimeUnit};
use datafusion::arrow::compute::{CastOptions, cast, cast_with_options};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult as _, TreeNode as _};
use datafusion::common::{DFSchema, DataFusionError};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{
    Cast, ColumnarValue, Expr, ExprSchemable as _, LogicalPlan, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl,
    Signature, Volatility,
};
use datafusion::optimizer::AnalyzerRule;

/// Puts the function where the engine would cast. Zones that are UTC need none.
#[derive(Debug)]
pub(crate) struct LocalTimes;

impl AnalyzerRule for LocalTimes {
    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan, DataFusionError> {
        plan.transform_up_with_subqueries(|plan| {
            let (schema, names) = (merge_schema(&plan.inputs()), NamePreserver::new(&plan));
            let found = plan.map_expressions(|expression| {
                let name = names.save(&expression);
                let found = expression.transform_up(|expression| Ok(called(expression, &schema)))?;
                Ok(found.update_data(|expression| name.restore(expression)))
            })?;
            found.map_data(LogicalPlan::recompute_schema)
        })
        .data()
    }

    fn name(&self) -> &str {
        "local_times"
    }
}

/// Returns a call of the function for a cast.
fn called(expression: Expr, schema: &DFSchema) -> Transformed<Expr> {
    let Expr::Cast(Cast { expr, field }) = &expression else { return Transformed::no(expression) };
    let DataType::Timestamp(unit, Some(zone)) = field.data_type() else { return Transformed::no(expression) };
    let is_local = matches!(expr.get_type(schema), Ok(DataType::Timestamp(_, None)));
    if !is_local || UTC.contains(&zone.as_ref()) {
        return Transformed::no(expression);
    }
    let function = AtTimeZone {
        signature: Signature::any(1, Volatility::Immutable),
        unit: *unit,
        zone: Arc::clone(zone),
    };
    let argument = expr.as_ref().clone();
    Transformed::yes(ScalarUDF::new_from_impl(function).call(vec![argument]))
}

/// Makes local times of one zone instants.
#[derive(Debug, PartialEq, Eq, Hash)]
struct AtTimeZone {
    signature: Signature,
    unit: TimeUnit,
    zone: Arc<str>,
}

impl ScalarUDFImpl for AtTimeZone {
    fn name(&self) -> &str {
        "at_time_zone"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType, DataFusionError> {
        Ok(self.zoned())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue, DataFusionError> {
        let is_constant = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let [local] = arrays.as_slice() else {
            return Err(DataFusionError::Internal("a time zone is that of one time".to_owned()));
        };
        let instants = self.instants(local)?;
        if is_constant {
            let value = datafusion::common::ScalarValue::try_from_array(&instants, 0)?;
            return Ok(ColumnarValue::Scalar(value));
        }
        Ok(ColumnarValue::Array(instants))
    }
}

impl AtTimeZone {
    fn zoned(&self) -> DataType {
        DataType::Timestamp(self.unit, Some(Arc::clone(&self.zone)))
    }

    fn instants(&self, local: &ArrayRef) -> Result<ArrayRef, DataFusionError> {
        let strict = CastOptions { safe: false, ..CastOptions::default() };
        let local = cast_with_options(local, &DataType::Timestamp(self.unit, None), &strict)?;
        let plain = cast(&local, &self.zoned())?;
        if plain.null_count() == local.null_count() {
            return Ok(plain);
        }
        let local = cast(&local, &DataType::Int64)?;
        let ticks = Int64Array::clone(local.as_primitive());
        let (before, after) = (self.shifted(&ticks, -self.around())?, self.shifted(&ticks, self.around())?);
        let plain = cast(&plain, &DataType::Int64)?;
        let chosen = plain.as_primitive::<Int64Type>().iter().zip(before.iter().zip(after.iter()));
        let chosen: Int64Array =
            chosen.map(|(plain, (before, after))| plain.or_else(|| Some(before?.max(after?)))).collect();
        if chosen.null_count() > ticks.null_count() {
            // A day that a zone has left out: the cast says what is wrong.
            let local = cast(&local, &DataType::Timestamp(self.unit, None))?;
            return Ok(cast_with_options(&local, &self.zoned(), &strict)?);
        }
        Ok(cast(&chosen, &self.zoned())?)
    }

    /// Returns the instants of `local` by the offset that the zone has `by` ticks later.
    fn shifted(&self, local: &Int64Array, by: i64) -> Result<Int64Array, DataFusionError> {
        let moved: Int64Array = local.iter().map(|local| local?.checked_add(by)).collect();
        let moved = cast(&moved, &DataType::Timestamp(self.unit, None))?;
        let instants = cast(&cast(&moved, &self.zoned())?, &DataType::Int64)?;
        Ok(instants.as_primitive::<Int64Type>().iter().map(|instant| instant?.checked_sub(by)).collect())
    }

    /// Returns the ticks in three hours: no clock is set by more, but where a zone leaves out a day.
    const fn around(&self) -> i64 {
        3 * 3600
            * match self.unit {
                TimeUnit::Second => 1,
                TimeUnit::Millisecond => 1_000,
                TimeUnit::Microsecond => 1_000_000,
                TimeUnit::Nanosecond => 1_000_000_000,
            }
    }
}

/// The names of UTC, by which a clock shows what is stored.
const UTC: [&str; 5] = ["UTC", "+00:00", "Z", "Etc/UTC", "utc"];
