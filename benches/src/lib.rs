//! ArrowLink measured beside its peers in one run: only the ratios of one run mean anything on a shared machine.
//!
//! A [`Report`] is rows of figures; a [`Row`] is the [`Summary`] of several repetitions, held against a peer and
//! against a [`Target`]. Servers and clients are processes of their own and take turns, so that noise hits all alike.
#![allow(clippy::print_stdout, reason = "the figures are what this program is for")]

mod arguments;
mod asker;
mod contest;
mod driver;
mod lab;
mod party;
mod peer_process;
mod quiz;
mod report;
mod results;
mod roles;
mod sections;
mod statistics;
mod table;
mod turn;
mod workload;

pub use report::{Bound, Measure, Report, Row, Target, Verdict};
pub use statistics::Summary;

use clap::Parser as _;

use arguments::{Arguments, PeerArguments};
use lab::Lab;

/// What goes wrong in a measurement, in words.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Runs the program `arrowlink-bench`: every section that was asked for, or one role of a measurement.
///
/// # Errors
///
/// What keeps it from measuring at all: a program that is not there, a folder that cannot be written. A party that
/// fails is a row that says so.
pub fn bench() -> Result<(), Failure> {
    let arguments = Arguments::parse();
    match arguments.role {
        Some(role) => role.play(),
        None => sections::measure(&Lab::new(&arguments)?, &arguments),
    }
}

/// Runs the program `arrowlink-peer`: one role of a measurement.
///
/// # Errors
///
/// What ended the role.
pub fn peer() -> Result<(), Failure> {
    PeerArguments::parse().role.play()
}
