//! The decorator that ends calls in time, tried with paused time.

use std::sync::Arc;
use std::time::Duration;

use arrowlink_core::{
    BatchStream, CallContext, CallOptions, Catalog, Chunk, DataService, DataServiceExt as _, Dataset,
    Deadlines, Description, ErrorKind, Limited, MemoryDataset, MemoryStore, NounKind, ReadOptions, Receipt,
    RemoveOptions, Result, ServiceLimits, WriteOptions,
};
use futures::future::{BoxFuture, FutureExt as _};
use futures::{StreamExt as _, stream};
use tokio::time::{Instant, sleep};

use crate::support::{endless, ids, ids_schema, ids_stream, name, read_ids};

/// Answers late, and then one batch each `pause`.
#[derive(Debug)]
struct Slow {
    answer: Duration,
    pause: Duration,
}

impl Dataset for Slow {
    fn describe(&self, ctx: CallContext) -> BoxFuture<'_, Result<Description>> {
        async move {
            assert!(ctx.deadline().is_some(), "the deadline is passed on");
            sleep(self.answer).await;
            Ok(Description::new(NounKind::Dataset, ids_schema()))
        }
        .boxed()
    }

    fn read(&self, _ctx: CallContext, _options: ReadOptions) -> BoxFuture<'_, Result<BatchStream>> {
        let pause = self.pause;
        let chunks = stream::iter(0..4).then(move |id| async move {
            sleep(pause).await;
            Ok(Chunk::new(ids([id])))
        });
        async move {
            sleep(self.answer).await;
            Ok(BatchStream::new(ids_schema(), chunks))
        }
        .boxed()
    }

    fn write(
        &self,
        ctx: CallContext,
        batches: BatchStream,
        options: WriteOptions,
    ) -> BoxFuture<'_, Result<Receipt>> {
        let dataset = MemoryDataset::new(ids_schema(), vec![]).unwrap();
        async move { dataset.write(ctx, batches, options).await }.boxed()
    }
}

fn slow(answer_secs: u64, pause_secs: u64) -> Arc<dyn DataService> {
    let slow = Slow { answer: Duration::from_secs(answer_secs), pause: Duration::from_secs(pause_secs) };
    Arc::new(Catalog::new().with_dataset(name("slow"), Arc::new(slow)))
}

fn in_secs(secs: u64) -> CallContext {
    CallContext::new().with_deadline(Some(Instant::now() + Duration::from_secs(secs)))
}

async fn read(service: &dyn DataService, ctx: CallContext) -> Result<Vec<i64>> {
    let stream = service.read(ctx, name("slow").into(), ReadOptions::default()).await?;
    Ok(crate::support::id_values(&stream.collect_batches().await?))
}

#[tokio::test(start_paused = true)]
async fn ends_an_answer_that_does_not_come() {
    let service = Deadlines::new(slow(10, 0));
    let began = Instant::now();
    let error = service.describe(in_secs(3), name("slow").into()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DeadlineExceeded);
    assert_eq!(began.elapsed(), Duration::from_secs(3));
    assert_eq!(read(&service, in_secs(3)).await.unwrap_err().kind(), ErrorKind::DeadlineExceeded);
}

#[tokio::test(start_paused = true)]
async fn ends_a_stream_in_the_middle() {
    let service = Deadlines::new(slow(0, 2));
    let mut stream = service.read(in_secs(5), name("slow").into(), ReadOptions::default()).await.unwrap();
    assert!(stream.next().await.unwrap().is_ok());
    assert!(stream.next().await.unwrap().is_ok());
    assert_eq!(stream.next().await.unwrap().unwrap_err().kind(), ErrorKind::DeadlineExceeded);
    assert!(stream.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_asked_too_late_is_ended_too() {
    let service = Deadlines::new(slow(0, 0));
    let mut stream = service.read(in_secs(5), name("slow").into(), ReadOptions::default()).await.unwrap();
    assert!(stream.next().await.unwrap().is_ok());
    sleep(Duration::from_secs(6)).await;
    assert_eq!(stream.next().await.unwrap().unwrap_err().kind(), ErrorKind::DeadlineExceeded);
}

#[tokio::test(start_paused = true)]
async fn lets_an_answer_in_time_pass() {
    let service = Deadlines::new(slow(1, 1));
    assert_eq!(read(&service, in_secs(6)).await.unwrap(), [0, 1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn bounds_calls_that_have_no_deadline() {
    let service = Deadlines::new(slow(1, 1)).with_longest(Duration::from_secs(3));
    assert_eq!(read(&service, CallContext::new()).await.unwrap_err().kind(), ErrorKind::DeadlineExceeded);
    assert_eq!(read(&service, in_secs(60)).await.unwrap_err().kind(), ErrorKind::DeadlineExceeded);
}

#[tokio::test(start_paused = true)]
async fn the_earlier_deadline_holds() {
    let service = Deadlines::new(slow(10, 0)).with_longest(Duration::from_secs(60));
    let began = Instant::now();
    service.describe(in_secs(2), name("slow").into()).await.unwrap_err();
    assert_eq!(began.elapsed(), Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn a_write_past_its_deadline_leaves_nothing() {
    let store = Arc::new(MemoryStore::new(1 << 20));
    let service = Deadlines::new(Arc::clone(&store) as Arc<dyn DataService>);
    let input = endless([ids(0..100)]);
    let error = service.write(in_secs(2), name("trips"), input, WriteOptions::default()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DeadlineExceeded);
    assert_eq!(store.used_bytes(), 0);
    let gone = read_ids(&*store, "trips", ReadOptions::default()).await.unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::NotFound);
}

#[tokio::test(start_paused = true)]
async fn a_removal_past_its_deadline_removes_nothing() {
    let store = Arc::new(MemoryStore::new(1 << 20));
    store.append(&name("trips"), ids_schema(), vec![ids(0..3)]).await.unwrap();
    let limits = ServiceLimits::default().with_max_writes(1);
    let busy = Arc::new(Limited::new(Arc::clone(&store) as Arc<dyn DataService>, limits));
    let mut write =
        busy.write(CallContext::new(), name("other"), endless([ids(0..1)]), WriteOptions::default());
    assert!((&mut write).now_or_never().is_none());
    let service = Deadlines::new(Arc::clone(&busy) as Arc<dyn DataService>);
    let removed = service.remove(in_secs(2), name("trips"), RemoveOptions::default()).await;
    assert_eq!(removed.unwrap_err().kind(), ErrorKind::DeadlineExceeded);
    drop(write);
    assert_eq!(read_ids(&*store, "trips", ReadOptions::default()).await.unwrap(), [0, 1, 2]);
}

#[tokio::test(start_paused = true)]
async fn ends_a_function_that_waits_for_its_input() {
    let service = Deadlines::new(Arc::new(Catalog::new()));
    let input = endless([ids(0..3)]);
    let mut answer = service.call(in_secs(2), name("echo"), input, CallOptions::default()).await.unwrap();
    assert!(answer.next().await.unwrap().is_ok());
    assert_eq!(answer.next().await.unwrap().unwrap_err().kind(), ErrorKind::DeadlineExceeded);
}

#[tokio::test(start_paused = true)]
async fn drops_the_work_behind_a_stream_that_is_over() {
    let (alive, gone) = tokio::sync::oneshot::channel::<()>();
    let waiting = async move {
        let _alive = alive;
        futures::future::pending().await
    };
    let input = BatchStream::new(ids_schema(), stream::once(waiting));
    let service = Deadlines::new(Arc::new(Catalog::new()));
    let mut answer = service.call(in_secs(1), name("echo"), input, CallOptions::default()).await.unwrap();
    assert!(answer.next().await.unwrap().is_err());
    assert!(gone.await.is_err(), "the input was dropped");
    drop(answer);
}

#[tokio::test]
async fn without_any_deadline_nothing_is_changed() {
    let service = Deadlines::new(Arc::new(MemoryStore::new(1 << 20)));
    let write =
        service.write(CallContext::new(), name("trips"), ids_stream([ids(0..3)]), WriteOptions::default());
    write.await.unwrap();
    assert_eq!(read_ids(&service, "trips", ReadOptions::default()).await.unwrap(), [0, 1, 2]);
}
