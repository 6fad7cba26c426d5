//! What a statement can ask about its session, as tools do before anything else: `current_schema()`, `version()`.

use std::sync::Arc;

use arrow_schema::DataType;
use arrowlink_core::{CallContext, Identity, Result};
use datafusion::common::ScalarValue;
use datafusion::execution::FunctionRegistry as _;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{ColumnarValue, ScalarUDF, Volatility, create_udf};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

use super::failure::from_datafusion;
use super::names::{CATALOG, PUBLIC};

/// Adds the functions to the `state` of a statement that `ctx` sends; names without a schema are in `schema`, which may
/// begin with a catalog.
pub(crate) fn add_functions(state: &mut SessionState, ctx: &CallContext, schema: Option<&str>) -> Result<()> {
    let schema = schema.unwrap_or(PUBLIC);
    let (catalog, schema) = schema.rsplit_once('.').unwrap_or((CATALOG, schema));
    let user = match ctx.identity() {
        Identity::Named(name) => name.as_ref(),
        _ => ANONYMOUS,
    };
    let answers = [
        ("current_catalog", catalog),
        ("current_database", catalog),
        ("current_schema", schema),
        ("current_user", user),
        ("session_user", user),
        ("version", VERSION),
    ];
    for (name, answer) in answers {
        state.register_udf(Arc::new(constant(name, answer))).map_err(from_datafusion)?;
    }
    Ok(())
}

/// Makes each of these functions with or without parentheses what the parser expects: tools write both.
pub(crate) fn spell(tokens: &mut Vec<TokenWithSpan>) {
    let mut spelled = Vec::with_capacity(tokens.len());
    // What stands before the word that is looked at, spaces left out.
    let mut before = Token::EOF;
    // Of each parenthesis that is open, whether this is the list of what is selected.
    let mut selects = vec![false];
    let mut rest = std::mem::take(tokens).into_iter().peekable();
    while let Some(token) = rest.next() {
        let last = std::mem::replace(&mut before, token.token.clone());
        note(&mut selects, &token.token);
        if matches!(token.token, Token::Whitespace(_)) {
            before = last;
        } else if is_word(&token.token, &WITHOUT)
            && rest.peek().is_some_and(|next| next.token == Token::LParen)
        {
            spelled.push(token);
            let open = rest.next();
            if rest.next_if(|next| next.token == Token::RParen).is_none() {
                spelled.extend(open);
            }
            continue;
        } else if is_word(&token.token, &WITH)
            && begins_value(&last, selects.last().is_some_and(|selects| *selects))
            && rest.peek().is_none_or(|next| next.token != Token::LParen)
        {
            let span = token.span;
            spelled.push(token);
            spelled.extend([Token::LParen, Token::RParen].map(|token| TokenWithSpan { token, span }));
            continue;
        }
        spelled.push(token);
    }
    *tokens = spelled;
}

fn is_word(token: &Token, names: &[&str]) -> bool {
    matches!(token, Token::Word(word) if word.quote_style.is_none()
        && names.iter().any(|name| word.value.eq_ignore_ascii_case(name)))
}

/// Notes what `token` opens, begins or ends.
fn note(selects: &mut Vec<bool>, token: &Token) {
    match token {
        Token::LParen => selects.push(false),
        Token::RParen if selects.len() > 1 => drop(selects.pop()),
        Token::Word(word) => match (word.keyword, selects.last_mut()) {
            (Keyword::SELECT, Some(selects)) => *selects = true,
            (Keyword::FROM | Keyword::WHERE | Keyword::UNION | Keyword::ORDER, Some(selects)) => {
                *selects = false
            }
            _ => {}
        },
        _ => {}
    }
}

/// Whether what follows `token` is a value, and not a name that is given to one.
fn begins_value(token: &Token, is_selected: bool) -> bool {
    match token {
        Token::Comma => is_selected,
        Token::Eq | Token::Neq => true,
        Token::Word(word) => word.keyword == Keyword::SELECT,
        _ => false,
    }
}

/// Makes a function that takes nothing and returns `answer`, to this statement: whoever sends the same text may get another.
fn constant(name: &str, answer: &str) -> ScalarUDF {
    let answer = ColumnarValue::Scalar(ScalarValue::from(answer));
    let body = Arc::new(move |_: &[ColumnarValue]| Ok(answer.clone()));
    create_udf(name, Vec::new(), DataType::Utf8, Volatility::Stable, body)
}

const ANONYMOUS: &str = "anonymous";
const VERSION: &str = concat!("ArrowLink ", env!("CARGO_PKG_VERSION"));
/// What the parser takes with parentheses alone.
const WITH: [&str; 1] = ["current_schema"];
/// What it takes without them.
const WITHOUT: [&str; 3] = ["current_catalog", "current_user", "session_user"];
