//! CSV files: how they are written, the schema of their rows, and what is wrong with them in terms of rows and columns.
//!
//! DataFusion decodes the rows; it infers types from lines, which quoted newlines are not, and says where it failed in
//! the words of its reader only.

mod dialect;
mod fault;
mod sample;

pub(crate) use dialect::Dialect;
pub(crate) use fault::located;
pub(crate) use sample::{common_type, inspect};
