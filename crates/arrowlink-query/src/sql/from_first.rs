//! Queries that begin with `FROM` and select nothing: they mean all columns, and the planner would return none.

use std::convert::Infallible;
use std::ops::ControlFlow;

use datafusion::sql::parser::Statement as Parsed;
use datafusion::sql::sqlparser::ast::{
    Query, SelectFlavor, SelectItem, SetExpr, VisitMut as _, VisitorMut, WildcardAdditionalOptions,
};

use super::statement::ast_mut;

/// Puts `SELECT *` where nothing is selected.
pub(crate) fn spell(statement: &mut Parsed) {
    if let Some(statement) = ast_mut(statement) {
        let ControlFlow::Continue(()) = statement.visit(&mut AllColumns);
    }
}

struct AllColumns;

impl VisitorMut for AllColumns {
    type Break = Infallible;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Infallible> {
        select_all(&mut query.body);
        ControlFlow::Continue(())
    }
}

/// Looks at the parts of a `UNION` too; queries within others are visited by themselves.
fn select_all(body: &mut SetExpr) {
    match body {
        SetExpr::Select(select) if select.flavor == SelectFlavor::FromFirstNoSelect => {
            select.flavor = SelectFlavor::Standard;
            select.projection = vec![SelectItem::Wildcard(WildcardAdditionalOptions::default())];
        }
        SetExpr::SetOperation { left, right, .. } => {
            select_all(left);
            select_all(right);
        }
        _ => {}
    }
}
