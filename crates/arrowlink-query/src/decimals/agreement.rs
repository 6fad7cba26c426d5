//! Expressions that are compared, or are one value in the end: they have to be of one type.

use arrow_schema::{DECIMAL256_MAX_PRECISION, DataType};
use datafusion::common::tree_node::Transformed;
use datafusion::common::{DFSchema, DataFusionError};
use datafusion::logical_expr::expr::{Between, Case, InList, InSubquery, ScalarFunction, SetComparison};
use datafusion::logical_expr::expr_schema::cast_subquery;
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable as _, Operator, Subquery};
use datafusion::prelude::cast;

use super::written::{MOST_DIGITS, Written};

/// How decimals and doubles agree.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Agreement {
    /// All doubles among them are written, and become decimals.
    Decimals,
    /// The decimals become doubles.
    Doubles,
}

/// One of the expressions that have to agree.
#[derive(Debug)]
pub(super) struct Member {
    data_type: DataType,
    /// A double that says a decimal.
    written: Option<Written>,
}

/// Lets the parts of `expression` agree that have to.
pub(super) fn within(mut expression: Expr, schema: &DFSchema) -> Result<Transformed<Expr>, DataFusionError> {
    let has_changed = match &mut expression {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) if compares(*op) => agree(vec![left, right], schema),
        Expr::Between(Between { expr, low, high, .. }) => agree(vec![expr, low, high], schema),
        Expr::InList(InList { expr, list, .. }) => {
            agree(list.iter_mut().chain([expr.as_mut()]).collect(), schema)
        }
        Expr::Case(case) => agree_in_case(case, schema),
        Expr::ScalarFunction(ScalarFunction { func, args }) if ONE_OF_ITS_VALUES.contains(&func.name()) => {
            agree(args.iter_mut().collect(), schema)
        }
        Expr::InSubquery(InSubquery { expr, subquery, .. })
        | Expr::SetComparison(SetComparison { expr, subquery, .. }) => {
            agree_with_rows(expr, subquery, schema)?
        }
        _ => false,
    };
    Ok(if has_changed { Transformed::yes(expression) } else { Transformed::no(expression) })
}

/// Lets what `case` compares agree, and what it returns.
fn agree_in_case(case: &mut Case, schema: &DFSchema) -> bool {
    let (compared, mut returned): (Vec<&mut Expr>, Vec<&mut Expr>) =
        case.when_then_expr.iter_mut().map(|(when, then)| (when.as_mut(), then.as_mut())).unzip();
    returned.extend(case.else_expr.as_deref_mut());
    let has_changed = agree(returned, schema);
    let Some(value) = case.expr.as_deref_mut() else { return has_changed };
    agree(compared.into_iter().chain([value]).collect(), schema) || has_changed
}

/// Lets a value and the one column of a subquery agree.
fn agree_with_rows(
    expression: &mut Expr,
    subquery: &mut Subquery,
    schema: &DFSchema,
) -> Result<bool, DataFusionError> {
    let Some(column) = subquery.subquery.schema().fields().first() else { return Ok(false) };
    let is_decimal = column.data_type().is_decimal();
    let members = [Member::of(expression, schema), Member::from(column.data_type().clone())];
    let Some(agreement) = Agreement::of(&members) else { return Ok(false) };
    let [value, _] = &members;
    agreement.apply(value, expression);
    if agreement == Agreement::Doubles && is_decimal {
        *subquery = cast_subquery(subquery.clone(), &DataType::Float64)?;
    }
    Ok(true)
}

/// Lets `expressions` agree; returns whether one of them has changed.
fn agree(expressions: Vec<&mut Expr>, schema: &DFSchema) -> bool {
    let members: Vec<Member> = expressions.iter().map(|expression| Member::of(expression, schema)).collect();
    let Some(agreement) = Agreement::of(&members) else { return false };
    for (expression, member) in expressions.into_iter().zip(&members) {
        agreement.apply(member, expression);
    }
    true
}

impl Agreement {
    /// Returns how `members` agree, where there are decimals and doubles among them.
    pub(super) fn of(members: &[Member]) -> Option<Self> {
        let (mut whole, mut scale, mut has_decimal) = (0, 0, false);
        let (mut has_double, mut is_written, mut most) = (false, true, i16::from(MOST_DIGITS));
        for member in members {
            let written = member.written.map(|number| (number.digits, number.scale));
            has_double |= member.data_type.is_floating();
            is_written &= written.is_some() || !member.data_type.is_floating();
            has_decimal |= member.data_type.is_decimal();
            if let DataType::Decimal256(..) = member.data_type {
                most = i16::from(DECIMAL256_MAX_PRECISION);
            }
            if let Some((digits, behind)) = written.or_else(|| digits(&member.data_type)) {
                whole = whole.max(i16::from(digits) - i16::from(behind));
                scale = scale.max(i16::from(behind));
            }
        }
        (has_decimal && has_double).then_some(if is_written && whole + scale <= most {
            Self::Decimals
        } else {
            Self::Doubles
        })
    }

    /// Makes `expression`, which is `member`, what it has to be.
    pub(super) fn apply(self, member: &Member, expression: &mut Expr) {
        match (self, member.written) {
            (Self::Decimals, Some(written)) => *expression = written.literal(),
            (Self::Doubles, _) if member.data_type.is_decimal() => {
                *expression = cast(std::mem::take(expression), DataType::Float64);
            }
            _ => {}
        }
    }
}

impl Member {
    /// Looks at `expression`, over columns of `schema`. What has no type yet is none of those that have to agree.
    pub(super) fn of(expression: &Expr, schema: &DFSchema) -> Self {
        let data_type = expression.get_type(schema).unwrap_or(DataType::Null);
        let written = if data_type.is_floating() { Written::of(expression) } else { None };
        Self { data_type, written }
    }
}

impl From<DataType> for Member {
    /// Takes it for a column.
    fn from(data_type: DataType) -> Self {
        Self { data_type, written: None }
    }
}

/// Returns how many digits a decimal has, and how many of them behind the point.
const fn digits(data_type: &DataType) -> Option<(u8, i8)> {
    match data_type {
        DataType::Decimal32(digits, scale)
        | DataType::Decimal64(digits, scale)
        | DataType::Decimal128(digits, scale)
        | DataType::Decimal256(digits, scale) => Some((*digits, *scale)),
        _ => None,
    }
}

const fn compares(op: Operator) -> bool {
    matches!(
        op,
        Operator::Eq
            | Operator::NotEq
            | Operator::Lt
            | Operator::LtEq
            | Operator::Gt
            | Operator::GtEq
            | Operator::IsDistinctFrom
            | Operator::IsNotDistinctFrom
    )
}

/// Functions that return one of their arguments, or compare them.
const ONE_OF_ITS_VALUES: [&str; 7] = ["coalesce", "greatest", "least", "make_array", "nullif", "nvl", "nvl2"];
