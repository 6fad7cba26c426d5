//! A way to a server that breaks off where a test says.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Passes bytes on to a server, and counts the connections.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    shared: Arc<Shared>,
    _tasks: JoinSet<()>,
}

#[derive(Default)]
struct Shared {
    connections: AtomicUsize,
    /// After how many bytes of the server a connection is cut, each counted from the cut before.
    cuts: Mutex<VecDeque<usize>>,
}

impl Proxy {
    /// Passes on to the server at `port` of this machine.
    pub(crate) async fn start(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = listener.local_addr().unwrap().port();
        let shared = Arc::<Shared>::default();
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, port, Arc::clone(&shared)));
        Self { port: own, shared, _tasks: tasks }
    }

    pub(crate) fn uri(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    /// Cuts the connection over which the server's byte `cut` comes, for each of `cuts`.
    pub(crate) fn cut(&self, cuts: impl IntoIterator<Item = usize>) {
        self.shared.cuts.lock().unwrap().extend(cuts);
    }

    /// Returns how many cuts are still to come, and leaves them out.
    pub(crate) fn take_cuts(&self) -> usize {
        std::mem::take(&mut *self.shared.cuts.lock().unwrap()).len()
    }

    /// Returns how many connections there were.
    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }
}

async fn accept(listener: TcpListener, port: u16, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        shared.connections.fetch_add(1, Ordering::Relaxed);
        connections.spawn(pass(client, port, Arc::clone(&shared)));
    }
}

/// Ends when either side does, or at a cut; both are closed then.
async fn pass(client: TcpStream, port: u16, shared: Arc<Shared>) {
    let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await else { return };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let up = async {
        tokio::io::copy(&mut from_client, &mut to_server).await.ok();
    };
    let down = async {
        let mut bytes = vec![0; 4096];
        while let Ok(count @ 1..) = from_server.read(&mut bytes).await {
            let (passed, is_cut) = shared.passed(count);
            if to_client.write_all(&bytes[..passed]).await.is_err() || is_cut {
                return;
            }
        }
    };
    tokio::select! { () = up => {}, () = down => {} }
}

impl Shared {
    /// How many of `count` bytes are passed on, and whether the connection is cut then.
    fn passed(&self, count: usize) -> (usize, bool) {
        let mut cuts = self.cuts.lock().unwrap();
        match cuts.front_mut() {
            Some(left) if *left <= count => (cuts.pop_front().unwrap(), true),
            Some(left) => {
                *left -= count;
                (count, false)
            }
            None => (count, false),
        }
    }
}
