//! Conveniences over the five verbs, for every service.

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use futures::future::BoxFuture;

use crate::{
    BatchStream, CallContext, DataService, Name, ReadOptions, Receipt, Result, Target, WriteOptions,
};

/// What is often done with a [`DataService`], written once.
///
/// ```
/// use arrow_array::record_batch;
/// use arrowlink_core::{DataServiceExt as _, ErrorKind, MemoryStore, Name};
///
/// # futures::executor::block_on(async {
/// let (store, name) = (MemoryStore::new(1 << 20), Name::new("readings")?);
/// let batch = record_batch!(("id", Int64, [1, 2])).unwrap();
/// store.append(&name, batch.schema(), vec![batch.clone()]).await?;
/// assert_eq!(store.read_all(&name).await?, (batch.schema(), vec![batch]));
///
/// let error = store.read_all(&Name::new("absent")?).await.unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::NotFound);
/// # Ok::<(), arrowlink_core::Error>(())
/// # }).unwrap();
/// ```
pub trait DataServiceExt: DataService {
    /// Reads the whole dataset `name` into memory, in order.
    ///
    /// Errors as [`DataService::read`] and the stream it returns.
    fn read_all<'a>(&'a self, name: &'a Name) -> BoxFuture<'a, Result<(SchemaRef, Vec<RecordBatch>)>> {
        Box::pin(async move {
            let stream = self.read(CallContext::new(), Target::from(name), ReadOptions::default()).await?;
            let schema = SchemaRef::clone(stream.schema());
            Ok((schema, stream.collect_batches().await?))
        })
    }

    /// Appends `batches` of `schema` to the dataset `name`, which is created where there is none.
    ///
    /// Errors as [`DataService::write`].
    fn append<'a>(
        &'a self,
        name: &'a Name,
        schema: SchemaRef,
        batches: Vec<RecordBatch>,
    ) -> BoxFuture<'a, Result<Receipt>> {
        let batches = BatchStream::from_batches(schema, batches);
        self.write(CallContext::new(), name.clone(), batches, WriteOptions::default())
    }
}

impl<T: DataService + ?Sized> DataServiceExt for T {}
