//! File datasets at their public interface.

mod files;
mod support;

mod arrow;
mod csv;
mod faults;
mod folders;
mod json;
mod limits;
mod parquet;
mod reading;
mod real;
