//! Columns of a result that would have the same name: the later ones get names of their own.
//!
//! The engine refuses a select list with two columns of one name, and tools write them: `select id, id`,
//! `select day::date, day::time`. The later one is called `id:1`. Names that a statement gives by `AS` are left alone, and
//! so are the select lists of its subqueries, but for those whose names nobody sees: see [`hidden`](super::hidden).

use std::collections::HashSet;

use datafusion::common::DataFusionError;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::parser::Statement as Parsed;
use datafusion::sql::sqlparser::ast::{Expr, Ident, Select, SelectItem, SetExpr, Statement as Ast};

use super::hidden;
use super::statement::ast_mut;

/// Plans `parsed`; where columns of its result have the same name, the later ones get other names first.
pub(crate) async fn plan(state: &SessionState, parsed: &Parsed) -> Result<LogicalPlan, DataFusionError> {
    let mut renamed = parsed.clone();
    let (mut is_first, mut seen) = (true, HashSet::new());
    loop {
        let error = match state.statement_to_plan(renamed.clone()).await {
            Err(error) => error,
            planned => return planned,
        };
        let Some(repeated) = Repeated::of(&error).filter(|_| seen.len() < MOST) else { return Err(error) };
        let is_named = std::mem::take(&mut is_first) && hidden::name(&mut renamed);
        // Where the same is said again, it is not of this list.
        if !is_named && (!seen.insert(repeated.clone()) || !rename(&mut renamed, &repeated)) {
            return Err(error);
        }
        // Each attempt is a planning of its own, and nobody may wait for it any more.
        tokio::task::yield_now().await;
    }
}

/// Two columns of one name, as the planner tells of them.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
struct Repeated {
    /// Where in the list the later one is, wildcards taken for their columns.
    position: usize,
    /// What the later one is, in the words of the planner.
    expression: String,
}

impl Repeated {
    /// Returns what `error` tells of, where it is that.
    fn of(error: &DataFusionError) -> Option<Self> {
        let DataFusionError::Plan(reason) = error.find_root() else { return None };
        let pair = reason.strip_prefix(BEGINNING)?;
        let (pair, last) = pair.rsplit_once(POSITION)?;
        let (_, pair) = pair.split_once(POSITION)?;
        let (_, expression) = pair.split_once(" and \"")?;
        let position = last.split_once(' ')?.0.parse().ok()?;
        Some(Self { position, expression: expression.to_owned() })
    }
}

/// Gives the later column another name; returns whether there is one that has none from the statement.
fn rename(statement: &mut Parsed, repeated: &Repeated) -> bool {
    let query = match ast_mut(statement) {
        Some(Ast::Query(query)) => Some(query),
        Some(Ast::Insert(insert)) => insert.source.as_mut(),
        _ => None,
    };
    query.is_some_and(|query| {
        rename_in(&mut query.body, repeated, is_repeated) || rename_in(&mut query.body, repeated, |_, _| true)
    })
}

/// Does it in each select list of the result that is `meant`: those of a `UNION` have their positions in common.
fn rename_in(body: &mut SetExpr, repeated: &Repeated, meant: fn(&[SelectItem], usize) -> bool) -> bool {
    match body {
        SetExpr::Select(select) => {
            meant(&select.projection, repeated.position) && rename_of(select, repeated)
        }
        SetExpr::Query(query) => rename_in(&mut query.body, repeated, meant),
        SetExpr::SetOperation { left, right, .. } => {
            let is_left = rename_in(left, repeated, meant);
            rename_in(right, repeated, meant) || is_left
        }
        _ => false,
    }
}

/// Returns whether the item at `position` has the name of one before it, as far as the statement says.
fn is_repeated(items: &[SelectItem], position: usize) -> bool {
    let Some(item) = items.get(position).and_then(name_of) else { return false };
    let mut before = items.iter().take(position).filter_map(name_of);
    before.any(|name| name.to_lowercase() == item.to_lowercase())
}

fn rename_of(select: &mut Select, repeated: &Repeated) -> bool {
    let taken: HashSet<String> = select.projection.iter().filter_map(name_of).collect();
    let Some(item) = chosen(&mut select.projection, repeated) else { return false };
    let SelectItem::UnnamedExpr(expression) = item else { return false };
    let Some(free) = free_name(&name(expression), &taken) else { return false };
    let alias = Ident::with_quote('"', free);
    *item = SelectItem::ExprWithAlias { expr: expression.clone(), alias };
    true
}

/// Returns a name like `base` that is not `taken`.
pub(crate) fn free_name(base: &str, taken: &HashSet<String>) -> Option<String> {
    (1_u32..).map(|number| format!("{base}:{number}")).find(|name| !taken.contains(name))
}

/// Finds the later column: by its position, and behind a wildcard by its name, or because its name stands before it.
fn chosen<'a>(items: &'a mut [SelectItem], repeated: &Repeated) -> Option<&'a mut SelectItem> {
    if items.iter().take(repeated.position.saturating_add(1)).all(|item| name_of(item).is_some()) {
        return items.get_mut(repeated.position);
    }
    let column = repeated.expression.rsplit('.').next().unwrap_or_default();
    let is_named = |item: &SelectItem| is_unnamed(item) && name_of(item).is_some_and(|name| name == column);
    let named = items.iter().rposition(is_named);
    let index = named.or_else(|| {
        (0..items.len()).find(|index| items.get(*index).is_some_and(is_unnamed) && is_repeated(items, *index))
    });
    items.get_mut(index?)
}

pub(crate) const fn is_unnamed(item: &SelectItem) -> bool {
    matches!(item, SelectItem::UnnamedExpr(_))
}

/// Returns the name that a column has, where the statement says it.
pub(crate) fn name_of(item: &SelectItem) -> Option<String> {
    match item {
        SelectItem::UnnamedExpr(expression) => Some(name(expression)),
        SelectItem::ExprWithAlias { alias, .. } => Some(folded(alias)),
        _ => None,
    }
}

/// Returns what a column is called: by its own name where it is one, also of another type, else by its text.
fn name(expression: &Expr) -> String {
    match expression {
        Expr::Identifier(name) => folded(name),
        Expr::CompoundIdentifier(names) => names.last().map_or_else(String::new, folded),
        Expr::Cast { expr, .. } | Expr::Nested(expr) => name(expr),
        other => other.to_string(),
    }
}

/// Names without quotation marks are in lower case.
fn folded(name: &Ident) -> String {
    if name.quote_style.is_some() { name.value.clone() } else { name.value.to_lowercase() }
}

/// How many columns get another name at most: each takes one more attempt.
const MOST: usize = 100;
const BEGINNING: &str = "Projections require unique expression names but the expression \"";
const POSITION: &str = "\" at position ";
