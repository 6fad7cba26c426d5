//! The stock client of Flight over a connection to the whole server.

use arrow_array::RecordBatch;
use arrow_flight::decode::FlightRecordBatchStream;
use arrow_flight::encode::FlightDataEncoderBuilder;
use arrow_flight::error::FlightError;
use arrow_flight::flight_service_client::FlightServiceClient;
use arrow_flight::sql::{CommandGetSqlInfo, ProstMessageExt as _, SqlInfo};
use arrow_flight::{FlightData, FlightDescriptor, FlightInfo, PutResult, Ticket};
use arrowlink_core::{Error, ErrorKind, Result};
use arrowlink_transport::Connection;
use arrowlink_transport::status::from_status;
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use prost::Message as _;
use tonic::{Status, Streaming};

use crate::support::{Caller, Running};

/// A connection of its own, and what is asked over it.
pub(crate) struct FlightClient(pub(crate) FlightServiceClient<Connection>);

impl FlightClient {
    pub(crate) async fn of(server: &Running) -> Self {
        Self::over(server.client().await)
    }

    pub(crate) fn over(caller: Caller) -> Self {
        Self(FlightServiceClient::new(caller.0).max_decoding_message_size(usize::MAX))
    }

    pub(crate) async fn info(&mut self, descriptor: FlightDescriptor) -> Result<FlightInfo> {
        Ok(self.0.get_flight_info(descriptor).await.map_err(error)?.into_inner())
    }

    /// Begins to read what a ticket is for.
    pub(crate) async fn begin(&mut self, ticket: Bytes) -> Result<Streaming<FlightData>> {
        Ok(self.0.do_get(Ticket { ticket }).await.map_err(error)?.into_inner())
    }

    pub(crate) async fn read(&mut self, ticket: Bytes) -> Result<Vec<RecordBatch>> {
        let data = self.begin(ticket).await?;
        let batches = FlightRecordBatchStream::new_from_flight_data(data.map_err(Into::into));
        batches.try_collect().await.map_err(|failure| match failure {
            FlightError::Tonic(status) => error(*status),
            other => Error::new(ErrorKind::Internal, other.to_string()),
        })
    }

    /// Executes a statement, whose result has one endpoint.
    pub(crate) async fn query(&mut self, text: &str) -> Result<Vec<RecordBatch>> {
        let info = self.info(statement(text)).await?;
        self.read(ticket(&info, 0)).await
    }

    pub(crate) async fn put(&mut self, name: &str, batch: RecordBatch) -> Result<Vec<PutResult>> {
        let encoded = FlightDataEncoderBuilder::new()
            .with_flight_descriptor(Some(path(name)))
            .build(stream::iter([Ok(batch)]));
        let answer = self.0.do_put(encoded.map(std::result::Result::unwrap)).await.map_err(error)?;
        answer.into_inner().try_collect().await.map_err(error)
    }

    /// Asks for one of the abilities that are yes or no.
    pub(crate) async fn ability(&mut self, code: SqlInfo) -> bool {
        use arrow_array::cast::AsArray as _;
        let command = CommandGetSqlInfo { info: vec![code as u32] };
        let info = self.info(FlightDescriptor::new_cmd(command.as_any().encode_to_vec())).await.unwrap();
        let rows = self.read(ticket(&info, 0)).await.unwrap();
        rows[0].column(1).as_union().value(0).as_boolean().value(0)
    }
}

pub(crate) fn path(name: &str) -> FlightDescriptor {
    FlightDescriptor::new_path(vec![name.to_owned()])
}

pub(crate) fn statement(text: &str) -> FlightDescriptor {
    FlightDescriptor::new_cmd(text.to_owned())
}

/// The ticket of one endpoint.
pub(crate) fn ticket(info: &FlightInfo, endpoint: usize) -> Bytes {
    info.endpoint[endpoint].ticket.clone().unwrap().ticket
}

#[expect(clippy::needless_pass_by_value, reason = "`map_err` gives it away")]
pub(crate) fn error(status: Status) -> Error {
    from_status(&status)
}
