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

/// Gives a few rows and then nothing, for ever; takes rows for ever. Says when it was called.
#[derive(Debug)]
struct Endless {
    called: Mutex<mpsc::Sender<()>>,
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

    fn read(&self, _ctx: CallContext, _options: ReadOptions) -> BoxFuture<'_, Result<BatchStream>> {
        self.say();
        let chunks = stream::iter([Ok(Chunk::new(trips()))]).chain(stream::pending());
        ready(Ok(BatchStream::new(trips().schema(), chunks))).boxed()
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
