//! The commands: what is read from where and written to where.

mod connect;
mod generate;
mod get;
mod head;
mod put;
mod transfer;

pub(crate) use generate::generate;
pub(crate) use get::get;
pub(crate) use head::head;
pub(crate) use put::put;
