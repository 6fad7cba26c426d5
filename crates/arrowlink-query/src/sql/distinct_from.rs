//! `IS [NOT] DISTINCT FROM` as an operator that binds as other comparisons do.
//!
//! The parser takes all that follows as its right side: `a is distinct from b and c` would compare `a` with `b and c`.
//! So the words are made one operator before it, and that operator a comparison after it.

use std::convert::Infallible;
use std::ops::ControlFlow;

use datafusion::sql::parser::Statement as Parsed;
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Value, ValueWithSpan, VisitMut as _, VisitorMut,
};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

use super::statement::ast_mut;

/// Makes the words one operator, wherever they stand in `tokens`; returns whether they are there.
pub(crate) fn join(tokens: &mut Vec<TokenWithSpan>) -> bool {
    let mut joined = Vec::with_capacity(tokens.len());
    let mut rest = tokens.as_slice();
    let mut is_there = false;
    while let Some((first, others)) = rest.split_first() {
        let found = OPERATORS.iter().find_map(|(words, name)| Some((after(rest, words)?, *name)));
        let (token, others) = match found {
            Some((others, name)) => {
                is_there = true;
                (TokenWithSpan { token: Token::CustomBinaryOperator(name.into()), span: first.span }, others)
            }
            None => (first.clone(), others),
        };
        joined.push(token);
        rest = others;
    }
    *tokens = joined;
    is_there
}

/// Makes the operator a comparison, wherever it stands in `statement`.
pub(crate) fn split(statement: &mut Parsed) {
    if let Some(statement) = ast_mut(statement) {
        let ControlFlow::Continue(()) = statement.visit(&mut Comparisons);
    }
}

/// Returns what follows `words` at the beginning of `tokens`.
fn after<'a>(tokens: &'a [TokenWithSpan], words: &[Keyword]) -> Option<&'a [TokenWithSpan]> {
    let mut rest = tokens;
    for (index, word) in words.iter().enumerate() {
        let spaces = rest.iter().take_while(|token| matches!(token.token, Token::Whitespace(_))).count();
        let (first, others) = rest.get(if index == 0 { 0 } else { spaces }..)?.split_first()?;
        if !matches!(&first.token, Token::Word(found) if found.keyword == *word) {
            return None;
        }
        rest = others;
    }
    Some(rest)
}

struct Comparisons;

impl VisitorMut for Comparisons {
    type Break = Infallible;

    fn post_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<Infallible> {
        let Expr::BinaryOp { op: BinaryOperator::Custom(name), .. } = expression else {
            return ControlFlow::Continue(());
        };
        let make = match name.as_str() {
            DISTINCT => Expr::IsDistinctFrom,
            NOT_DISTINCT => Expr::IsNotDistinctFrom,
            _ => return ControlFlow::Continue(()),
        };
        let nothing = Expr::Value(ValueWithSpan::from(Value::Null));
        if let Expr::BinaryOp { left, right, .. } = std::mem::replace(expression, nothing) {
            *expression = make(left, right);
        }
        ControlFlow::Continue(())
    }
}

/// No text has them as an operator.
const DISTINCT: &str = "is distinct from";
const NOT_DISTINCT: &str = "is not distinct from";
const OPERATORS: [(&[Keyword], &str); 2] = [
    (&[Keyword::IS, Keyword::DISTINCT, Keyword::FROM], DISTINCT),
    (&[Keyword::IS, Keyword::NOT, Keyword::DISTINCT, Keyword::FROM], NOT_DISTINCT),
];
