//! Which numbers of a statement are decimals: those with a point. Those with an exponent are doubles.
//!
//! The engine takes `191338.49` for the decimal that it says, so that a column of decimals is compared with that and not with
//! the double next to it. It takes `1e300` for a decimal too, for which there are none; and a decimal of more than 38
//! digits fits few of its functions.

use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

/// Writes the numbers that are doubles as such.
pub(crate) fn spell(tokens: &mut Vec<TokenWithSpan>) {
    if !tokens.iter().any(|token| is_double(&token.token)) {
        return;
    }
    *tokens = std::mem::take(tokens).into_iter().flat_map(spelled).collect();
}

/// Writes a double as what is cast to one, in the place where it stood.
fn spelled(TokenWithSpan { token, span }: TokenWithSpan) -> Vec<TokenWithSpan> {
    let tokens = match token {
        Token::Number(digits, _) if is_double(&Token::Number(digits.clone(), false)) => vec![
            Token::make_keyword("CAST"),
            Token::LParen,
            Token::SingleQuotedString(digits),
            Token::make_keyword("AS"),
            Token::make_keyword("DOUBLE"),
            Token::RParen,
        ],
        token => vec![token],
    };
    tokens.into_iter().map(|token| TokenWithSpan { token, span }).collect()
}

/// Whether it is a number that is no decimal.
fn is_double(token: &Token) -> bool {
    let Token::Number(digits, _) = token else { return false };
    let has_point = digits.contains('.');
    digits.contains(['e', 'E'])
        || has_point && digits.bytes().filter(u8::is_ascii_digit).count() > MOST_DIGITS
}

/// Of a decimal.
const MOST_DIGITS: usize = 38;
