//! arrow-flight's Flight SQL client as its documentation builds one, with tonic's defaults.

use std::time::Instant;

use arrow_flight::sql::client::FlightSqlServiceClient;
use futures::TryStreamExt as _;
use tokio::runtime::Builder;
use tonic::transport::Channel;

use super::datafusion_process::taken;
use crate::Failure;
use crate::turn::{self, Turn};

/// Asks a query for each turn.
pub(crate) fn ask(uri: &str) -> Result<(), Failure> {
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let channel = runtime.block_on(Channel::from_shared(uri.to_owned())?.connect())?;
    let mut client = FlightSqlServiceClient::new(channel);
    turn::answer_questions(|query| runtime.block_on(asked(&mut client, query)))
}

async fn asked(client: &mut FlightSqlServiceClient<Channel>, query: &str) -> Result<Turn, Failure> {
    let start = Instant::now();
    let info = client.execute(query.to_owned(), None).await?;
    let mut batches = Vec::new();
    for endpoint in info.endpoint {
        let ticket = endpoint.ticket.ok_or("an endpoint without a ticket")?;
        batches.extend(client.do_get(ticket).await?.try_collect::<Vec<_>>().await?);
    }
    taken(&batches, start)
}
