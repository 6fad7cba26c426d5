//! How each server is started, and where its clients find it.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::Lab;
use crate::Failure;
use crate::party::{Maker, Way};
use crate::peer_process::PeerProcess;
use crate::roles::{TABLE, Work};
use crate::table::Table;

/// A running server, in a folder of its own.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) maker: Maker,
    pub(crate) way: Way,
    pub(crate) process: PeerProcess,
    /// Goes after the process that has its socket there.
    folder: TempDir,
}

impl Server {
    /// Starts what `command` makes of the folder.
    fn start(maker: Maker, way: Way, command: impl FnOnce(&Path) -> Command) -> Result<Self, Failure> {
        let folder = TempDir::new()?;
        let process = PeerProcess::start(command(folder.path()).current_dir(folder.path()))?;
        Ok(Self { maker, way, process, folder })
    }

    /// Returns the address as a client of `client` writes it.
    pub(crate) fn uri(&self, client: Maker) -> String {
        let (port, socket) = (self.process.port(), socket(self.folder.path()));
        match (client, self.way) {
            (Maker::Raw, Way::Tcp | Way::Tls) => format!("tcp://127.0.0.1:{port}"),
            (Maker::PyArrow, Way::Tcp) => format!("grpc://127.0.0.1:{port}"),
            (Maker::PyArrow, Way::Tls) => format!("grpc+tls://localhost:{port}"),
            (Maker::PyArrow, Way::Unix) => format!("grpc+unix://{}", socket.display()),
            (_, Way::Unix) => format!("unix://{}", socket.display()),
            (_, Way::Tcp) => format!("http://127.0.0.1:{port}"),
            (_, Way::Tls) => format!("https://localhost:{port}"),
        }
    }
}

impl Lab {
    /// Starts ArrowLink's server with `table` in memory.
    pub(crate) fn our_server(&self, way: Way, table: &Table) -> Result<Server, Failure> {
        self.our_server_of(way, &format!("{TABLE}={}", table.path.display()), &["--pin", TABLE])
    }

    /// Starts ArrowLink's server with `dataset`, written `NAME=URI`, and more flags.
    pub(crate) fn our_server_of(&self, way: Way, dataset: &str, flags: &[&str]) -> Result<Server, Failure> {
        Server::start(Maker::Ours, way, |folder| {
            let mut command = Command::new(&self.server);
            command.args(["--listen", "127.0.0.1:0", "--dataset", dataset]).args(flags);
            match way {
                Way::Tls => command.arg("--tls-dir").arg(self.certificates.path()),
                Way::Tcp | Way::Unix => {
                    command.args(["--insecure", "--listen", &format!("unix://{}", socket(folder).display())])
                }
            };
            command
        })
    }

    /// Starts a server with `table` in memory; over TLS ArrowLink's must have been started before, for its
    /// certificates.
    pub(super) fn server(
        &self,
        maker: Maker,
        way: Way,
        work: Work,
        table: &Table,
    ) -> Result<Server, Failure> {
        let mut command = match maker {
            Maker::Ours if work == Work::Write => {
                let mut command = Command::new(&self.bench);
                command.arg("sink-server");
                command
            }
            Maker::Ours => return self.our_server(way, table),
            Maker::PyArrow => self.script("server"),
            Maker::Stock | Maker::StockMimalloc => {
                let mut command = Command::new(self.program(maker));
                command.arg("stock-server");
                command
            }
            Maker::Raw => {
                let mut command = Command::new(&self.bench);
                command.args(["raw-server", "--bytes", &table.bytes.to_string()]);
                command
            }
        };
        if !matches!(maker, Maker::Raw | Maker::Ours) {
            command.arg("--table").arg(&table.path);
        }
        Server::start(maker, way, |folder| {
            match way {
                Way::Tls => command.arg("--certs").arg(self.certificates.path()),
                Way::Unix => command.arg("--socket").arg(socket(folder)),
                Way::Tcp => &mut command,
            };
            command
        })
    }
}

fn socket(folder: &Path) -> PathBuf {
    folder.join("socket")
}
