//! Columns of a derived table or a `WITH` that gives them names: `(select 1, 1) x(a, b)`.
//!
//! What they are called within it, nobody sees. The engine refuses two of one name there too, so those that have no name
//! by `AS` get one each.

use std::collections::HashSet;
use std::convert::Infallible;
use std::ops::ControlFlow;

use datafusion::sql::parser::Statement as Parsed;
use datafusion::sql::sqlparser::ast::{
    Ident, Query, SelectItem, SetExpr, TableAlias, TableFactor, VisitMut as _, VisitorMut,
};

use super::repeated::{free_name, is_unnamed, name_of};
use super::statement::ast_mut;

/// Names the columns of all such lists; returns whether there was something to name.
pub(crate) fn name(statement: &mut Parsed) -> bool {
    let mut lists = Lists { is_named: false };
    if let Some(statement) = ast_mut(statement) {
        let ControlFlow::Continue(()) = statement.visit(&mut lists);
    }
    lists.is_named
}

struct Lists {
    is_named: bool,
}

impl VisitorMut for Lists {
    type Break = Infallible;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Infallible> {
        for table in query.with.iter_mut().flat_map(|with| &mut with.cte_tables) {
            self.of(&table.alias, &mut table.query);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, table: &mut TableFactor) -> ControlFlow<Infallible> {
        if let TableFactor::Derived { subquery, alias: Some(alias), .. } = table {
            self.of(alias, subquery);
        }
        ControlFlow::Continue(())
    }
}

impl Lists {
    /// Names the columns of `query` where `alias` gives them others.
    fn of(&mut self, alias: &TableAlias, query: &mut Query) {
        if !alias.columns.is_empty() {
            self.is_named |= name_in(&mut query.body);
        }
    }
}

/// Does it in each part of a `UNION`.
fn name_in(body: &mut SetExpr) -> bool {
    match body {
        SetExpr::Select(select) => name_items(&mut select.projection),
        SetExpr::Query(query) => name_in(&mut query.body),
        SetExpr::SetOperation { left, right, .. } => {
            let is_left = name_in(left);
            name_in(right) || is_left
        }
        _ => false,
    }
}

/// Names the items that are there before; beside a wildcard any may be.
fn name_items(items: &mut [SelectItem]) -> bool {
    let has_wildcard = items.iter().any(|item| name_of(item).is_none());
    let mut taken: HashSet<String> = items.iter().filter_map(name_of).collect();
    let (mut seen, mut is_named) = (HashSet::new(), false);
    for item in items {
        let Some(name) = name_of(item) else { continue };
        let is_new = seen.insert(name.to_lowercase());
        if is_new && !has_wildcard || !is_unnamed(item) {
            continue;
        }
        if let (SelectItem::UnnamedExpr(expression), Some(free)) = (&*item, free_name(&name, &taken)) {
            taken.insert(free.clone());
            *item =
                SelectItem::ExprWithAlias { expr: expression.clone(), alias: Ident::with_quote('"', free) };
            is_named = true;
        }
    }
    is_named
}
