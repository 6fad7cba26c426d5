//! A [`DataService`](arrowlink_core::DataService) that lives on another server.
//!
//! A [`Client`] holds one connection, makes it again when it broke, and repeats reads that failed before their first
//! row. Whatever takes a `DataService` takes a client: a catalog whose entries are clients is a gateway.
//!
//! The protocol below is Arrow Flight, which carries `read` and `write` of whole datasets and `call`; `list` and
//! `describe`, and the options that have no form in it, answer `Unsupported`. Nothing is read from the environment.

mod client;
mod options;
mod retry;
mod slot;

pub use arrowlink_transport::{CipherPreference, Http2Options, Plaintext, TlsOptions};
pub use client::Client;
pub use options::ClientOptions;
pub use retry::RetryOptions;
