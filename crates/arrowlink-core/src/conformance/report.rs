//! What a run of the suite found.

use std::fmt;

/// The checks of one run: which were kept, which were not run, and which the service failed.
///
/// ```
/// use arrowlink_core::conformance::Report;
///
/// let report = Report::default();
/// assert!(report.is_conformant());
/// assert_eq!(report.to_string(), "0 checks passed, 0 failed, 0 were not run");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The checks that the service passed.
    pub passed: Vec<&'static str>,
    /// The checks that need what the service was said not to have.
    pub skipped: Vec<&'static str>,
    /// What the service did against the contract.
    pub violations: Vec<Violation>,
}

impl Report {
    /// Says whether nothing was against the contract.
    pub const fn is_conformant(&self) -> bool {
        self.violations.is_empty()
    }
}

impl fmt::Display for Report {
    /// Writes a line for each violation and one that counts.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for violation in &self.violations {
            writeln!(f, "{violation}")?;
        }
        let (passed, skipped) = (self.passed.len(), self.skipped.len());
        write!(f, "{passed} checks passed, {} failed, {skipped} were not run", self.violations.len())
    }
}

/// One check that a service failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// What must be so.
    pub check: &'static str,
    /// What was so instead.
    pub text: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.check, self.text)
    }
}
