//! What a foreign client of Flight is told and given by the whole server.

use arrow_array::record_batch;
use arrow_flight::sql::SqlInfo;
use arrowlink_core::{ErrorKind, Result};
use arrowlink_server::Config;

use crate::flight_client::FlightClient;
use crate::support::Running;

#[tokio::test]
async fn says_whether_anything_can_be_changed() {
    for read_only in [false, true] {
        let server = Running::build(Config::default().with_read_only(read_only)).await;
        let mut client = FlightClient::of(&server).await;
        assert_eq!(client.ability(SqlInfo::FlightSqlServerReadOnly).await, read_only);
        assert_eq!(client.ability(SqlInfo::FlightSqlServerBulkIngestion).await, !read_only);
        let written = client.put("new", record_batch!(("id", Int64, [1])).unwrap()).await;
        assert_eq!(written.map(drop).map_err(|error| error.kind()), refused(read_only));
        drop(client);
        server.stop().await;
    }
}

fn refused(read_only: bool) -> Result<(), ErrorKind> {
    if read_only { Err(ErrorKind::ReadOnly) } else { Ok(()) }
}
