//! `cargo xtask demo`: on a fresh clone, from nothing to a table that went from Python to Rust and back.
//!
//! Builds the server, makes the Python environment and the certificates, starts the server on a free port, reads
//! the one-row table, sends a real file, reads it back, draws it, says the throughput and stops the server.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use crate::arguments::Arguments;
use crate::error::{Error, Result};
use crate::generate::{self, Mode};
use crate::project::{Profile, Project};
use crate::python::Python;
use crate::server::Server;
use crate::{certs, console, process};

pub(crate) const SUMMARY: &str =
    "shows the whole path: server, certificates, Python client, a real file, a plot";
pub(crate) const OPTIONS: &str = "  --port N     the port to serve on (default: a free one)
  --release    build in release mode: a longer build, the real throughput";

pub(crate) fn run(project: &Project, mut arguments: Arguments) -> Result<()> {
    let port = port(arguments.value("--port")?.as_deref())?;
    let profile = if arguments.flag("--release") { Profile::Release } else { Profile::Debug };
    arguments.finish()?;
    build(project, profile)?;
    let python = Python::ready(project)?;
    generate::generate(project, Mode::Write)?;
    console::headline("demo: development certificates");
    process::run(&mut certs::command(project, profile))?;
    let scratch = project.scratch("demo")?;
    console::headline("demo: starting the server");
    let mut command = project.command(project.built(profile, "arrowlink-server"));
    command.args(["--listen", &format!("127.0.0.1:{port}"), "--dataset", GENERATED]);
    let server = Server::start(&mut command, &scratch.join("server.log"))?;
    let client = Client { python, address: server.address().to_string() };
    let result = client.show(&scratch);
    if result.is_ok() && profile == Profile::Debug {
        console::say("a debug build: `cargo xtask demo --release` shows what it can do");
    }
    console::headline("demo: stopping the server");
    let stopped = server.stop(&client.python);
    result.and(stopped)?;
    console::say("demo: done");
    Ok(())
}

/// Builds the server and the program that makes certificates.
fn build(project: &Project, profile: Profile) -> Result<()> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let minutes = core_minutes(profile).div_ceil(cores);
    console::headline(&format!(
        "demo: building arrowlink-server; the first build compiles DataFusion too, about {minutes} minutes on this \
         machine's {cores} cores, later ones take seconds"
    ));
    process::run(&mut project.cargo(&format!("{} --bin arrowlink-server {}", certs::BUILD, profile.flag())))
}

/// Returns what a whole build of the server costs, as minutes of one core.
const fn core_minutes(profile: Profile) -> usize {
    match profile {
        Profile::Debug => 6,
        Profile::Release => 20,
    }
}

/// The client's side of the demo: `python/main.py`, as a person would run it.
struct Client {
    python: Python,
    address: String,
}

impl Client {
    fn show(&self, scratch: &Path) -> Result<()> {
        self.read_one_row()?;
        self.send_and_read_back(&scratch.join("weather.png"))?;
        console::headline("demo: reading a million rows that the server generates");
        process::run(self.main().args(["--name", "generated", "--pandas", "--benchmark"]))
    }

    fn read_one_row(&self) -> Result<()> {
        console::headline("demo: reading the default dataset");
        let mut read = self.main();
        console::say(&format!("$ {}", process::line(&read)));
        let table = process::output(&mut read)?;
        console::say(table.trim_end());
        if table != ONE_ROW {
            return Err(Error::new(format!("expected this table instead:\n{ONE_ROW}")));
        }
        Ok(())
    }

    fn send_and_read_back(&self, plot: &Path) -> Result<()> {
        console::headline("demo: sending a real file and reading it back");
        let file = self.real_file()?;
        process::run(self.main().args(["--name", "weather", "--send"]).arg(file))?;
        process::run(self.main().args(["--name", "weather", "--pandas", "--benchmark", "--plot"]).arg(plot))?;
        match fs::metadata(plot) {
            Ok(metadata) if metadata.len() > 0 => console::say(&format!("plot: {}", plot.display())),
            _ => return Err(Error::new(format!("no plot was drawn at `{}`", plot.display()))),
        }
        Ok(())
    }

    fn main(&self) -> Command {
        let mut command = self.python.command("python/main.py --ca certs/ca.crt");
        command.args(["--address", &self.address]);
        command
    }

    /// Returns the path of a table that a Python package brings along.
    fn real_file(&self) -> Result<PathBuf> {
        let mut ask = self.python.command("-c");
        let path =
            process::output(ask.arg("import vega_datasets as v; print(v.data.seattle_weather.filepath)"))?;
        Ok(PathBuf::from(path.trim_end()))
    }
}

/// Reads the value of `--port`; without one the system picks a free port.
fn port(text: Option<&str>) -> Result<u16> {
    let Some(text) = text else { return Ok(0) };
    text.parse().map_err(|_| Error::new(format!("`{text}` is not a port: use a number from 0 to 65535")))
}

/// A dataset of the demo schema: big enough for its throughput to mean something.
const GENERATED: &str = "generated=demo://?rows=1000000&seed=1";
/// What `python/main.py` prints for the dataset that a server has out of the box.
const ONE_ROW: &str = "pyarrow.Table
id: int64 not null
value: double not null
----
id: [[1]]
value: [[3.14]]
";
