//! What tasks say: headlines and results on standard output, complaints on standard error.
//!
//! A terminal that has gone away, as behind `| head`, is no reason to stop.

use std::io::{self, Write as _};

/// Prints a line, or several, on standard output.
pub(crate) fn say(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}

/// Prints what goes wrong on standard error.
pub(crate) fn warn(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Prints the headline of a step, set apart from the output around it.
pub(crate) fn headline(text: &str) {
    say(&format!("\n== {text}"));
}
