//! The tables of TPC-H, and how each SQL server and client over them is started.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::{Lab, script};
use crate::Failure;
use crate::asker::{Asker, Engine, Means};
use crate::driver::Driver;
use crate::peer_process::PeerProcess;
use crate::turn::words;

/// The tables as Parquet files, one for each, and the benchmark's queries.
#[derive(Debug)]
pub(crate) struct Tpch {
    pub(crate) scale_factor: f64,
    pub(crate) queries: Vec<String>,
    folder: PathBuf,
}

/// A running SQL server, in a folder of its own.
#[derive(Debug)]
pub(crate) struct SqlServer {
    pub(crate) process: PeerProcess,
    /// What it writes goes with it.
    _folder: TempDir,
}

impl Lab {
    /// Returns the tables, made where they are not there yet.
    pub(crate) fn tpch(&self) -> Result<Tpch, Failure> {
        let scale_factor = self.scale_factor;
        let folder = self.data.join(format!("tpch-sf{scale_factor}"));
        let queries = folder.join("queries.json");
        if !queries.exists() {
            println!("making {} once", folder.display());
            let mut command = script(&self.sql_python, "tpch");
            command.args(["--scale-factor", &scale_factor.to_string()]).arg("--folder").arg(&folder);
            let status = command.status().map_err(|error| self.no_sql_python(&error))?;
            if !status.success() {
                return Err("DuckDB and its extension `tpch`, which make the tables, do not work".into());
            }
        }
        Ok(Tpch { scale_factor, queries: serde_json::from_reader(File::open(queries)?)?, folder })
    }

    /// Starts the server of `engine` with the tables as files: none of them loads them.
    pub(crate) fn sql_server(&self, engine: Engine, tpch: &Tpch) -> Result<SqlServer, Failure> {
        let folder = TempDir::new()?;
        let mut command = match engine {
            Engine::Ours => self.our_sql_server(tpch)?,
            Engine::Stock => with_tables(&self.peer, "stock-sql-server", tpch),
            Engine::Sail | Engine::Roapi => {
                let mut command = script(&self.sql_python, "sql_server");
                command.arg(engine.to_string().to_lowercase()).arg("--tables").arg(&tpch.folder);
                command
            }
            Engine::DataFusion | Engine::DuckDb => return Err(format!("{engine} is no server").into()),
        };
        let process = PeerProcess::start(command.current_dir(folder.path()))?;
        Ok(SqlServer { process, _folder: folder })
    }

    /// Starts the client that `asker` is; one whose engine is in process needs no server.
    pub(crate) fn asker(
        &self,
        asker: Asker,
        server: Option<&SqlServer>,
        tpch: &Tpch,
    ) -> Result<Driver, Failure> {
        let port = || server.map(|server| server.process.port()).ok_or("its server is not there");
        let mut command = match asker.means {
            // With the allocator of ArrowLink's server, so that what is between the two is the protocol alone.
            Means::InProcess if asker.engine == Engine::DataFusion => {
                with_tables(&self.bench, "datafusion", tpch)
            }
            Means::InProcess => {
                let mut command = script(&self.sql_python, "sql_client");
                command.arg("--tables").arg(&tpch.folder).args(["--statement", IN_DUCKDB]);
                command
            }
            Means::Adbc => self.adbc_client(asker.engine, port()?, tpch),
            Means::Own => {
                let ours = asker.engine == Engine::Ours;
                let (program, role) =
                    if ours { (&self.bench, "sql-client") } else { (&self.peer, "stock-sql-client") };
                asked_at(program, role, port()?)
            }
        };
        Driver::start(&mut command)
    }

    /// Starts `count` of ArrowLink's clients in one process, each of which asks `each` queries in a turn.
    pub(crate) fn crowd(&self, server: &SqlServer, count: usize, each: usize) -> Result<Driver, Failure> {
        let mut command = asked_at(&self.bench, "sql-clients", server.process.port());
        Driver::start(command.args(["--count", &count.to_string(), "--each", &each.to_string()]))
    }

    fn our_sql_server(&self, tpch: &Tpch) -> Result<Command, Failure> {
        let mut command = Command::new(&self.server);
        command.args(["--listen", "127.0.0.1:0", "--insecure"]);
        for (name, file) in tables(&tpch.folder)? {
            command.args(["--dataset", &format!("{name}={}", file.display())]);
        }
        Ok(command)
    }

    fn adbc_client(&self, engine: Engine, port: u16, tpch: &Tpch) -> Command {
        let mut command = script(&self.sql_python, "sql_client");
        command.args(["--uri", &format!("grpc://127.0.0.1:{port}")]);
        if engine == Engine::Sail {
            command.arg("--tables").arg(&tpch.folder).args(["--statement", IN_SAIL]);
        }
        command
    }

    fn no_sql_python(&self, error: &std::io::Error) -> String {
        let python = self.sql_python.display();
        format!("`{python}`: {}: `cargo xtask bench` makes it", words(error))
    }
}

/// Returns the names and paths of the Parquet files in `folder`, in alphabetical order.
pub(crate) fn tables(folder: &Path) -> Result<Vec<(String, PathBuf)>, Failure> {
    let mut tables = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "parquet") {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            tables.push((name, path));
        }
    }
    tables.sort();
    Ok(tables)
}

fn with_tables(program: &Path, role: &str, tpch: &Tpch) -> Command {
    let mut command = Command::new(program);
    command.arg(role).arg("--tables").arg(&tpch.folder);
    command
}

fn asked_at(program: &Path, role: &str, port: u16) -> Command {
    let mut command = Command::new(program);
    command.args([role, "--uri", &format!("http://127.0.0.1:{port}")]);
    command
}

/// How a file becomes a table.
const IN_DUCKDB: &str = "create view {name} as select * from read_parquet('{file}')";
const IN_SAIL: &str = "create external table {name} using parquet location '{file}'";
