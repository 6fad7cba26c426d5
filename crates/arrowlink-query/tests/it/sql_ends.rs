//! What is still computed of a query that nobody waits for ends, and only then another has its turn.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use arrow_array::{RecordBatch, record_batch};
use arrowlink_core::{
    BatchStream, CallContext, Chunk, DataService as _, Dataset, Description, Durability, ErrorKind, NounKind,
    Part, Query, ReadOptions, Receipt, Result, WriteOptions,
};
use arrowlink_query::SqlOptions;
use futures::future::{BoxFuture, FutureExt as _, pending};
use futures::{StreamExt as _, stream};
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::Instant;

use crate::sql::{catalog, name, query, service_with};
use crate::support::check;

fn batch() -> RecordBatch {
    record_batch!(("n", Int64, [1])).unwrap()
}

/// A dataset of two parts: the first holds the thread that reads it until it may go on, the second never has a row.
#[derive(Debug)]
struct Holding {
    goes_on: Arc<Mutex<Receiver<()>>>,
    /// The first waits for the second, whose task would else never run where it is next on the thread that is held.
    both: Arc<Notify>,
    /// Told that the first is read, and that the second is not read any more.
    told: UnboundedSender<&'static str>,
}

impl Holding {
    fn new() -> (Arc<Self>, Sender<()>, UnboundedReceiver<&'static str>) {
        let ((go_on, goes_on), (told, telling)) = (channel(), unbounded_channel());
        let holding = Self { goes_on: Arc::new(Mutex::new(goes_on)), both: Arc::default(), told };
        (Arc::new(holding), go_on, telling)
    }
}

impl Dataset for Holding {
    fn describe(&self, _ctx: CallContext) -> BoxFuture<'_, Result<Description>> {
        let parts = vec![Part::default(), Part::default()];
        let description = Description::new(NounKind::Dataset, batch().schema()).with_parts(parts);
        async { Ok(description) }.boxed()
    }

    fn read(&self, _ctx: CallContext, options: ReadOptions) -> BoxFuture<'_, Result<BatchStream>> {
        let (goes_on, both, told) = (Arc::clone(&self.goes_on), Arc::clone(&self.both), self.told.clone());
        let rows = async move {
            if options.part == Some(0) {
                both.notified().await;
                told.send("the first is read").unwrap();
                goes_on.lock().unwrap().recv().unwrap();
            } else {
                let _told = Last(told);
                both.notify_one();
                pending::<()>().await;
            }
            Ok(Chunk::new(batch()))
        };
        let rows = BatchStream::new(batch().schema(), stream::once(rows));
        async { Ok(rows) }.boxed()
    }
}

/// Tells when it is dropped.
struct Last(UnboundedSender<&'static str>);

impl Drop for Last {
    fn drop(&mut self) {
        self.0.send("the second is not read any more").unwrap();
    }
}

#[tokio::test]
async fn another_query_has_its_turn_when_the_last_partition_of_the_one_before_has_ended() {
    let (holding, go_on, mut telling) = Holding::new();
    let options = SqlOptions::default().with_max_queries(1);
    let service = service_with(options, catalog().with_dataset(name("holding"), holding));
    let text = Query::new("select n from holding");
    let mut running = service.read(CallContext::new(), text.into(), ReadOptions::default()).await.unwrap();
    assert!(futures::poll!(running.next()).is_pending());
    assert_eq!(telling.recv().await, Some("the first is read"));
    drop(running);
    assert_eq!(telling.recv().await, Some("the second is not read any more"));

    let at_once = CallContext::new().with_deadline(Some(Instant::now()));
    let read = service.read(at_once, Query::new("select 1").into(), ReadOptions::default()).await;
    check(&read.unwrap_err(), ErrorKind::DeadlineExceeded, &["before it was the query's turn"]);
    go_on.send(()).unwrap();
    assert_eq!(query(&service, Query::new("select 1")).await.unwrap().num_rows(), 1);
}

/// A dataset that takes what is appended to it in a task of its own, which nobody ends.
#[derive(Debug)]
struct Detached(UnboundedSender<Option<ErrorKind>>);

impl Dataset for Detached {
    fn describe(&self, _ctx: CallContext) -> BoxFuture<'_, Result<Description>> {
        let description = Description::new(NounKind::Dataset, batch().schema()).with_writable(true);
        async { Ok(description) }.boxed()
    }

    fn read(&self, _ctx: CallContext, _options: ReadOptions) -> BoxFuture<'_, Result<BatchStream>> {
        async { Ok(BatchStream::new(batch().schema(), stream::empty())) }.boxed()
    }

    fn write(
        &self,
        _ctx: CallContext,
        mut batches: BatchStream,
        _options: WriteOptions,
    ) -> BoxFuture<'_, Result<Receipt>> {
        let ends = self.0.clone();
        async move {
            let taking = tokio::spawn(async move {
                ends.send(None).unwrap();
                while let Some(batch) = batches.next().await {
                    if let Err(error) = batch {
                        ends.send(Some(error.kind())).unwrap();
                    }
                }
            });
            taking.await.unwrap();
            Ok(Receipt::new(1, 1, 8, Durability::Memory))
        }
        .boxed()
    }
}

#[tokio::test]
async fn an_insert_that_nobody_waits_for_ends_in_whichever_task_its_rows_are_taken() {
    let (ends, mut ending) = unbounded_channel();
    let options = SqlOptions::default().with_max_queries(1);
    let service = service_with(options, catalog().with_dataset(name("detached"), Arc::new(Detached(ends))));
    let text = "insert into detached select count(*) from generate_series(1, 300000) a, \
                generate_series(1, 300000) b where a.value + b.value = 0";
    let mut running = service.read(CallContext::new(), Query::new(text).into(), ReadOptions::default());
    assert!(futures::poll!(&mut running).is_pending());
    assert_eq!(ending.recv().await, Some(None));
    drop(running);
    assert_eq!(ending.recv().await, Some(Some(ErrorKind::Cancelled)));
    assert_eq!(query(&service, Query::new("select 1")).await.unwrap().num_rows(), 1);
}
