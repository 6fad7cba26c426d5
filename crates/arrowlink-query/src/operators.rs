//! Operators and conditions around those of DataFusion, by which a query can be stopped and lets others go on.
//!
//! [`rules`] puts them into every plan: a pause behind what makes many rows of few (`pausing`), a question whether anybody
//! waits into the conditions of joins (`watched_filter`) and behind every source (`watched_source`), and a beginning anew
//! below joins that need one (`repeatable`). What they ask is the [`Interrupt`] of their query.

mod around;
mod interrupt;
mod pausing;
mod repeatable;
mod watched_filter;
mod watched_source;

pub(crate) use interrupt::{Interrupt, Stop};
pub(crate) use pausing::rules;
