//! The decimal that a number of a statement says, or a sum or product of such numbers.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};

/// A number as it is written: `value` divided by ten as often as `scale` says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Written {
    value: i128,
    pub(super) digits: u8,
    pub(super) scale: i8,
}

impl Written {
    /// Returns what `expression` says, where it is written in numbers alone.
    pub(super) fn of(expression: &Expr) -> Option<Self> {
        match expression {
            Expr::Literal(ScalarValue::Float64(Some(number)), _) => Self::of_double(*number),
            Expr::Literal(ScalarValue::Int64(Some(number)), _) => Self::new(i128::from(*number), 0),
            Expr::Negative(inner) => {
                let Self { value, scale, .. } = Self::of(inner)?;
                Self::new(value.checked_neg()?, scale)
            }
            Expr::BinaryExpr(BinaryExpr { left, op, right }) => Self::of_both(left, *op, right),
            _ => None,
        }
    }

    /// Returns what `number` was read from: its shortest text, as long as that has no more digits than every double keeps.
    fn of_double(number: f64) -> Option<Self> {
        let text = number.to_string();
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let digits = format!("{whole}{fraction}");
        let significant = digits.trim_start_matches(['-', '0']).trim_end_matches('0').len();
        let value = digits.parse().ok().filter(|_| significant <= DIGITS_OF_A_DOUBLE)?;
        Self::new(value, i8::try_from(fraction.len()).ok()?)
    }

    fn of_both(left: &Expr, op: Operator, right: &Expr) -> Option<Self> {
        let (left, right) = (Self::of(left)?, Self::of(right)?);
        let scale = left.scale.max(right.scale);
        match op {
            Operator::Plus => Self::new(left.at(scale)?.checked_add(right.at(scale)?)?, scale),
            Operator::Minus => Self::new(left.at(scale)?.checked_sub(right.at(scale)?)?, scale),
            Operator::Multiply => {
                Self::new(left.value.checked_mul(right.value)?, left.scale.checked_add(right.scale)?)
            }
            _ => None,
        }
    }

    /// Returns it where a decimal has as many digits.
    fn new(value: i128, scale: i8) -> Option<Self> {
        let digits = value.unsigned_abs().checked_ilog10().unwrap_or(0) + 1;
        let digits = u8::try_from(digits).ok()?.max(u8::try_from(scale).ok()?);
        (digits <= MOST_DIGITS).then_some(Self { value, digits, scale })
    }

    /// Returns the value at another scale that is not smaller.
    fn at(self, scale: i8) -> Option<i128> {
        let more = u32::try_from(scale.checked_sub(self.scale)?).ok()?;
        self.value.checked_mul(10_i128.checked_pow(more)?)
    }

    /// Returns the decimal.
    pub(super) const fn literal(self) -> Expr {
        Expr::Literal(ScalarValue::Decimal128(Some(self.value), self.digits, self.scale), None)
    }
}

/// Of a decimal of 128 bits.
pub(super) const MOST_DIGITS: u8 = 38;
/// Every text of so many digits is the shortest of its double.
const DIGITS_OF_A_DOUBLE: usize = 15;
