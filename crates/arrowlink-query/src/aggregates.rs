//! `min` and `max` of floats, and `sum` of decimals, where the engine's own depend on the order of rows or wrap around.
//!
//! Within groups the engine compares floats so that NaN is neither less nor greater, and what came last stays. And it adds
//! decimals without a look at how many digits they get. All else of these functions is the engine's: what it plans by their
//! names and properties it plans as before.

mod folded;
mod sums;

use std::sync::Arc;

use arrow_array::types::{
    Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type, Float16Type, Float32Type, Float64Type,
};
use arrow_array::{ArrowNativeTypeOp as _, ArrowPrimitiveType};
use arrow_schema::{DataType, FieldRef};
use datafusion::common::{DataFusionError, ScalarValue};
use datafusion::execution::FunctionRegistry;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Documentation, Expr, GroupsAccumulator, Operator,
    ReversedUDAF, SetMonotonicity, Signature, StatisticsArgs,
};

use folded::Folded;
use sums::{DistinctSum, Sum, grouped};

/// Puts the functions into `state`.
pub(crate) fn add(state: &mut SessionState) -> Result<(), DataFusionError> {
    for (name, kind) in FUNCTIONS {
        let inner = state.udaf(name)?;
        state.register_udaf(Arc::new(AggregateUDF::new_from_impl(Mended { inner, kind })))?;
    }
    Ok(())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Least,
    Greatest,
    Sum,
}

/// A function of the engine with accumulators of its own for some types.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Mended {
    inner: Arc<AggregateUDF>,
    kind: Kind,
}

impl Mended {
    /// Returns the accumulator of groups where the engine's is not the one.
    fn of_groups(&self, data_type: &DataType) -> Option<Box<dyn GroupsAccumulator>> {
        Some(match (self.kind, data_type) {
            (Kind::Sum, DataType::Decimal32(..)) => grouped::<Decimal32Type>(data_type),
            (Kind::Sum, DataType::Decimal64(..)) => grouped::<Decimal64Type>(data_type),
            (Kind::Sum, DataType::Decimal128(..)) => grouped::<Decimal128Type>(data_type),
            (Kind::Sum, DataType::Decimal256(..)) => grouped::<Decimal256Type>(data_type),
            (Kind::Sum, _) => return None,
            (_, DataType::Float16) => self.extremes::<Float16Type>(),
            (_, DataType::Float32) => self.extremes::<Float32Type>(),
            (_, DataType::Float64) => self.extremes::<Float64Type>(),
            _ => return None,
        })
    }

    /// Returns one that finds the least or greatest, in the order in which NaN is greater than all numbers.
    fn extremes<T: ArrowPrimitiveType + Send>(&self) -> Box<dyn GroupsAccumulator> {
        if self.kind == Kind::Least {
            let least =
                |least: T::Native, value: T::Native| Some(if value.is_lt(least) { value } else { least });
            return Box::new(Folded::<T, _>::new(&T::DATA_TYPE, T::Native::MAX_TOTAL_ORDER, least));
        }
        let greatest = |most: T::Native, value: T::Native| Some(if value.is_gt(most) { value } else { most });
        Box::new(Folded::<T, _>::new(&T::DATA_TYPE, T::Native::MIN_TOTAL_ORDER, greatest))
    }

    /// Returns the accumulator of all rows, or those of a window, where the engine's is not the one.
    fn of_rows(&self, data_type: &DataType) -> Option<Box<dyn Accumulator>> {
        Some(match (self.kind, data_type) {
            (Kind::Sum, DataType::Decimal32(..)) => Box::new(Sum::<Decimal32Type>::new(data_type)),
            (Kind::Sum, DataType::Decimal64(..)) => Box::new(Sum::<Decimal64Type>::new(data_type)),
            (Kind::Sum, DataType::Decimal128(..)) => Box::new(Sum::<Decimal128Type>::new(data_type)),
            (Kind::Sum, DataType::Decimal256(..)) => Box::new(Sum::<Decimal256Type>::new(data_type)),
            _ => return None,
        })
    }
}

impl AggregateUDFImpl for Mended {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType, DataFusionError> {
        self.inner.return_type(arg_types)
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>, DataFusionError> {
        self.inner.coerce_types(arg_types)
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>, DataFusionError> {
        self.inner.state_fields(args)
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>, DataFusionError> {
        let data_type = args.return_field.data_type().clone();
        match self.of_rows(&data_type) {
            Some(sum) if args.is_distinct => {
                Ok(Box::new(DistinctSum::new(self.inner.accumulator(args)?, sum)))
            }
            Some(accumulator) => Ok(accumulator),
            None => self.inner.accumulator(args),
        }
    }

    fn create_sliding_accumulator(
        &self,
        args: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn Accumulator>, DataFusionError> {
        match self.of_rows(args.return_field.data_type()).filter(|_| !args.is_distinct) {
            Some(accumulator) => Ok(accumulator),
            None => self.inner.create_sliding_accumulator(args),
        }
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs<'_>) -> bool {
        self.inner.groups_accumulator_supported(args)
    }

    fn create_groups_accumulator(
        &self,
        args: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn GroupsAccumulator>, DataFusionError> {
        match self.of_groups(args.return_field.data_type()) {
            Some(accumulator) => Ok(accumulator),
            None => self.inner.create_groups_accumulator(args),
        }
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        self.inner.order_sensitivity()
    }

    fn simplify_expr_op_literal(
        &self,
        function: &AggregateFunction,
        arg: &Expr,
        op: Operator,
        literal: &Expr,
        arg_is_left: bool,
    ) -> Result<Option<Expr>, DataFusionError> {
        self.inner.inner().simplify_expr_op_literal(function, arg, op, literal, arg_is_left)
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        self.inner.reverse_udf()
    }

    fn is_descending(&self) -> Option<bool> {
        self.inner.is_descending()
    }

    fn value_from_stats(&self, statistics: &StatisticsArgs<'_>) -> Option<ScalarValue> {
        self.inner.value_from_stats(statistics)
    }

    fn set_monotonicity(&self, data_type: &DataType) -> SetMonotonicity {
        self.inner.inner().set_monotonicity(data_type)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.inner.documentation()
    }
}

const FUNCTIONS: [(&str, Kind); 3] = [("min", Kind::Least), ("max", Kind::Greatest), ("sum", Kind::Sum)];
