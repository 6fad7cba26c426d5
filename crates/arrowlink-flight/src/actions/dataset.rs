//! `drop` and `health`.

use arrowlink_core::{DataService, Error, ErrorKind, Name, RemoveOptions, Result};
use arrowlink_transport::FlightCall;
use bytes::Bytes;
use serde_json::json;

/// Removes the dataset whose name is `body`.
pub(super) async fn drop(service: &dyn DataService, call: &FlightCall, body: &[u8]) -> Result<()> {
    let text = std::str::from_utf8(body).map_err(|error| {
        Error::new(ErrorKind::InvalidArgument, "the body of the action `drop` is not UTF-8: give a name")
            .with_source(error)
    })?;
    let name = Name::new(text)?;
    call.record.set_name(&name);
    service.remove(call.ctx.clone(), name, RemoveOptions::default()).await
}

/// Says that calls are taken: this one was.
pub(super) fn health() -> Bytes {
    json!({ "status": "serving", "version": env!("CARGO_PKG_VERSION") }).to_string().into()
}
