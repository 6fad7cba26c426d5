//! A [`DataService`](arrowlink_core::DataService) that lives on another server.
//!
//! A [`Client`] holds connections, makes them again when they broke, goes on with reads that broke off, and repeats
//! what it can. Whatever takes a `DataService` takes a client: a catalog whose entries are clients is a gateway.
//!
//! The protocol below is Arrow Flight. Nothing is read from the environment.

mod client;
mod lanes;
mod options;
mod parallel;
mod reading;
mod remote;
mod retry;
mod slot;
mod writing;

pub use arrowlink_transport::{Authorization, CipherPreference, Http2Options, Plaintext, TlsOptions};
pub use client::Client;
pub use options::ClientOptions;
pub use remote::RemoteDataset;
pub use retry::RetryOptions;
