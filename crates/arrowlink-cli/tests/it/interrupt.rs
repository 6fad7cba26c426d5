//! Ctrl-C and other signals in the middle of a transfer.

use std::fs;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};

use arrowlink_core::{
    BatchStream, CallContext, Catalog, Chunk, Dataset, Description, Error, ErrorKind, NounKind, ReadOptions,
    Receipt, Result, WriteOptions,
};
use futures::future::{BoxFuture, ready};
use futures::{FutureExt as _, StreamExt as _, stream};

use arrowlink_testkit::name;

use crate::support::{Ran, Server, trips};

/// Gives a few rows and then nothing, for ever; takes rows for ever. Says when it was called, and when a read ended.
#[derive(Debug)]
struct Endless {
    called: Mutex<mpsc::Sender<()>>,
}

struct SaidWhenDropped(mpsc::Sender<()>);

impl Drop for SaidWhenDropped {
    fn drop(&mut self) {
        // A test that does not wait for the end has gone.
        self.0.send(()).ok();
    }
}

impl Endless {
    fn new() -> (Arc<Self>, mpsc::Receiver<()>) {
        let (called, was_called) = mpsc::channel();
        (Arc::new(Self { called: Mutex::new(called) }), was_called)
    }

    fn say(&self) {
        self.called.lock().unwrap().send(()).unwrap();
    }
}

impl Dataset for Endless {
    fn describe(&self, _ctx: CallContext) -> BoxFuture<'_, Result<Description>> {
        ready(Ok(Description::new(NounKind::Dataset, trips().schema()))).boxed()
    }

    fn read(&self, _ctx: CallContext, options: ReadOptions) -> BoxFuture<'_, Result<BatchStream>> {
        self.say();
        let said_when_dropped = SaidWhenDropped(self.called.lock().unwrap().clone());
        let chunks = stream::iter([Ok(Chunk::new(trips()))]).chain(stream::pending());
        let chunks = chunks.inspect(move |_| {
            let _kept = &said_when_dropped;
        });
        ready(options.apply(BatchStream::new(trips().schema(), chunks))).boxed()
    }

    fn write(
        &self,
        _ctx: CallContext,
        batches: BatchStream,
        _options: WriteOptions,
    ) -> BoxFuture<'_, Result<Receipt>> {
        self.say();
        async move {
            let _kept = batches;
            std::future::pending::<()>().await;
            Err(Error::new(ErrorKind::Internal, "nothing ends for ever"))
        }
        .boxed()
    }
}

/// Interrupts the program as soon as the server was called, and asserts that it ends as it must.
fn check(signal: &str, args: &[&str], code: i32, text: &str) {
    let (endless, was_called) = Endless::new();
    let server = Server::serving(Arc::new(Catalog::new().with_dataset(name("endless"), endless)));
    fs::write(server.path("there.csv"), "id\n1\n").unwrap();
    let program = server.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    was_called.recv().unwrap();
    let killed = Command::new("kill").args([signal, &program.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let ran = Ran::of(program.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(code), text));
    assert_eq!(server.files(), ["there.csv"]);
    assert_eq!(fs::read_to_string(server.path("there.csv")).unwrap(), "id\n1\n");
}

#[test]
fn interrupted_read_is_130_and_keeps_the_file_that_was_there() {
    check("-INT", &["get", "endless", "-o", "there.csv"], 130, "error: interrupted\n");
}

#[test]
fn interrupted_write_is_130() {
    check("-INT", &["put", "endless", "there.csv"], 130, "error: interrupted\n");
}

#[test]
fn terminated_read_is_143_and_keeps_the_file_that_was_there() {
    check("-TERM", &["get", "endless", "-o", "there.csv"], 143, "error: terminated\n");
}

#[test]
fn interrupted_query_is_130_and_ends_on_the_server() {
    for statement in ["select * from endless", "select sum(id) from endless"] {
        let (endless, was_called) = Endless::new();
        let catalog = Catalog::new().with_dataset(name("endless"), endless);
        let server = Server::answering_sql(Arc::new(catalog));
        let mut command = server.command(&["query", statement, "-f", "table"]);
        let program = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        was_called.recv().unwrap();
        let killed = Command::new("kill").args(["-INT", &program.id().to_string()]).status().unwrap();
        assert!(killed.success());
        let ran = Ran::of(program.wait_with_output().unwrap());
        assert_eq!(
            (ran.code, ran.stderr.as_str(), ran.stdout.as_str()),
            (Some(130), "error: interrupted\n", "")
        );
        was_called.recv().expect("the read behind the query ends with it");
    }
}
