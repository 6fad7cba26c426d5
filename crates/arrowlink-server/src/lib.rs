//! Serves a [`DataService`](arrowlink_core::DataService) to the network: TLS, limits, logs, health, graceful ends.
//!
//! [`run`] is the program `arrowlink-server`. A Rust service that has tables of its own embeds a [`Server`] instead
//! and gives it any `DataService`:
//!
//! ```
//! use std::sync::Arc;
//! use arrow_array::record_batch;
//! use arrowlink_core::{Catalog, DataService, MemoryDataset, Name};
//! use arrowlink_server::{Config, Server, TlsConfig};
//! use arrowlink_transport::Listener;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let batch = record_batch!(("id", Int64, [1, 2, 3]))?;
//! let trips = MemoryDataset::new(batch.schema(), vec![batch])?;
//! let catalog = Catalog::new().with_dataset(Name::new("trips")?, Arc::new(trips));
//!
//! let certs = tempfile::tempdir()?;
//! let config = Config::default().with_tls(TlsConfig::default().with_dir(certs.path()));
//! let server = Server::with_service(config, Arc::new(catalog)).await?;
//! let listener = Listener::bind(&"127.0.0.1:0".parse()?).await?;
//! println!("listening {}", listener.local_addr());
//! server.serve(vec![listener], async { /* until this is ready */ }).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # From a configuration to an answer
//!
//! 1. [`Sources`] are a file, environment variables and [`Flags`]; a [`Config`] is what they mean together, or a
//!    [`ConfigError`] with all that is wrong with them. Nothing is opened for it.
//! 2. [`Server::build`] opens what the configuration names: certificates, datasets, the data folder. What is not there
//!    is a [`ServerError`]; what is there and damaged is served with its error, and keeps nobody from the rest.
//! 3. [`Server::bind`] takes the addresses, all of them or none; [`Server::serve`] answers until it is told to stop, and
//!    says whether every call could finish.
//!
//! Each call has a request id, which stands in its log line, in its errors and in the metadata of its answer
//! (`arrowlink-request-id`), and ends with exactly one log line, even where it panicked or its client went away. What
//! clients can make grow is bounded by [`Limits`].
//!
//! Beside the small service and the data calls of Arrow Flight there are gRPC health (`grpc.health.v1`) and reflection
//! (`v1` and `v1alpha`), and on the same port datasets and SQL over plain HTTP (arrowlink-http), for browsers and `curl`.
//!
//! # What it does not do
//!
//! There is no way to plaintext but [`Config::insecure`], and that not past this machine. Nothing here knows how rows
//! are encoded (arrowlink-transport), kept (arrowlink-store) or read from files (arrowlink-query).
//!
//! # Features
//!
//! `query` (default): datasets in files, read by DataFusion, and the tables of TPC-H. Without it there are `demo://`,
//! uploads, and what a program registers itself in [`Schemes`].
//!
//! `postgres`: datasets in PostgreSQL, `postgres://user@host/database/schema.table`.

mod banner;
mod certificates;
mod check;
mod config;
mod datasets;
mod error;
mod files;
mod flags;
mod health;
mod layers;
mod logging;
mod memory;
mod postgres;
mod program;
mod schemes;
mod server;
mod signals;

pub use config::{
    Certificate, Config, ConfigError, DatabaseSettings, DatasetConfig, DatasetSource, FileSettings,
    HttpConfig, Limits, LogFormat, QueryLimits, RemoteSettings, Sources, StoreSettings, TlsConfig,
};
pub use error::ServerError;
pub use flags::Flags;
pub use logging::start_logging;
pub use program::{run, run_with};
pub use schemes::Schemes;
pub use server::{CertificateReload, Server};
