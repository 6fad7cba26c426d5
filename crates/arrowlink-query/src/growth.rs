//! Functions whose result may be as large as a number in the statement says: `repeat('x', 1000000000)`.
//!
//! No memory pool counts what one expression makes, and the planner copies constants several times. So the size is
//! reckoned from the arguments first, and what would be too much is refused before it is made.

mod size;

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_schema::{DataType, FieldRef};
use arrowlink_core::{Error, ErrorKind};
use datafusion::common::DataFusionError;
use datafusion::execution::FunctionRegistry;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl,
    Signature,
};

use crate::sql::failure::travelling;
use size::Size;

/// Puts a bound on the functions of `state` that need one.
pub(crate) fn bound(state: &mut SessionState) -> Result<(), DataFusionError> {
    for (name, size) in FUNCTIONS {
        let inner = state.udf(name)?;
        state.register_udf(Arc::new(ScalarUDF::new_from_impl(Bounded { inner, size })))?;
    }
    Ok(())
}

/// A function that looks at its arguments first.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Bounded {
    inner: Arc<ScalarUDF>,
    size: Size,
}

impl Bounded {
    /// Refuses what would be too much.
    fn check(&self, args: &ScalarFunctionArgs) -> Result<(), DataFusionError> {
        let are_constant = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let rows = if are_constant { 1 } else { args.number_rows };
        if rows == 0 {
            return Ok(());
        }
        let arrays: Vec<ArrayRef> = args.args.iter().map(array).collect::<Result<_, _>>()?;
        let Some(sizes) = self.size.of_rows(&arrays) else { return Ok(()) };
        let largest = sizes.iter().copied().max().unwrap_or(0);
        if largest > MOST_BYTES {
            return Err(self.refused(&format!("{largest} bytes in one value, and {} MiB", MOST_BYTES >> 20)));
        }
        let all = sizes.iter().fold(0_u64, |sum, size| sum.saturating_add(*size));
        let all = if sizes.len() == 1 { all.saturating_mul(rows as u64) } else { all };
        // Few texts are replaced from end to end: of many, what could be says nothing of what is.
        if all > MOST_BYTES_OF_A_BATCH && !matches!(self.size, Size::Replaced | Size::Matched) {
            return Err(
                self.refused(&format!("{all} bytes in {rows} rows, and {} MiB", MOST_BYTES_OF_A_BATCH >> 20))
            );
        }
        Ok(())
    }

    fn refused(&self, what: &str) -> DataFusionError {
        let text = format!("`{}` would make {what} are allowed: ask for less", self.inner.name());
        travelling(Error::new(ErrorKind::LimitExceeded, text))
    }
}

impl ScalarUDFImpl for Bounded {
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
        self.inner.inner().return_type(arg_types)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef, DataFusionError> {
        self.inner.inner().return_field_from_args(args)
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>, DataFusionError> {
        self.inner.inner().coerce_types(arg_types)
    }

    fn simplify(
        &self,
        args: Vec<Expr>,
        info: &SimplifyContext,
    ) -> Result<ExprSimplifyResult, DataFusionError> {
        self.inner.inner().simplify(args, info)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.inner.inner().documentation()
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue, DataFusionError> {
        self.check(&args)?;
        self.inner.inner().invoke_with_args(args)
    }
}

/// Returns the values of an argument; what is the same in every row stands there once.
fn array(arg: &ColumnarValue) -> Result<ArrayRef, DataFusionError> {
    match arg {
        ColumnarValue::Array(array) => Ok(Arc::clone(array)),
        ColumnarValue::Scalar(value) => value.to_array(),
    }
}

/// Their aliases come with them.
const FUNCTIONS: [(&str, Size); 9] = [
    ("repeat", Size::Repeated),
    ("lpad", Size::Padded),
    ("rpad", Size::Padded),
    ("replace", Size::Replaced),
    ("regexp_replace", Size::Matched),
    ("array_repeat", Size::Listed),
    ("array_resize", Size::Resized),
    ("range", Size::Ranged),
    ("generate_series", Size::Ranged),
];
/// The planner keeps several copies of a constant.
const MOST_BYTES: u64 = 64 << 20;
const MOST_BYTES_OF_A_BATCH: u64 = 256 << 20;
