//! Arrow Flight over a [`DataService`](arrowlink_core::DataService): descriptors, tickets, uploads and actions.
//!
//! There is no I/O here: `arrowlink-transport` reads and writes, this decides what Flight's messages mean.
//!
//! ```
//! use std::sync::Arc;
//! use arrowlink_core::{CallContext, Catalog, Name, default_dataset};
//! use arrowlink_flight::{FlightOptions, FlightService};
//! use arrowlink_transport::{FlightCall, FlightHandler as _};
//!
//! # futures::executor::block_on(async {
//! let catalog = Catalog::new().with_dataset(Name::new("default")?, Arc::new(default_dataset()));
//! let flight = FlightService::new(Arc::new(catalog), FlightOptions::default());
//! let call = FlightCall::new(CallContext::new());
//! let batches = flight.do_get(call, "default".into()).await?.batches.collect_batches().await?;
//! assert_eq!(batches[0].num_rows(), 1);
//! # Ok::<(), arrowlink_core::Error>(())
//! # }).unwrap();
//! ```

mod actions;
mod descriptor;
mod headers;
mod info;
mod listing;
mod options;
mod put;
mod read;
mod running;
mod service;
mod session;
mod sql;
mod whole;

pub use options::FlightOptions;
pub use service::FlightService;
