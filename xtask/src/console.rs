//! What tasks say: headlines and results on standard output, complaints on standard error.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the one place of xtask that prints")]

/// Prints a line, or several, on standard output.
pub(crate) fn say(text: &str) {
    println!("{text}");
}

/// Prints what goes wrong on standard error.
pub(crate) fn warn(text: &str) {
    eprintln!("{text}");
}

/// Prints the headline of a step, set apart from the output around it.
pub(crate) fn headline(text: &str) {
    println!("\n== {text}");
}
