//! One run of the suite: the service, names of its own, and what all checks do.
//!
//! Checks say what is wrong as text, because nobody decides by it. They write under names that begin with an id of
//! the run, so that they neither meet each other nor an earlier run.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use arrow_select::concat::concat_batches;
use futures::future::{BoxFuture, FutureExt as _};
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::{Capability, Suite, samples};
use crate::schemas::retold;
use crate::{
    BatchStream, CallContext, DataService, Description, Error, ErrorKind, Name, ReadOptions, Receipt,
    RemoveOptions, Result, Snapshot, Target, WriteOptions, schema_mismatch,
};

/// Nothing, or what was against the contract.
pub(super) type Outcome = Result<(), String>;

/// One check: what must be so, what a service needs for it, and the finding out.
pub(super) struct Check<'a> {
    pub(super) title: &'static str,
    pub(super) needs: &'static [Capability],
    pub(super) outcome: BoxFuture<'a, Outcome>,
}

impl<'a> Check<'a> {
    pub(super) fn new(
        title: &'static str,
        needs: &'static [Capability],
        outcome: impl Future<Output = Outcome> + Send + 'a,
    ) -> Self {
        Self { title, needs, outcome: outcome.boxed() }
    }
}

/// What the checks of one run share.
///
/// All names that the run makes begin with `prefix`, which has a new UUID in it.
#[derive(Debug)]
pub(super) struct Run<'a> {
    pub(super) suite: &'a Suite,
    pub(super) service: &'a dyn DataService,
    prefix: String,
    /// All names that were made, whether anything was written to them or not.
    names: Mutex<BTreeSet<Name>>,
    /// Written once, because it is large.
    large: OnceCell<(Name, RecordBatch)>,
}

impl<'a> Run<'a> {
    pub(super) fn new(suite: &'a Suite, service: &'a dyn DataService) -> Self {
        let id = Uuid::now_v7().simple().to_string();
        let prefix = format!("conformance_{id}");
        Self { suite, service, prefix, names: Mutex::default(), large: OnceCell::new() }
    }

    /// Returns a name that only this run has.
    pub(super) fn name(&self, suffix: &str) -> Result<Name, String> {
        let name = Name::new(&format!("{}_{suffix}", self.prefix)).map_err(|error| said(&error))?;
        self.names.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone());
        Ok(name)
    }

    /// Removes what was written, where the service can do that. What cannot be removed stays.
    pub(super) async fn tidy(&self) {
        if self.suite.expects(Capability::Write) && self.suite.expects(Capability::Remove) {
            let names = std::mem::take(&mut *self.names.lock().unwrap_or_else(PoisonError::into_inner));
            for name in &names {
                let _ = self.remove(name).await;
            }
        }
    }

    /// Returns the name of the function that returns what it is given.
    pub(super) fn function(&self) -> Result<Name, String> {
        Name::new(&self.suite.function).map_err(|error| said(&error))
    }

    /// Returns a dataset that can be read, and its rows: a new one, or the one the suite was given.
    pub(super) async fn readable(&self, suffix: &str) -> Result<(Name, RecordBatch), String> {
        if self.suite.expects(Capability::Write) {
            self.written(suffix, samples::batches(0)?).await
        } else {
            self.given()
        }
    }

    /// Returns a dataset of several parts: the same for all checks, or the one the suite was given.
    pub(super) async fn large(&self) -> Result<(Name, RecordBatch), String> {
        if !self.suite.expects(Capability::Write) {
            return self.given();
        }
        let write = async || self.written("large", samples::large_batches()?).await;
        self.large.get_or_try_init(write).await.cloned()
    }

    /// Writes a new dataset.
    pub(super) async fn written(
        &self,
        suffix: &str,
        batches: Vec<RecordBatch>,
    ) -> Result<(Name, RecordBatch), String> {
        let name = self.name(suffix)?;
        let schema = batches.first().ok_or("there is no batch")?.schema();
        self.write(&name, batches.clone())
            .await
            .map_err(|error| format!("the write failed: {}", said(&error)))?;
        Ok((name, concat(&schema, &batches)?))
    }

    /// Returns the dataset that the suite was given.
    fn given(&self) -> Result<(Name, RecordBatch), String> {
        let (name, batches) = self
            .suite
            .dataset
            .clone()
            .ok_or("the suite cannot write and was given no dataset: use `Suite::with_dataset`")?;
        let schema = batches.first().ok_or("the dataset of the suite has no batch")?.schema();
        Ok((name, concat(&schema, &batches)?))
    }

    pub(super) async fn describe(&self, name: &Name) -> Result<Description, String> {
        self.service.describe(CallContext::new(), Target::from(name)).await.map_err(|error| said(&error))
    }

    /// Returns the snapshot that `name` is described with.
    pub(super) async fn snapshot(&self, name: &Name) -> Result<Snapshot, String> {
        let snapshot = self.describe(name).await?.snapshot;
        snapshot.ok_or_else(|| "its description has no snapshot".to_owned())
    }

    pub(super) async fn remove(&self, name: &Name) -> Result<()> {
        self.service.remove(CallContext::new(), name.clone(), RemoveOptions::default()).await
    }

    pub(super) async fn write(&self, name: &Name, batches: Vec<RecordBatch>) -> Result<Receipt> {
        self.write_with(name, batches, WriteOptions::default()).await
    }

    /// Writes `batches`; without any, an input without rows that has the sample schema.
    pub(super) async fn write_with(
        &self,
        name: &Name,
        batches: Vec<RecordBatch>,
        options: WriteOptions,
    ) -> Result<Receipt> {
        let schema = batches.first().map_or_else(samples::schema, RecordBatch::schema);
        let batches = BatchStream::from_batches(schema, batches);
        self.service.write(CallContext::new(), name.clone(), batches, options).await
    }

    pub(super) async fn open(&self, name: &Name, options: ReadOptions) -> Result<BatchStream> {
        self.service.read(CallContext::new(), Target::from(name), options).await
    }

    /// Reads all rows as one batch.
    pub(super) async fn read(&self, name: &Name, options: ReadOptions) -> Result<RecordBatch, String> {
        let failed = |error: Error| format!("the read failed: {}", said(&error));
        let stream = self.open(name, options).await.map_err(failed)?;
        let schema = SchemaRef::clone(stream.schema());
        concat(&schema, &stream.collect_batches().await.map_err(failed)?)
    }

    /// Reads all rows and compares them.
    pub(super) async fn expect_rows(
        &self,
        name: &Name,
        options: ReadOptions,
        expected: &RecordBatch,
    ) -> Outcome {
        expect_same(expected, self.read(name, options).await?)
    }

    /// Expects that reading `name` is `NotFound`.
    pub(super) async fn expect_absent(&self, name: &Name) -> Outcome {
        self.expect_read_error(name, ReadOptions::default(), ErrorKind::NotFound).await
    }

    /// Expects an error from the read or from its stream: behind a wire it may come with either.
    pub(super) async fn expect_read_error(
        &self,
        name: &Name,
        options: ReadOptions,
        kind: ErrorKind,
    ) -> Outcome {
        let read = async { self.open(name, options).await?.collect_batches().await };
        expect_error(kind, read.await.map(|batches| format!("{} batches", batches.len()))).map(drop)
    }
}

/// Puts batches of one stream together, each of which must have its schema.
pub(super) fn concat(schema: &SchemaRef, batches: &[RecordBatch]) -> Result<RecordBatch, String> {
    if let Some(other) = batches.iter().find(|batch| batch.schema_ref() != schema) {
        return Err(format!("a batch has not the schema of its stream: {:?}, {schema:?}", other.schema()));
    }
    concat_batches(schema, batches).map_err(|error| error.to_string())
}

pub(super) fn expect_same(expected: &RecordBatch, actual: RecordBatch) -> Outcome {
    if let Some(mismatch) = schema_mismatch(expected.schema_ref(), actual.schema_ref()) {
        return Err(said(&mismatch));
    }
    let (rows, expected_rows) = (actual.num_rows(), expected.num_rows());
    if rows != expected_rows {
        return Err(format!("there are {rows} rows in the place of {expected_rows}"));
    }
    let actual = retold(actual, expected.schema_ref()).map_err(|error| said(&error))?;
    let different = actual.columns().iter().zip(expected.columns()).position(|(a, b)| a != b);
    match different {
        None => Ok(()),
        Some(column) => {
            Err(format!("column `{}` has other values", expected.schema_ref().field(column).name()))
        }
    }
}

/// Expects an error of `kind` and returns it.
pub(super) fn expect_error<T: std::fmt::Debug>(kind: ErrorKind, result: Result<T>) -> Result<Error, String> {
    match result {
        Err(error) if error.kind() == kind => Ok(error),
        Err(error) => Err(format!("{} in the place of {kind:?}", said(&error))),
        Ok(answer) => Err(format!("{kind:?} was expected, the answer was {answer:?}")),
    }
}

/// Fails with the text of `otherwise` unless `so`.
pub(super) fn expect(so: bool, otherwise: impl FnOnce() -> String) -> Outcome {
    if so { Ok(()) } else { Err(otherwise()) }
}

/// Writes an error as a violation shows it.
pub(super) fn said(error: &Error) -> String {
    format!("{:?}: {}", error.kind(), error.chain())
}
