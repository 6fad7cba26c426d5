//! The suite against every service of this crate, and against services that break the contract.

use std::sync::Arc;
use std::time::Duration;

use arrowlink_core::conformance::{Capability, Report, Suite};
use arrowlink_core::{
    BatchStream, CallContext, CallOptions, Catalog, DataService, Deadlines, Description, EntryStream, Error,
    ErrorKind, Limited, ListOptions, MemoryDataset, MemoryStore, Name, ReadOnly, ReadOptions, Receipt,
    RemoveOptions, Result, ServiceLimits, Target, WriteOptions, default_dataset,
};
use futures::future::{BoxFuture, FutureExt as _};

use crate::support::{ids, ids_schema, name};

fn store() -> Arc<MemoryStore> {
    Arc::new(MemoryStore::new(16 << 20))
}

fn catalog() -> Arc<Catalog> {
    let catalog = Catalog::new().with_dataset(name("default"), Arc::new(default_dataset()));
    Arc::new(catalog.with_uploads(store()))
}

async fn check(suite: Suite, service: Arc<dyn DataService>) {
    let report = suite.run(&*service).await;
    assert!(report.is_conformant(), "{report}");
    assert!(report.passed.len() > 10, "{report}");
}

#[tokio::test]
async fn the_store_in_memory_is_conformant() {
    check(Suite::new().without(Capability::Call), store()).await;
}

#[tokio::test]
async fn the_catalog_is_conformant_and_nothing_is_left_out() {
    let report = Suite::new().run(&*catalog()).await;
    assert!(report.is_conformant(), "{report}");
    assert_eq!(report.skipped, [""; 0]);
}

#[tokio::test]
async fn a_catalog_of_catalogs_is_conformant() {
    let outer = Catalog::new().with_uploads(catalog());
    check(Suite::new(), Arc::new(outer)).await;
}

#[tokio::test]
async fn deadlines_are_conformant() {
    check(Suite::new(), Arc::new(Deadlines::new(catalog()))).await;
    let longest = Deadlines::new(catalog()).with_longest(Duration::from_secs(60));
    check(Suite::new(), Arc::new(longest)).await;
}

#[tokio::test]
async fn limits_are_conformant() {
    check(Suite::new(), Arc::new(Limited::new(catalog(), ServiceLimits::default()))).await;
    let limits = ServiceLimits::default().with_max_reads(2).with_max_writes(3).with_max_calls(1);
    let limits = limits.with_max_write_rows(1000).with_max_write_bytes(1 << 20);
    check(Suite::new(), Arc::new(Limited::new(catalog(), limits))).await;
}

#[tokio::test]
async fn decorators_go_on_top_of_each_other() {
    let limited = Arc::new(Limited::new(catalog(), ServiceLimits::default().with_max_reads(8)));
    check(Suite::new(), Arc::new(Deadlines::new(limited))).await;
}

#[tokio::test]
async fn a_read_only_service_is_conformant() {
    let batches = vec![ids(0..4), ids(4..11)];
    let dataset = MemoryDataset::new(ids_schema(), batches.clone()).unwrap();
    let catalog = Catalog::new().with_dataset(name("numbers"), Arc::new(dataset));
    let suite = Suite::new().refusing(Capability::Write, ErrorKind::ReadOnly);
    let suite = suite.with_dataset(name("numbers"), batches);
    check(suite, Arc::new(ReadOnly::new(Arc::new(catalog)))).await;
}

/// Answers everything with one error.
#[derive(Debug)]
struct Refusing(ErrorKind);

impl Refusing {
    fn answer<T: Send + 'static>(&self) -> BoxFuture<'_, Result<T>> {
        async { Err(Error::new(self.0, "no")) }.boxed()
    }
}

impl DataService for Refusing {
    fn list(&self, _: CallContext, _: ListOptions) -> BoxFuture<'_, Result<EntryStream>> {
        self.answer()
    }

    fn describe(&self, _: CallContext, _: Target) -> BoxFuture<'_, Result<Description>> {
        self.answer()
    }

    fn read(&self, _: CallContext, _: Target, _: ReadOptions) -> BoxFuture<'_, Result<BatchStream>> {
        self.answer()
    }

    fn write(
        &self,
        _: CallContext,
        _: Name,
        _: BatchStream,
        _: WriteOptions,
    ) -> BoxFuture<'_, Result<Receipt>> {
        self.answer()
    }

    fn remove(&self, _ctx: CallContext, _name: Name, _options: RemoveOptions) -> BoxFuture<'_, Result<()>> {
        self.answer()
    }

    fn call(
        &self,
        _: CallContext,
        _: Name,
        _: BatchStream,
        _: CallOptions,
    ) -> BoxFuture<'_, Result<BatchStream>> {
        self.answer()
    }
}

fn refuses_all() -> Suite {
    [Capability::List, Capability::Describe, Capability::Read, Capability::Write, Capability::Call]
        .into_iter()
        .fold(Suite::new(), Suite::without)
}

#[tokio::test]
async fn a_service_without_any_verb_is_conformant_where_that_was_said() {
    let report = refuses_all().run(&Refusing(ErrorKind::Unsupported)).await;
    assert!(report.is_conformant(), "{report}");
    assert_eq!(report.passed.len(), 5, "one refusal for each verb: {report:?}");
}

#[tokio::test]
async fn a_refusal_of_another_kind_is_a_violation() {
    let report = refuses_all().run(&Refusing(ErrorKind::Internal)).await;
    assert_eq!(report.violations.len(), 5, "{report}");
    assert!(report.to_string().contains("Internal: no in the place of Unsupported"), "{report}");
}

/// Does one thing wrong, and passes everything else on.
#[derive(Debug)]
struct Wrong {
    inner: Arc<dyn DataService>,
    how: How,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum How {
    CommitsFailedWrites,
    IgnoresProjection,
    IgnoresLimit,
    ForgetsKeys,
    CollectsInputOfCalls,
    HangsOnRead,
}

impl DataService for Wrong {
    fn list(&self, ctx: CallContext, options: ListOptions) -> BoxFuture<'_, Result<EntryStream>> {
        self.inner.list(ctx, options)
    }

    fn describe(&self, ctx: CallContext, target: Target) -> BoxFuture<'_, Result<Description>> {
        self.inner.describe(ctx, target)
    }

    fn read(
        &self,
        ctx: CallContext,
        target: Target,
        mut options: ReadOptions,
    ) -> BoxFuture<'_, Result<BatchStream>> {
        match self.how {
            How::IgnoresProjection => options.projection = None,
            How::IgnoresLimit => options.limit = None,
            How::HangsOnRead => return futures::future::pending().boxed(),
            _ => {}
        }
        self.inner.read(ctx, target, options)
    }

    fn write(
        &self,
        ctx: CallContext,
        name: Name,
        batches: BatchStream,
        mut options: WriteOptions,
    ) -> BoxFuture<'_, Result<Receipt>> {
        let schema = batches.schema().clone();
        let batches = match self.how {
            How::CommitsFailedWrites => batches.map_chunks(schema, |chunks| {
                futures::StreamExt::take_while(chunks, |chunk| std::future::ready(chunk.is_ok()))
            }),
            _ => batches,
        };
        if self.how == How::ForgetsKeys {
            options.idempotency_key = None;
        }
        self.inner.write(ctx, name, batches, options)
    }

    fn remove(&self, ctx: CallContext, name: Name, options: RemoveOptions) -> BoxFuture<'_, Result<()>> {
        self.inner.remove(ctx, name, options)
    }

    fn call(
        &self,
        ctx: CallContext,
        name: Name,
        batches: BatchStream,
        options: CallOptions,
    ) -> BoxFuture<'_, Result<BatchStream>> {
        if self.how != How::CollectsInputOfCalls {
            return self.inner.call(ctx, name, batches, options);
        }
        async move {
            let schema = batches.schema().clone();
            let batches = BatchStream::from_batches(schema, batches.collect_batches().await?);
            self.inner.call(ctx, name, batches, options).await
        }
        .boxed()
    }
}

async fn wrong(how: How) -> Report {
    Suite::new().run(&Wrong { inner: catalog(), how }).await
}

async fn check_found(how: How, expected: &[&str]) {
    let found: Vec<_> = wrong(how).await.violations.iter().map(|violation| violation.check).collect();
    assert_eq!(found, expected, "{how:?}");
}

#[tokio::test(start_paused = true)]
async fn finds_what_is_against_the_contract() {
    let failed = ["a write whose input fails leaves nothing", "a write whose input fails adds nothing"];
    check_found(How::CommitsFailedWrites, &failed).await;
    let projection = [
        "a projection returns its columns in its order",
        "a column that is not there is InvalidArgument",
        "skip, limit and projection go together",
    ];
    check_found(How::IgnoresProjection, &projection).await;
    let limit = ["limit returns the first rows", "skip, limit and projection go together"];
    check_found(How::IgnoresLimit, &limit).await;
    check_found(How::ForgetsKeys, &["a repeated key is one write"]).await;
    let lazy = ["an answer begins before the input ends", "an answer that is dropped does no harm"];
    check_found(How::CollectsInputOfCalls, &lazy).await;
}

#[tokio::test(start_paused = true)]
async fn a_service_that_hangs_fails_its_checks_and_the_suite_ends() {
    let report = wrong(How::HangsOnRead).await;
    assert!(report.to_string().contains("it took longer than 10s"), "{report}");
    assert!(report.passed.contains(&"a receipt counts the rows"));
}

/// Carries `read` and `write` alone, without any of their options, as a protocol of two calls does.
#[derive(Debug)]
struct Small(Arc<dyn DataService>);

fn unsupported<'a, T: Send + 'a>() -> BoxFuture<'a, Result<T>> {
    async { Err(Error::new(ErrorKind::Unsupported, "this protocol does not carry it")) }.boxed()
}

impl DataService for Small {
    fn list(&self, _: CallContext, _: ListOptions) -> BoxFuture<'_, Result<EntryStream>> {
        unsupported()
    }

    fn describe(&self, _: CallContext, _: Target) -> BoxFuture<'_, Result<Description>> {
        unsupported()
    }

    fn read(
        &self,
        ctx: CallContext,
        target: Target,
        options: ReadOptions,
    ) -> BoxFuture<'_, Result<BatchStream>> {
        if options == ReadOptions::default() { self.0.read(ctx, target, options) } else { unsupported() }
    }

    fn write(
        &self,
        ctx: CallContext,
        name: Name,
        batches: BatchStream,
        options: WriteOptions,
    ) -> BoxFuture<'_, Result<Receipt>> {
        if options == WriteOptions::default() {
            self.0.write(ctx, name, batches, options)
        } else {
            unsupported()
        }
    }

    fn remove(&self, _: CallContext, _: Name, _: RemoveOptions) -> BoxFuture<'_, Result<()>> {
        unsupported()
    }

    fn call(
        &self,
        _: CallContext,
        _: Name,
        _: BatchStream,
        _: CallOptions,
    ) -> BoxFuture<'_, Result<BatchStream>> {
        unsupported()
    }
}

#[tokio::test]
async fn a_service_of_two_verbs_without_options_is_conformant() {
    let missing = [
        Capability::List,
        Capability::Describe,
        Capability::Call,
        Capability::Projection,
        Capability::Skip,
        Capability::Limit,
        Capability::Resume,
        Capability::WriteMode,
        Capability::IdempotencyKey,
    ];
    let suite = missing.into_iter().fold(Suite::new(), Suite::without);
    let report = suite.run(&Small(catalog())).await;
    assert!(report.is_conformant(), "{report}");
    assert!(report.passed.contains(&"`resume` is refused as announced"), "{report:?}");
    let strict = Suite::new().run(&Small(catalog())).await;
    assert!(strict.violations.len() > 10, "what was not announced is a violation: {strict}");
}
