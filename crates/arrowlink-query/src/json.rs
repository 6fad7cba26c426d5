//! JSON files: objects as rows, found, checked and handed on one by one.
//!
//! A file is a sequence of objects (NDJSON, or objects over many lines), or one array of objects. DataFusion decodes
//! the rows; that they are all there, are whole, and fit the schema is made sure of here, because its reader takes a
//! truncated array for a short one and drops columns that it does not know.

mod check;
mod depth;
mod infer;
mod reader;
mod rows;
mod shape;
mod value;

pub(crate) use check::RowCheck;
pub(crate) use infer::{Inspected, inspect};
pub(crate) use rows::rows;
pub(crate) use shape::{Conflict, Shape};
