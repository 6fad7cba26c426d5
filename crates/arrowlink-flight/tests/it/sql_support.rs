//! A service whose SQL is a handful of fixed statements, and Flight SQL's messages to it and back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use arrow_array::{RecordBatch, record_batch};
use arrow_flight::sql::{Any, ProstMessageExt};
use arrow_flight::{Action, FlightDescriptor, FlightInfo};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use arrowlink_core::{
    BatchStream, CallContext, Catalog, DataService, Description, Effect, Error, ErrorKind, MemoryDataset,
    MemoryStore, NounKind, Query, Result,
};
use arrowlink_flight::{FlightOptions, FlightService};
use arrowlink_testkit::{Statements, WithStatements, name};
use arrowlink_transport::{FlightCall, FlightHandler as _};
use bytes::Bytes;
use futures::TryStreamExt as _;
use prost::Message;

pub(crate) const ECHO: &str = "select $1, $2";
pub(crate) const INSERT: &str = "insert into t values ($1)";
/// Its parameters are of the types that [`kinds`] returns.
pub(crate) const KINDS: &str = "select all kinds";

/// A few statements.
#[derive(Debug, Default)]
pub(crate) struct Engine {
    /// How many changes were made.
    pub(crate) changes: AtomicUsize,
    /// Whether the table of `select 1` was replaced by one with another column.
    pub(crate) is_replaced: AtomicBool,
}

/// Makes a service of datasets of two rows, uploads, and a few statements.
fn engine(tables: &[&str]) -> Arc<WithStatements<Engine>> {
    let dataset = || {
        let batch = record_batch!(("id", Int64, [1, 2])).unwrap();
        Arc::new(MemoryDataset::new(batch.schema(), vec![batch]).unwrap())
    };
    let catalog = tables
        .iter()
        .fold(Catalog::new(), |catalog, table| catalog.with_dataset(name(table), dataset()))
        .with_uploads(Arc::new(MemoryStore::new(1 << 20)));
    WithStatements::new(catalog, Engine::default())
}

impl Statements for Engine {
    fn describe(&self, query: &Query) -> Result<Description> {
        let described = |fields: Vec<Field>| Description::new(NounKind::Dataset, schema(fields));
        let parameter = |name: &str, data_type| Field::new(name, data_type, true);
        Ok(match query.text.as_str() {
            "select 1" if self.is_replaced.load(Ordering::Relaxed) => {
                described(vec![parameter("two", DataType::Int64)]).with_parameters(schema(vec![]))
            }
            "select 1" => described(vec![parameter("one", DataType::Int64)]).with_parameters(schema(vec![])),
            ECHO => described(vec![parameter("$1", DataType::Int64), parameter("$2", DataType::Utf8)])
                .with_parameters(schema(vec![
                    parameter("$1", DataType::Int64),
                    parameter("$2", DataType::Utf8),
                ])),
            INSERT => described(vec![Field::new("count", DataType::UInt64, false)])
                .with_parameters(schema(vec![parameter("$1", DataType::Int32)]))
                .with_effect(Effect::Change),
            KINDS => described(vec![parameter("one", DataType::Int64)]).with_parameters(schema(kinds())),
            "where am i" => {
                described(vec![parameter("schema", DataType::Utf8)]).with_parameters(schema(vec![]))
            }
            "select * from information_schema.tables" => {
                described(vec![parameter("table_name", DataType::Utf8)]).with_parameters(schema(vec![]))
            }
            text => return Err(Error::new(ErrorKind::InvalidArgument, format!("`{text}` is not SQL"))),
        })
    }

    fn read(&self, query: &Query) -> Result<RecordBatch> {
        Ok(match query.text.as_str() {
            ECHO => query.parameters.clone().unwrap(),
            INSERT => {
                let rows = query.parameters.as_ref().unwrap().num_rows();
                self.changes.fetch_add(rows, Ordering::Relaxed);
                record_batch!(("count", UInt64, [rows as u64])).unwrap()
            }
            "where am i" => {
                let schema = query.default_schema.as_deref().unwrap_or("none");
                record_batch!(("schema", Utf8, [schema])).unwrap()
            }
            _ if self.is_replaced.load(Ordering::Relaxed) => record_batch!(("two", Int64, [2])).unwrap(),
            _ => record_batch!(("one", Int64, [1])).unwrap(),
        })
    }
}

/// A client of Flight SQL without a network.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) engine: Arc<WithStatements<Engine>>,
    pub(crate) flight: FlightService,
    pub(crate) call: FlightCall,
}

impl Client {
    /// Of a service of the datasets `trips`, `sales.orders` and `eu.sales.orders`.
    pub(crate) fn new() -> Self {
        Self::of(&["trips", "sales.orders", "eu.sales.orders"])
    }

    pub(crate) fn of(tables: &[&str]) -> Self {
        let engine = engine(tables);
        Self { flight: service(&engine), engine, call: FlightCall::new(CallContext::new()) }
    }

    /// Another server of the same tables, which knows nothing of what the first was told.
    pub(crate) fn restart(&mut self) {
        self.flight = service(&self.engine);
    }

    pub(crate) async fn info(&self, command: &impl ProstMessageExt) -> Result<FlightInfo> {
        self.flight.get_flight_info(self.call.clone(), descriptor(command)).await
    }

    /// Executes `command` as clients do: the flight info first, then its one ticket. What both say is the same.
    pub(crate) async fn rows(&self, command: &impl ProstMessageExt) -> Result<RecordBatch> {
        let info = self.info(command).await?;
        let ticket = info.endpoint[0].ticket.clone().unwrap().ticket;
        let stream = self.flight.do_get(self.call.clone(), ticket).await?.batches;
        assert_eq!(info.endpoint.len(), 1);
        assert_eq!(&SchemaRef::new(info.try_decode_schema().unwrap()), stream.schema());
        let seen = self.flight.get_schema(self.call.clone(), descriptor(command)).await?;
        assert_eq!(&SchemaRef::new(Schema::try_from(&seen).unwrap()), stream.schema());
        let schema = Arc::clone(stream.schema());
        let batches = stream.collect_batches().await?;
        assert!(batches.iter().all(|batch| batch.schema() == schema));
        Ok(arrow_select::concat::concat_batches(&schema, &batches).unwrap())
    }

    /// Uploads `batches` to `command` and returns the one answer.
    pub(crate) async fn put<A: Message + Default>(
        &self,
        command: &impl ProstMessageExt,
        batches: Option<Vec<RecordBatch>>,
    ) -> Result<A> {
        let batches = batches.map(|batches| BatchStream::from_batches(batches[0].schema(), batches));
        let answers = self.flight.do_put(self.call.clone(), descriptor(command), batches).await?;
        let answers: Vec<_> = answers.try_collect().await?;
        assert_eq!(answers.len(), 1);
        Ok(A::decode(answers[0].app_metadata.clone()).unwrap())
    }

    /// Does an action and returns the bodies of its results, taken out of their `Any`.
    pub(crate) async fn act(&self, name: &str, request: &impl ProstMessageExt) -> Result<Vec<Bytes>> {
        let action = Action::new(name, request.as_any().encode_to_vec());
        let results = self.flight.do_action(self.call.clone(), action).await?;
        let results: Vec<_> = results.try_collect().await?;
        Ok(results.into_iter().map(|result| Any::decode(result.body).unwrap().value).collect())
    }
}

fn service(engine: &Arc<WithStatements<Engine>>) -> FlightService {
    FlightService::new(Arc::clone(engine) as Arc<dyn DataService>, FlightOptions::default())
}

pub(crate) fn descriptor(command: &impl ProstMessageExt) -> FlightDescriptor {
    FlightDescriptor::new_cmd(command.as_any().encode_to_vec())
}

pub(crate) fn schema(fields: Vec<Field>) -> SchemaRef {
    Arc::new(Schema::new(fields))
}

/// Parameters of types that clients seldom bind.
pub(crate) fn kinds() -> Vec<Field> {
    let item = |data_type| Arc::new(Field::new("item", data_type, true));
    let runs = DataType::RunEndEncoded(
        Arc::new(Field::new("run_ends", DataType::Int32, false)),
        Arc::new(Field::new("values", DataType::Utf8View, true)),
    );
    let types = [
        DataType::Decimal128(7, 2),
        DataType::Float32,
        DataType::Date32,
        DataType::List(item(DataType::Int32)),
        DataType::Utf8View,
        DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Utf8)),
        runs,
    ];
    (1..).zip(types).map(|(number, data_type)| Field::new(format!("${number}"), data_type, true)).collect()
}

/// The texts of a column.
pub(crate) fn texts(batch: &RecordBatch, column: &str) -> Vec<String> {
    use arrow_array::cast::AsArray as _;
    let column = batch.column_by_name(column).unwrap().as_string::<i32>();
    column.iter().map(|text| text.unwrap_or("null").to_owned()).collect()
}
