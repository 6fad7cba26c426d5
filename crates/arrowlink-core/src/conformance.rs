//! What every [`DataService`] must do, as checks that can be run against any of them.
//!
//! The suite calls a service as its users do, over whatever lies between, and says what it did against the
//! contract of the trait. It never panics and asserts nothing: it returns a [`Report`].
//!
//! | about | what must be so |
//! |---|---|
//! | names | `NotFound` with the nearest name; listings in order, by prefix; descriptions agree with what is read |
//! | reading | the same rows in the same order; options as documented; a running read keeps its rows; dropping is harmless |
//! | writing | all or nothing, also on `Err` and drop; unseen before the end; schema held; keys and modes honoured |
//! | replacing, removing | the old or the new at every moment; gone from every verb; positions and snapshots of before refused |
//! | parts, snapshots | parts are the whole in order, and resume within themselves; a state is read as it was or refused |
//! | SQL | tables are what was written; described without being run; changes are made once, and announced |
//! | calling | lazily, in order; errors of the input reach the caller |
//! | refusing | what a service cannot do is an error of the announced kind, and is never ignored |
//!
//! What a service cannot do has to be said: the small gRPC service for example carries `read` and `write` alone,
//! so that its client is tried with `Suite::new().without(Capability::List)` and so on.
//!
//! ```
//! use arrowlink_core::MemoryStore;
//! use arrowlink_core::conformance::{Capability, Suite};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! let report = Suite::new().without(Capability::Call).run(&MemoryStore::new(16 << 20)).await;
//! assert!(report.is_conformant(), "{report}");
//! # });
//! ```

mod calls;
mod names;
mod parts;
mod reads;
mod refusals;
mod removals;
mod replacements;
mod report;
mod run;
mod samples;
mod snapshots;
mod sql;
mod writes;

use std::collections::BTreeMap;
use std::time::Duration;

use arrow_array::RecordBatch;
use tokio::time::timeout;

use crate::{DataService, ErrorKind, Name};

use run::Run;

pub use report::{Report, Violation};

/// Something a service can do, or answers with an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Capability {
    /// The verb `list`.
    List,
    /// The verb `describe`.
    Describe,
    /// The verb `read`.
    Read,
    /// The verb `write`.
    Write,
    /// The verb `remove`.
    Remove,
    /// The verb `call`.
    Call,
    /// [`ReadOptions::projection`](crate::ReadOptions::projection).
    Projection,
    /// [`ReadOptions::skip`](crate::ReadOptions::skip).
    Skip,
    /// [`ReadOptions::limit`](crate::ReadOptions::limit).
    Limit,
    /// [`ReadOptions::resume`](crate::ReadOptions::resume), and a position in every chunk.
    Resume,
    /// [`ReadOptions::snapshot`](crate::ReadOptions::snapshot), and a snapshot in every description of a dataset.
    Snapshot,
    /// [`ReadOptions::part`](crate::ReadOptions::part), and several parts of a dataset that is written in several
    /// batches of together more than three mebibytes.
    Parts,
    /// [`WriteOptions::mode`](crate::WriteOptions::mode) other than the default.
    WriteMode,
    /// [`WriteMode::Replace`](crate::WriteMode::Replace).
    Replace,
    /// [`WriteOptions::idempotency_key`](crate::WriteOptions::idempotency_key).
    IdempotencyKey,
    /// [`Target::Sql`](crate::Target::Sql); no service is expected to have it unless it is said to.
    Sql,
}

/// Which checks are run, and what is expected of what a service cannot do.
///
/// # Defaults
///
/// All verbs and options are expected but SQL; the function is `echo`; each check may take ten seconds.
///
/// What it writes has names that begin with `conformance_` and digits that no other run has. It is removed at the end
/// where the service can do that, and stays where it cannot. There must be room for 8 MiB.
///
/// A service that ignores what it cannot do does not pass:
///
/// ```
/// use arrowlink_core::MemoryStore;
/// use arrowlink_core::conformance::{Capability, Suite};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let store = MemoryStore::new(16 << 20);
/// let report = Suite::new().without(Capability::Call).without(Capability::Skip).run(&store).await;
/// assert_eq!(report.violations[0].check, "`skip` is refused as announced");
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct Suite {
    refused: BTreeMap<Capability, ErrorKind>,
    dataset: Option<(Name, Vec<RecordBatch>)>,
    function: String,
    max_time: Duration,
}

impl Suite {
    /// Makes a suite that expects everything but SQL.
    pub fn new() -> Self {
        Self {
            refused: BTreeMap::from([(Capability::Sql, ErrorKind::Unsupported)]),
            dataset: None,
            function: "echo".to_owned(),
            max_time: Duration::from_secs(10),
        }
    }

    /// Expects that `capability` is answered with `Unsupported`, exactly, and never ignored.
    #[must_use]
    pub fn without(self, capability: Capability) -> Self {
        self.refusing(capability, ErrorKind::Unsupported)
    }

    /// Expects that `capability` is answered with an error of `kind`, such as writes with `ReadOnly`.
    #[must_use]
    pub fn refusing(mut self, capability: Capability, kind: ErrorKind) -> Self {
        self.refused.insert(capability, kind);
        self
    }

    /// Expects `capability`, also where another setting said it was not there.
    #[must_use]
    pub fn with(mut self, capability: Capability) -> Self {
        self.refused.remove(&capability);
        self
    }

    /// Reads the dataset `name`, which has these batches, where the suite cannot write one. At least one batch with
    /// two columns and ten rows makes the checks worth their while.
    #[must_use]
    pub fn with_dataset(mut self, name: Name, batches: Vec<RecordBatch>) -> Self {
        self.dataset = Some((name, batches));
        self
    }

    /// Calls the function `name`, which returns what it is given, in the place of `echo`.
    #[must_use]
    pub fn with_function(mut self, name: &Name) -> Self {
        self.function = name.to_string();
        self
    }

    /// Sets how long a check may take before it counts as failed.
    #[must_use]
    pub const fn with_max_time(mut self, max_time: Duration) -> Self {
        self.max_time = max_time;
        self
    }

    /// Says whether the service should have `capability`.
    fn expects(&self, capability: Capability) -> bool {
        !self.refused.contains_key(&capability)
    }

    /// Runs all checks against `service`, one after the other. Needs a tokio runtime with time enabled.
    ///
    /// Dropped half-way, what it has written so far stays. A check that is late is dropped and counts as a violation.
    pub async fn run(&self, service: &dyn DataService) -> Report {
        let run = Run::new(self, service);
        let mut report = Report::default();
        let checks = [
            names::checks(&run),
            reads::checks(&run),
            writes::checks(&run),
            replacements::checks(&run),
            removals::checks(&run),
            parts::checks(&run),
            snapshots::checks(&run),
            sql::checks(&run),
            calls::checks(&run),
            refusals::checks(&run),
        ];
        for check in checks.into_iter().flatten() {
            if !check.needs.iter().all(|needed| self.expects(*needed)) {
                report.skipped.push(check.title);
                continue;
            }
            let late = |_| Err(format!("it took longer than {:?}", self.max_time));
            let outcome = timeout(self.max_time, check.outcome).await.unwrap_or_else(late);
            match outcome {
                Ok(()) => report.passed.push(check.title),
                Err(text) => report.violations.push(Violation { check: check.title, text }),
            }
        }
        // What cannot be removed in time stays: the report is about the checks.
        let _ = timeout(self.max_time, run.tidy()).await;
        report
    }
}

impl Default for Suite {
    fn default() -> Self {
        Self::new()
    }
}
