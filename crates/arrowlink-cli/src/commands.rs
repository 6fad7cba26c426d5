//! The commands: what is read from where and written to where.

mod columns;
mod connect;
mod generate;
mod get;
mod head;
mod ls;
mod print;
mod put;
mod query;
mod rm;
mod show;
mod transfer;

pub(crate) use generate::generate;
pub(crate) use get::get;
pub(crate) use head::head;
pub(crate) use ls::ls;
pub(crate) use put::put;
pub(crate) use query::query;
pub(crate) use rm::rm;
pub(crate) use show::show;
