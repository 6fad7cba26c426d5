//! Schemas as Flight SQL's messages carry them: one encapsulated IPC message.

use arrow_flight::{IpcMessage, SchemaAsIpc};
use arrow_ipc::writer::IpcWriteOptions;
use arrow_schema::{ArrowError, Schema};
use arrowlink_core::{Error, ErrorKind, Result};
use bytes::Bytes;

/// Encodes `schema`.
pub(super) fn schema(schema: &Schema) -> Result<Bytes> {
    let message = IpcMessage::try_from(SchemaAsIpc::new(schema, &IpcWriteOptions::default()));
    message.map(|IpcMessage(bytes)| bytes).map_err(|error: ArrowError| failed(error, "the schema"))
}

/// What went wrong while a message was made.
pub(super) fn failed(error: impl Into<Box<dyn std::error::Error + Send + Sync>>, what: &str) -> Error {
    Error::new(ErrorKind::Internal, format!("cannot encode {what}")).with_source(error)
}
