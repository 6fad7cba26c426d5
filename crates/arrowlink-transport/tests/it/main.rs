//! Behaviour of arrowlink-transport at its public API.

mod accept;
mod certificates;
mod deadline;
mod front;
mod listen;
mod payload;
mod status;
mod support;
mod tls;
mod transfer;
mod types;
