//! `cargo xtask clients`: clients that others wrote, each from its own registry and unchanged, against a running server.
//!
//! Go's and Java's are tried where their toolchains are, and it is said where they are not. Python's are among the
//! Python tests.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::arguments::Arguments;
use crate::error::{Error, Result};
use crate::project::{Profile, Project};
use crate::python::Python;
use crate::server::Server;
use crate::{certs, console, process};

pub(crate) const SUMMARY: &str =
    "tries Flight and Flight SQL clients in Go, Java and Rust against the server";

pub(crate) fn run(project: &Project, arguments: Arguments) -> Result<()> {
    arguments.finish()?;
    try_all(project)
}

/// Tries each client for which there is a toolchain, all of them even where one fails.
pub(crate) fn try_all(project: &Project) -> Result<()> {
    process::run(&mut project.cargo(&format!("{} --bin arrowlink-server --bin arrowlink", certs::BUILD)))?;
    let python = Python::ready(project)?;
    let folder = project.scratch("clients")?;
    make_trips(project, &folder)?;
    let results = [
        with_server(project, &python, &folder.join("go"), Tls::Yes, go),
        with_server(project, &python, &folder.join("java"), Tls::Yes, java),
        with_server(project, &python, &folder.join("rust"), Tls::No, rust),
    ];
    let failures: Vec<String> =
        results.iter().filter_map(|it| it.as_ref().err()).map(Error::to_string).collect();
    if failures.is_empty() { Ok(()) } else { Err(Error::new(failures.join("\n"))) }
}

/// Writes the dataset `trips`: two files of 50,000 rows each.
fn make_trips(project: &Project, folder: &Path) -> Result<()> {
    let trips = folder.join("trips");
    std::fs::create_dir_all(&trips).map_err(|error| Error::file("create", &trips, error))?;
    for seed in ["1", "2"] {
        let mut generate = project.command(project.built(Profile::Debug, "arrowlink"));
        generate.args(["generate", "--rows", "50000", "--seed", seed, "-o"]);
        process::run(generate.arg(trips.join(format!("{seed}.parquet"))))?;
    }
    Ok(())
}

/// Whether the server speaks TLS; the client of arrow-rs takes no certificate authority of one's own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tls {
    Yes,
    No,
}

/// Runs `client` against a server of its own, with nothing in it but `trips`.
fn with_server(
    project: &Project,
    python: &Python,
    folder: &Path,
    tls: Tls,
    client: fn(&Project, &Served) -> Result<()>,
) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|error| Error::file("create", folder, error))?;
    let certs = folder.join("certs");
    let trips = folder.with_file_name("trips");
    let mut command = project.command(project.built(Profile::Debug, "arrowlink-server"));
    command.args(["--listen", "127.0.0.1:0", "--dataset", &format!("trips={}", trips.display())]);
    command.arg("--data-dir").arg(folder.join("data")).arg("--tls-dir").arg(&certs);
    if tls == Tls::No {
        command.arg("--insecure");
    }
    let server = Server::start(&mut command, &folder.join("server.log"))?;
    let served =
        Served { port: server.address().port(), ca: certs.join("ca.crt"), folder: folder.to_owned() };
    let result = client(project, &served);
    let stopped = server.stop(python);
    result.and(stopped)
}

/// Where the server is.
struct Served {
    port: u16,
    ca: PathBuf,
    folder: PathBuf,
}

impl Served {
    /// Says to a client in its environment where the server is.
    fn tell<'a>(&self, client: &'a mut Command) -> &'a mut Command {
        client.env("ARROWLINK_GRPC", format!("localhost:{}", self.port)).env("ARROWLINK_CA_CERT", &self.ca)
    }
}

/// arrow-go's clients of Flight and Flight SQL.
fn go(project: &Project, served: &Served) -> Result<()> {
    console::headline("clients: Go");
    if !is_installed(project, "go", "version") {
        console::say("left out: there is no Go toolchain; install `go` 1.25 or later and run this again");
        return Ok(());
    }
    let mut test = project.command("go");
    test.args(["test", "-count=1", "./..."]).current_dir(project.path("clients/go"));
    process::run(served.tell(&mut test))
}

/// Arrow's JDBC driver, as a schema browser uses it.
fn java(project: &Project, served: &Served) -> Result<()> {
    console::headline("clients: Java");
    if !is_installed(project, "java", "-version") || !is_installed(project, "mvn", "--version") {
        console::say(
            "left out: there is no Java toolchain; install a JDK from 17 and `mvn`, and run this again",
        );
        return Ok(());
    }
    let jars = project.target("tools").join(JDBC_DRIVER.replace(':', "-"));
    if !jars.is_dir() {
        let mut copy = project.command("mvn");
        copy.args(["--batch-mode", "--quiet", "dependency:copy"]);
        copy.arg(format!("-Dartifact={JDBC_DRIVER}")).arg(format!("-DoutputDirectory={}", jars.display()));
        process::run(&mut copy)?;
    }
    let mut java = project.command("java");
    java.args(["--add-opens=java.base/java.nio=ALL-UNNAMED", "-cp"]).arg(jars.join("*"));
    process::run(served.tell(java.arg(project.path("clients/java/FlightSqlJdbc.java"))))
}

/// The command line client of arrow-rs, of the version that the workspace has.
fn rust(project: &Project, served: &Served) -> Result<()> {
    console::headline("clients: flight_sql_client of arrow-rs");
    let root = project.target("tools").join(format!("arrow-flight-{ARROW_FLIGHT}"));
    let program = root.join("bin/flight_sql_client");
    if !program.exists() {
        console::say("flight_sql_client is built, once; about three minutes");
        let mut install =
            project.cargo("install --quiet --locked --debug --features cli,flight-sql,tls-ring");
        install.args(["--version", ARROW_FLIGHT, "--root"]).arg(&root).arg("arrow-flight");
        process::run(install.env("CARGO_PROFILE_DEV_DEBUG", "0"))?;
    }
    for (question, answer) in QUESTIONS {
        let mut ask = project.command(&program);
        ask.args(["--host", "localhost", "--port", &served.port.to_string()]).args(*question);
        console::say(&format!("$ {}", process::line(&ask)));
        let said = process::output(&mut ask)?;
        if !said.contains(answer) {
            let log = served.folder.join("server.log");
            let text = format!(
                "flight_sql_client did not say `{answer}` but:\n{said}\nthe log is {}",
                log.display()
            );
            return Err(Error::new(text));
        }
    }
    Ok(())
}

fn is_installed(project: &Project, program: &str, argument: &str) -> bool {
    let mut command = project.command(program);
    command.arg(argument).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// What is asked of the server, and a part of the answer.
const QUESTIONS: &[(&[&str], &str)] = &[
    (&["statement-query", "select count(*) as n from trips"], "100000"),
    (&["prepared-statement-query", "select $1 + 1 as n", "-p", "$1=41"], "42"),
    (&["catalogs"], "arrowlink"),
    (&["db-schemas", "arrowlink"], "public"),
    (&["tables", "arrowlink"], "trips"),
    (&["table-types"], "TABLE"),
];
const JDBC_DRIVER: &str = "org.apache.arrow:flight-sql-jdbc-driver:18.3.0";
const ARROW_FLIGHT: &str = "59.3.2";
