//! How each client is started.

use std::path::Path;
use std::process::Command;

use super::{Lab, Server};
use crate::party::{Maker, Way};
use crate::roles::Work;
use crate::table::Table;

impl Lab {
    /// Prepares a client of `maker` that does `work` with `table` at `server`.
    pub(crate) fn client(&self, maker: Maker, work: Work, server: &Server, table: &Table) -> Command {
        let mut command = match maker {
            Maker::PyArrow => self.script("client"),
            Maker::Ours => self.role(maker, "client"),
            Maker::Stock | Maker::StockMimalloc => self.role(maker, "stock-client"),
            Maker::Raw => self.role(maker, "raw-client"),
        };
        command.args(["--work", work.word()]);
        self.aimed(command, maker, server, table)
    }

    /// Prepares ArrowLink's client in the role that is called `role`, such as `readers`.
    pub(crate) fn our_client(&self, role: &str, server: &Server, table: &Table) -> Command {
        self.aimed(self.role(Maker::Ours, role), Maker::Ours, server, table)
    }

    /// Returns the program that has the allocator of `maker`.
    pub(super) fn program(&self, maker: Maker) -> &Path {
        if maker == Maker::Stock { &self.peer } else { &self.bench }
    }

    fn role(&self, maker: Maker, role: &str) -> Command {
        let mut command = Command::new(self.program(maker));
        command.arg(role);
        command
    }

    /// Says where the server is and what it serves.
    fn aimed(&self, mut command: Command, maker: Maker, server: &Server, table: &Table) -> Command {
        command.args(["--uri", &server.uri(maker)]).arg("--table").arg(&table.path);
        if server.way == Way::Tls {
            command.arg("--ca").arg(self.ca_file());
        }
        command
    }
}
