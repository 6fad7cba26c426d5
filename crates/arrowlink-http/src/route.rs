//! Which request a path is, and which methods it has.

use arrowlink_core::{ErrorKind, Name};
use http::{HeaderValue, Method, StatusCode, header};

use crate::parameters::decoded;
use crate::problem::Problem;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    List,
    Read(Name),
    Schema(Name),
    /// A statement in the URL.
    Ask,
    /// A statement in the body.
    Execute,
    /// Which methods there are.
    Options(&'static str),
}

impl Route {
    /// Finds the route of a request; `HEAD` is that of `GET`.
    pub(crate) fn of(method: &Method, path: &str) -> Result<Self, Problem> {
        let rest = path.strip_prefix("/v1/").ok_or_else(|| nothing(path))?;
        let parts: Vec<&str> = rest.trim_end_matches('/').split('/').collect();
        let (route, allowed) = match parts.as_slice() {
            ["datasets"] => (Self::List, READ),
            ["datasets", name] => (Self::Read(Name::new(&decoded(name)?)?), READ),
            ["datasets", name, "schema"] => (Self::Schema(Name::new(&decoded(name)?)?), READ),
            ["sql"] if method == Method::POST => (Self::Execute, ASK),
            ["sql"] => (Self::Ask, ASK),
            _ => return Err(nothing(path)),
        };
        match method.as_str() {
            "OPTIONS" => Ok(Self::Options(allowed)),
            other if allowed.split(", ").any(|method| method == other) => Ok(route),
            _ => Err(not_allowed(method, allowed)),
        }
    }
}

fn nothing(path: &str) -> Problem {
    let path: String = path.chars().take(MOST_PATH_CHARS).collect();
    let text = format!(
        "there is nothing at `{}`: try `/v1/datasets`, `/v1/datasets/NAME` or `/v1/sql`",
        path.escape_debug()
    );
    Problem::new(StatusCode::NOT_FOUND, ErrorKind::NotFound, text)
}

fn not_allowed(method: &Method, allowed: &'static str) -> Problem {
    let method: String = method.as_str().chars().take(MOST_PATH_CHARS).collect();
    let text = format!(
        "`{method}` is not a method of this resource: use one of {allowed}; rows are written by gRPC"
    );
    let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, ErrorKind::Unsupported, text);
    problem.with_header(header::ALLOW, HeaderValue::from_static(allowed))
}

const READ: &str = "GET, HEAD, OPTIONS";
const ASK: &str = "GET, HEAD, POST, OPTIONS";
/// How much of a path is repeated to its client.
const MOST_PATH_CHARS: usize = 200;
