//! The suite against every service of this crate, and against services that break the contract.

use std::sync::Arc;
use std::time::Duration;

use arrowlink_core::conformance::{Capability, Report, Suite};
use arrowlink_core::{
    BatchStream, CallContext, CallOptions, Catalog, DataService, Deadlines, DemoDataset, Description, Entry,
    EntryStream, Error, ErrorKind, Limited, ListOptions, MemoryDataset, MemoryStore, Name, NounKind,
    ReadOnly, ReadOptions, Receipt, RemoveOptions, Result, ServiceLimits, Target, WriteMode, WriteOptions,
    default_dataset,
};
use futures::future::{BoxFuture, FutureExt as _};
use futures::stream::{self, StreamExt as _};

use crate::support::{ids, ids_schema, name};

fn store() -> Arc<MemoryStore> {
    Arc::new(MemoryStore::new(32 << 20))
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
async fn the_catalog_is_conformant_and_nothing_but_sql_is_left_out() {
    let report = Suite::new().run(&*catalog()).await;
    assert!(report.is_conformant(), "{report}");
    let sql = Suite::new().with(Capability::Sql).run(&*catalog()).await;
    let found: Vec<_> = sql.violations.iter().map(|violation| violation.check).collect();
    assert_eq!(found, report.skipped, "a service without SQL that is said to have it");
}

#[tokio::test]
async fn the_suite_leaves_nothing_behind() {
    let store = store();
    Suite::new().without(Capability::Call).run(&*store).await;
    assert_eq!(store.used_bytes(), 0);
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
    let limits = limits.with_max_write_rows(1000).with_max_write_bytes(8 << 20);
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
    let suite = Suite::new().with_dataset(name("numbers"), batches);
    let suite = suite.refusing(Capability::Write, ErrorKind::ReadOnly);
    let suite = suite.refusing(Capability::Remove, ErrorKind::ReadOnly);
    check(suite, Arc::new(ReadOnly::new(Arc::new(catalog)))).await;
}

#[tokio::test]
async fn datasets_of_several_parts_are_conformant_where_nothing_can_be_written() {
    let batches: Vec<_> = (0..5).map(|batch| ids(batch * 100_000..(batch + 1) * 100_000)).collect();
    let numbers = MemoryDataset::pinned(ids_schema(), batches.clone()).unwrap();
    let demo = DemoDataset::new(150_000, 7).unwrap();
    let rows = demo.batches().collect::<Result<Vec<_>>>().unwrap();
    let catalog = Catalog::new()
        .with_dataset(name("numbers"), Arc::new(numbers))
        .with_dataset(name("demo"), Arc::new(demo));
    let catalog: Arc<dyn DataService> = Arc::new(catalog);
    for (dataset, batches) in [("numbers", batches), ("demo", rows)] {
        let suite = Suite::new().with_dataset(name(dataset), batches);
        check(suite.refusing(Capability::Write, ErrorKind::NotFound), Arc::clone(&catalog)).await;
    }
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
    [
        Capability::List,
        Capability::Describe,
        Capability::Read,
        Capability::Write,
        Capability::Remove,
        Capability::Call,
    ]
    .into_iter()
    .fold(Suite::new(), Suite::without)
}

#[tokio::test]
async fn a_service_without_any_verb_is_conformant_where_that_was_said() {
    let report = refuses_all().run(&Refusing(ErrorKind::Unsupported)).await;
    assert!(report.is_conformant(), "{report}");
    assert_eq!(report.passed.len(), 6, "one refusal for each verb: {report:?}");
}

#[tokio::test]
async fn a_refusal_of_another_kind_is_a_violation() {
    let report = refuses_all().run(&Refusing(ErrorKind::Internal)).await;
    assert_eq!(report.violations.len(), 6, "{report}");
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
    IgnoresPart,
    EndsPartsEarly,
    ResumesPastThePart,
    IgnoresSnapshot,
    AppendsInThePlaceOfReplacing,
    RemovesBeforeReplacing,
    RemovesNothing,
    ListsWhatWasRemoved,
}

impl DataService for Wrong {
    fn list(&self, ctx: CallContext, options: ListOptions) -> BoxFuture<'_, Result<EntryStream>> {
        if self.how != How::ListsWhatWasRemoved || options.prefix.is_empty() {
            return self.inner.list(ctx, options);
        }
        let description = Description::new(NounKind::Dataset, ids_schema());
        let entry = Name::new(&options.prefix).map(|name| Entry::new(name, Ok(description)));
        async { Ok(stream::iter([entry]).boxed()) }.boxed()
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
            How::IgnoresPart => options.part = None,
            How::EndsPartsEarly if options.part.is_some() => {
                options.limit = Some(options.limit.unwrap_or(7).min(7));
            }
            How::ResumesPastThePart if options.resume.is_some() => options.part = None,
            How::IgnoresSnapshot => options.snapshot = None,
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
            How::CommitsFailedWrites => batches
                .map_chunks(schema, |chunks| chunks.take_while(|chunk| std::future::ready(chunk.is_ok()))),
            _ => batches,
        };
        if self.how == How::ForgetsKeys {
            options.idempotency_key = None;
        }
        let replaces = options.mode == WriteMode::Replace;
        if self.how == How::AppendsInThePlaceOfReplacing && replaces {
            options.mode = WriteMode::AppendOrCreate;
        }
        async move {
            if self.how == How::RemovesBeforeReplacing && replaces {
                let _ = self.inner.remove(ctx.clone(), name.clone(), RemoveOptions::default()).await;
            }
            self.inner.write(ctx, name, batches, options).await
        }
        .boxed()
    }

    fn remove(&self, ctx: CallContext, name: Name, options: RemoveOptions) -> BoxFuture<'_, Result<()>> {
        match self.how {
            How::RemovesNothing => async { Ok(()) }.boxed(),
            _ => self.inner.remove(ctx, name, options),
        }
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
    let failed = [
        "a write whose input fails leaves nothing",
        "a write whose input fails adds nothing",
        "a replacement whose input fails keeps what was there",
    ];
    check_found(How::CommitsFailedWrites, &failed).await;
    let projection = [
        "a projection returns its columns in its order",
        "a column that is not there is InvalidArgument",
        "skip, limit and projection go together",
        "a part has its own skip, limit and projection",
    ];
    check_found(How::IgnoresProjection, &projection).await;
    let limit = [
        "limit returns the first rows",
        "skip, limit and projection go together",
        "a part has its own skip, limit and projection",
    ];
    check_found(How::IgnoresLimit, &limit).await;
    let keys = ["a repeated key is one write", "a replacement under a repeated key is one"];
    check_found(How::ForgetsKeys, &keys).await;
    let lazy = ["an answer begins before the input ends", "an answer that is dropped does no harm"];
    check_found(How::CollectsInputOfCalls, &lazy).await;
}

#[tokio::test(start_paused = true)]
async fn finds_wrong_parts() {
    let ignored = ["parts are the whole, in order", "a part that is not there is refused"];
    check_found(How::IgnoresPart, &ignored).await;
    let short = [
        "parts are the whole, in order",
        "a part has its own skip, limit and projection",
        "a read of a part goes on within it",
        "a snapshot keeps its parts or is SnapshotChanged",
    ];
    check_found(How::EndsPartsEarly, &short).await;
    check_found(How::ResumesPastThePart, &["a read of a part goes on within it"]).await;
}

#[tokio::test(start_paused = true)]
async fn finds_wrong_snapshots() {
    let ignored = [
        "a snapshot of what was removed is SnapshotChanged",
        "a snapshot keeps its parts or is SnapshotChanged",
        "a snapshot that nobody gave is refused",
        "a snapshot keeps its rows or is SnapshotChanged",
        "a snapshot of what was replaced is SnapshotChanged",
    ];
    check_found(How::IgnoresSnapshot, &ignored).await;
}

#[tokio::test(start_paused = true)]
async fn finds_wrong_replacements() {
    let appended = [
        "a replacement takes the place of rows and schema",
        "a replacement is not seen before its input ends",
        "an append that a replacement overtakes is whole or refused",
        "a replacement under a repeated key is one",
        "a snapshot of what was replaced is SnapshotChanged",
    ];
    check_found(How::AppendsInThePlaceOfReplacing, &appended).await;
    let removed = [
        "a replacement is not seen before its input ends",
        "a replacement whose input fails keeps what was there",
        "a replacement that is dropped keeps what was there",
        "a replacement under a repeated key is one",
    ];
    check_found(How::RemovesBeforeReplacing, &removed).await;
}

#[tokio::test(start_paused = true)]
async fn finds_wrong_removals() {
    let nothing = [
        "what is removed is NotFound",
        "removing what is not there is NotFound",
        "a name that was removed takes any schema",
        "a snapshot of what was removed is SnapshotChanged",
        "a function is not removed",
    ];
    check_found(How::RemovesNothing, &nothing).await;
    let listed = ["a listing keeps to its prefix", "what is removed is NotFound"];
    check_found(How::ListsWhatWasRemoved, &listed).await;
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
        Capability::Snapshot,
        Capability::Parts,
        Capability::WriteMode,
        Capability::Replace,
        Capability::IdempotencyKey,
        Capability::Remove,
    ];
    let suite = missing.into_iter().fold(Suite::new(), Suite::without);
    let report = suite.run(&Small(catalog())).await;
    assert!(report.is_conformant(), "{report}");
    assert!(report.passed.contains(&"`resume` is refused as announced"), "{report:?}");
    let strict = Suite::new().run(&Small(catalog())).await;
    assert!(strict.violations.len() > 10, "what was not announced is a violation: {strict}");
}
