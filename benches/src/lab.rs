//! What a measurement has at hand: the programs, the folder of tables, and how often.

mod clients;
mod server;
mod sql;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::Failure;
use crate::arguments::Arguments;
use crate::contest::{Outcome, compete};
use crate::driver::Driver;
use crate::party::Party;
use crate::roles::Work;
use crate::table::Table;

pub(crate) use server::Server;
pub(crate) use sql::{SqlServer, Tpch, tables};

/// The programs and what they work on.
#[derive(Debug)]
pub(crate) struct Lab {
    pub(crate) data: PathBuf,
    pub(crate) quick: bool,
    pub(crate) repetitions: usize,
    /// The size of the Parquet folder; 0 leaves it out.
    pub(crate) folder_mib: u64,
    /// Of TPC-H's tables.
    scale_factor: f64,
    server: PathBuf,
    python: PathBuf,
    sql_python: PathBuf,
    bench: PathBuf,
    peer: PathBuf,
    /// Certificates, made by ArrowLink's server and used by its peer.
    certificates: TempDir,
}

impl Lab {
    /// Finds the programs.
    pub(crate) fn new(arguments: &Arguments) -> Result<Self, Failure> {
        // Servers are started in folders of their own.
        let found = |path: &Path| {
            fs::canonicalize(path)
                .map_err(|error| format!("`{}`: {error}: `cargo xtask bench` makes it", path.display()))
        };
        let bench = env::current_exe()?;
        fs::create_dir_all(&arguments.data)?;
        Ok(Self {
            data: fs::canonicalize(&arguments.data)?,
            quick: arguments.quick,
            repetitions: arguments.repetitions.unwrap_or(if arguments.quick { 2 } else { 5 }),
            folder_mib: arguments.folder_mib.unwrap_or(if arguments.quick { 256 } else { 4096 }),
            scale_factor: arguments.scale_factor.unwrap_or(if arguments.quick { 0.1 } else { 1.0 }),
            server: found(&arguments.server)?,
            // The path itself: what a link of an environment leads to is no longer in it.
            python: std::path::absolute(&arguments.python)?,
            sql_python: std::path::absolute(&arguments.sql_python)?,
            peer: found(&bench.with_file_name("arrowlink-peer"))?,
            bench,
            certificates: TempDir::new()?,
        })
    }

    /// Starts the servers and clients of `parties`, which do `work` with `table` in turns.
    ///
    /// Parties with the same server share the process.
    pub(crate) fn contest(&self, parties: &[Party], work: Work, table: &Table) -> Vec<Outcome> {
        let mut servers: Vec<Server> = Vec::new();
        let mut contenders = Vec::new();
        for party in parties {
            contenders.push((*party, self.contender(*party, work, table, &mut servers)));
        }
        compete(contenders, self.repetitions)
    }

    /// Returns the certificate of the CA that signed those of all servers.
    pub(crate) fn ca_file(&self) -> PathBuf {
        self.certificates.path().join("ca.crt")
    }

    /// Prepares a script of `python/bench/`.
    pub(crate) fn script(&self, name: &str) -> Command {
        script(&self.python, name)
    }

    fn contender(
        &self,
        party: Party,
        work: Work,
        table: &Table,
        servers: &mut Vec<Server>,
    ) -> Result<Driver, Failure> {
        let known = servers.iter().position(|server| (server.maker, server.way) == (party.server, party.way));
        let idx = match known {
            Some(idx) => idx,
            None => {
                servers.push(self.server(party.server, party.way, work, table)?);
                servers.len() - 1
            }
        };
        Driver::start(&mut self.client(party.client, work, &servers[idx], table))
    }
}

fn script(python: &Path, name: &str) -> Command {
    let mut command = Command::new(python);
    command.args(["-m", &format!("bench.{name}")]);
    command.env("PYTHONPATH", concat!(env!("CARGO_MANIFEST_DIR"), "/../python"));
    command
}
