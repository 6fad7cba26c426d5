//! Substrait plans over Flight SQL, as a foreign client sends them: answered where the server was built with them.

use arrow_flight::FlightDescriptor;
use arrow_flight::sql::{CommandStatementSubstraitPlan, ProstMessageExt as _, SubstraitPlan};
use arrowlink_server::{Config, DatasetConfig};
use prost::Message as _;

use crate::support::{Running, name};

/// A field of a message that is one itself, or a text; all of them are short.
fn field(number: u8, value: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2, u8::try_from(value.len()).unwrap()], value].concat()
}

/// A plan that reads all of `table`, which has one column of 64-bit integers, as Substrait's definition has it.
fn plan(table: &str, column: &str) -> Vec<u8> {
    let (nullable, required) = ([2 << 3, 1], [3 << 3, 2]);
    let kinds = [field(1, &field(7, &nullable)), required.to_vec()].concat();
    let columns = field(2, &[field(1, column.as_bytes()), field(2, &kinds)].concat());
    let read = field(1, &[columns, field(7, &field(1, table.as_bytes()))].concat());
    field(3, &field(2, &[field(1, &read), field(2, b"n")].concat()))
}

fn command(plan: Vec<u8>) -> FlightDescriptor {
    let plan = Some(SubstraitPlan { plan: plan.into(), version: String::new() });
    let command = CommandStatementSubstraitPlan { plan, transaction_id: None };
    FlightDescriptor::new_cmd(command.as_any().encode_to_vec())
}

async fn serving(folder: &tempfile::TempDir) -> Running {
    std::fs::write(folder.path().join("ids.csv"), "id\n1\n2\n").unwrap();
    let uri = folder.path().join("ids.csv");
    Running::build(Config::default().with_dataset(DatasetConfig::new(name("ids"), uri.to_str().unwrap())))
        .await
}

#[cfg(not(feature = "substrait"))]
mod refused {
    use arrow_flight::sql::SqlInfo;
    use arrowlink_core::ErrorKind;

    use super::{command, plan, serving};
    use crate::flight_client::FlightClient;

    #[tokio::test]
    async fn a_plan_is_unsupported_where_the_server_was_built_without_them() {
        let folder = tempfile::tempdir().unwrap();
        let server = serving(&folder).await;
        let mut client = FlightClient::of(&server).await;
        let error = client.info(command(plan("ids", "id"))).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.message().contains("`--features substrait`"), "{error}");
        assert!(!client.ability(SqlInfo::FlightSqlServerSubstrait).await);
        drop(client);
        server.stop().await;
    }
}

#[cfg(feature = "substrait")]
mod answered {
    use arrow_array::record_batch;
    use arrow_flight::FlightDescriptor;
    use arrow_flight::sql::client::FlightSqlServiceClient;
    use arrow_flight::sql::{
        ActionCreatePreparedStatementResult, ActionCreatePreparedSubstraitPlanRequest, Any,
        CommandPreparedStatementQuery, ProstMessageExt as _, SqlInfo, SubstraitPlan,
    };
    use arrowlink_core::ErrorKind;
    use prost::Message as _;

    use super::{command, plan, serving};
    use crate::flight_client::{FlightClient, ticket};

    #[tokio::test]
    async fn a_plan_is_answered_with_its_rows() {
        let folder = tempfile::tempdir().unwrap();
        let server = serving(&folder).await;
        let mut client = FlightClient::of(&server).await;
        let info = client.info(command(plan("ids", "id"))).await.unwrap();
        let rows = client.read(ticket(&info, 0)).await.unwrap();
        assert_eq!(rows[0].columns(), record_batch!(("n", Int64, [1, 2])).unwrap().columns());
        assert_eq!(rows[0].schema().field(0).name(), "n");
        assert!(client.ability(SqlInfo::FlightSqlServerSubstrait).await);
        drop(client);
        server.stop().await;
    }

    #[tokio::test]
    async fn a_prepared_plan_outlives_its_server() {
        let folder = tempfile::tempdir().unwrap();
        let server = serving(&folder).await;
        let client = FlightClient::of(&server).await;
        let request = ActionCreatePreparedSubstraitPlanRequest {
            plan: Some(SubstraitPlan { plan: plan("ids", "id").into(), version: String::new() }),
            transaction_id: None,
        };
        let body = request.as_any().encode_to_vec().into();
        let action = arrow_flight::Action { r#type: "CreatePreparedSubstraitPlan".to_owned(), body };
        let mut stock = FlightSqlServiceClient::new_from_inner(client.0.clone());
        let answer = stock.do_action(action).await.unwrap().message().await.unwrap().unwrap();
        let prepared: ActionCreatePreparedStatementResult =
            Any::decode(answer.body).unwrap().unpack().unwrap().unwrap();
        drop((stock, client));
        server.stop().await;

        let server = serving(&folder).await;
        let mut client = FlightClient::of(&server).await;
        let handle =
            CommandPreparedStatementQuery { prepared_statement_handle: prepared.prepared_statement_handle };
        let info = client.info(FlightDescriptor::new_cmd(handle.as_any().encode_to_vec())).await.unwrap();
        assert_eq!(client.read(ticket(&info, 0)).await.unwrap()[0].num_rows(), 2);
        drop(client);
        server.stop().await;
    }

    #[tokio::test]
    async fn a_plan_of_what_is_not_there_is_told_as_a_statement_is() {
        let folder = tempfile::tempdir().unwrap();
        let server = serving(&folder).await;
        let mut client = FlightClient::of(&server).await;
        let error = client.info(command(plan("idz", "id"))).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.message().contains("did you mean `ids`"), "{error}");
        let error = client.info(command(b"plan".to_vec())).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        drop(client);
        server.stop().await;
    }
}
