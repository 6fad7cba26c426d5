//! How deep a statement is, counted before it is parsed.
//!
//! A chain such as `a + b + c` is a tree as deep as it is long: parsers make it in a loop, but what walks or drops it
//! afterwards recurses. Parentheses are bounded by the parser; chains are bounded here.

use arrowlink_core::{Error, ErrorKind, Result};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

use super::place::Place;

/// Refuses a statement with a chain of operators that is deeper than can be worked on.
///
/// Chains within parentheses count together with those around them; a comma or a clause ends one.
pub(crate) fn check(tokens: &[TokenWithSpan]) -> Result<()> {
    let mut open = vec![0_usize];
    let mut depth = 0;
    for token in tokens {
        match link(&token.token) {
            Link::Open => open.push(0),
            Link::Close => depth -= if open.len() > 1 { open.pop().unwrap_or(0) } else { 0 },
            Link::End => depth -= open.last_mut().map_or(0, std::mem::take),
            Link::Operator => {
                depth += 1;
                if let Some(links) = open.last_mut() {
                    *links += 1;
                }
            }
            Link::None => {}
        }
        if depth > MOST_LINKS {
            let place = Place::from(token.span.start);
            let text = format!(
                "{place}: more than {MOST_LINKS} operators in one expression: use `IN (...)`, or divide the statement"
            );
            return Err(Error::new(ErrorKind::LimitExceeded, text));
        }
    }
    Ok(())
}

/// What a token does to the chain that it is in.
enum Link {
    Open,
    Close,
    End,
    Operator,
    None,
}

/// Sorts a token. What is not known to be harmless is taken as an operator.
fn link(token: &Token) -> Link {
    match token {
        Token::LParen | Token::LBracket | Token::LBrace => Link::Open,
        Token::RParen | Token::RBracket | Token::RBrace => Link::Close,
        Token::Comma | Token::SemiColon => Link::End,
        Token::Word(word) => match word.keyword {
            Keyword::FROM | Keyword::WHERE | Keyword::HAVING | Keyword::ORDER | Keyword::GROUP => Link::End,
            Keyword::AND
            | Keyword::OR
            | Keyword::NOT
            | Keyword::IS
            | Keyword::LIKE
            | Keyword::BETWEEN
            | Keyword::UNION
            | Keyword::EXCEPT
            | Keyword::INTERSECT
            | Keyword::JOIN
            | Keyword::COLLATE => Link::Operator,
            _ => Link::None,
        },
        Token::EOF
        | Token::Number(..)
        | Token::Char(_)
        | Token::SingleQuotedString(_)
        | Token::DoubleQuotedString(_)
        | Token::Whitespace(_)
        | Token::Period
        | Token::Placeholder(_) => Link::None,
        _ => Link::Operator,
    }
}

/// As deep as a chain may be: more than people write, and little enough to be planned soon, which takes time by the square.
const MOST_LINKS: usize = 500;
