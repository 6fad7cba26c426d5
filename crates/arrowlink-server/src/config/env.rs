//! Lays environment variables `ARROWLINK__SECTION__KEY` over the values of the file.
//!
//! Other variables are none of ours and are not looked at.

use super::problem::{Origin, Problem};
use super::tree::{Table, Value, lay_over};

/// Lays those of `variables` that begin with the prefix over `table`.
///
/// `ARROWLINK__SERVER__TLS__CERT` is the key `server.tls.cert`. Which keys there are is not known here: one that there is
/// not is found where it would be in a file, when the table is read.
pub(super) fn lay_variables_over(
    table: &mut Table,
    variables: &[(String, String)],
    problems: &mut Vec<Problem>,
) {
    for (variable, value) in variables {
        let Some(path) = variable.strip_prefix(PREFIX) else { continue };
        let origin = Origin::Env(variable.as_str().into());
        let path = path.to_ascii_lowercase();
        let keys: Vec<&str> = path.split("__").collect();
        if keys.first() == Some(&"dataset") {
            problems.push(Problem::at(
                &origin,
                "datasets are not given by the environment: use `--dataset NAME=URI`, or `[[dataset]]` in the file",
            ));
            continue;
        }
        lay_over(table, &keys, Value::Text(value.clone()), &origin);
    }
}

/// What the names of all variables that are read begin with.
pub(super) const PREFIX: &str = "ARROWLINK__";
