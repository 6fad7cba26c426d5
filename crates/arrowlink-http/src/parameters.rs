//! What stands after the `?` of a URL, decoded once; a key that nobody knows is an error.

use arrowlink_core::nearest;

use crate::problem::Problem;

/// The keys and values of a query string that have not been taken yet.
#[derive(Debug, Default)]
pub(crate) struct Parameters {
    rest: Vec<(String, String)>,
    known: Vec<&'static str>,
}

impl Parameters {
    /// Decodes a query string, `+` as a blank, as forms of browsers and `curl --data-urlencode` write it.
    pub(crate) fn parse(query: Option<&str>) -> Result<Self, Problem> {
        let pairs = query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        let rest = pairs.map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decoded(&key.replace('+', " "))?, decoded(&value.replace('+', " "))?))
        });
        Ok(Self { rest: rest.collect::<Result<_, Problem>>()?, known: Vec::new() })
    }

    /// Takes the value of `key`, which may be given once; an empty one counts as none.
    pub(crate) fn take(&mut self, key: &'static str) -> Result<Option<String>, Problem> {
        self.known.push(key);
        let (taken, rest) = std::mem::take(&mut self.rest).into_iter().partition(|(it, _)| it == key);
        self.rest = rest;
        let taken: Vec<(String, String)> = taken;
        if taken.len() > 1 {
            return Err(Problem::invalid(format!("`{key}` is given {} times: give it once", taken.len())));
        }
        Ok(taken.into_iter().map(|(_, value)| value).find(|value| !value.is_empty()))
    }

    /// Takes a number.
    pub(crate) fn take_number(&mut self, key: &'static str) -> Result<Option<u64>, Problem> {
        let parse = |text: String| {
            text.parse().map_err(|_| Problem::invalid(format!("`{key}={text}` is not a number of rows")))
        };
        self.take(key)?.map(parse).transpose()
    }

    /// Takes `true` or `false`.
    pub(crate) fn take_flag(&mut self, key: &'static str) -> Result<bool, Problem> {
        match self.take(key)?.as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(other) => Err(Problem::invalid(format!("`{key}={other}` is neither `true` nor `false`"))),
        }
    }

    /// Refuses what nobody took: ignored, it would be a filter that is not there.
    pub(crate) fn finish(self) -> Result<(), Problem> {
        let Some((key, _)) = self.rest.first() else { return Ok(()) };
        let known = self.known.iter().map(|known| format!("`{known}`")).collect::<Vec<_>>().join(", ");
        let hint = match nearest(key, self.known.iter().copied()).first() {
            Some(near) => format!(", did you mean `{near}`?"),
            None => format!(", known here: {known}"),
        };
        Err(Problem::invalid(format!("unknown parameter `{}`{hint}", key.escape_debug())))
    }
}

/// Decodes `%20` and the like.
pub(crate) fn decoded(text: &str) -> Result<String, Problem> {
    let wrong =
        || Problem::invalid("the URL has a `%` that is not followed by two hexadecimal digits of UTF-8");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        if *byte != b'%' {
            bytes.push(*byte);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2).ok_or_else(wrong)?;
        let digits = str::from_utf8(digits).ok().filter(|it| it.bytes().all(|it| it.is_ascii_hexdigit()));
        let value = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).ok_or_else(wrong)?;
        bytes.push(value);
        rest = after;
    }
    String::from_utf8(bytes).map_err(|_| wrong())
}
