//! Behaviour of arrowlink-transport at its public API.
#![allow(
    clippy::clone_on_ref_ptr,
    clippy::needless_pass_by_value,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking"
)]

mod accept;
mod authentication;
mod backpressure;
mod certificates;
mod copies;
mod cut;
mod deadline;
mod description;
mod doing;
mod exchange;
mod farewell;
mod flight;
mod flight_cuts;
mod flight_ends;
mod flight_protocol;
mod flight_support;
mod front;
mod hostile;
mod http1;
mod listen;
mod payload;
mod pool;
mod probe;
mod raw;
mod receive;
mod settings;
mod status;
mod support;
mod ticket;
mod tls;
mod transfer;
mod types;
mod unix;
mod upload;
mod wire;
