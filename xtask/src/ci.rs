//! `cargo xtask ci`: what CI runs, in the same order. Every step runs even where one before it failed.

use std::time::{Duration, Instant};

use crate::arguments::Arguments;
use crate::error::{Error, Result};
use crate::generate::{self, Mode};
use crate::project::{Profile, Project};
use crate::python::Python;
use crate::{certs, clients, console, examples, process, sanitize, substrait, test, tidy};

pub(crate) const SUMMARY: &str = "runs what CI runs, in the same order";
pub(crate) const OPTIONS: &str =
    "  --skip-tests    leave the tests out, where `cargo xtask test` has just run them";

pub(crate) fn run(project: &Project, mut arguments: Arguments) -> Result<()> {
    let skip_tests = arguments.flag("--skip-tests");
    arguments.finish()?;
    let steps = STEPS.iter().filter(|step| !(skip_tests && step.is_test));
    let results: Vec<Outcome> = steps.map(|step| step.run(project)).collect();
    console::headline("ci: summary");
    for outcome in &results {
        console::say(&outcome.line());
    }
    if skip_tests {
        console::say("the tests were left out: `--skip-tests`");
    }
    let failed: Vec<&str> = results.iter().filter(|it| it.error.is_some()).map(|it| it.name).collect();
    if failed.is_empty() {
        return Ok(());
    }
    Err(Error::new(format!("ci: {} of {} steps failed: {}", failed.len(), results.len(), failed.join(", "))))
}

/// One step of CI.
struct Step {
    name: &'static str,
    is_test: bool,
    run: fn(&Project) -> Result<()>,
}

impl Step {
    const fn new(name: &'static str, run: fn(&Project) -> Result<()>) -> Self {
        Self { name, is_test: false, run }
    }

    const fn test(name: &'static str, run: fn(&Project) -> Result<()>) -> Self {
        Self { name, is_test: true, run }
    }

    fn run(&self, project: &Project) -> Outcome {
        console::headline(&format!("ci: {}", self.name));
        let start = Instant::now();
        let error = (self.run)(project).err();
        let outcome = Outcome { name: self.name, took: start.elapsed(), error };
        console::say(&outcome.line());
        outcome
    }
}

/// How a step went.
struct Outcome {
    name: &'static str,
    took: Duration,
    error: Option<Error>,
}

impl Outcome {
    fn line(&self) -> String {
        let seconds = self.took.as_secs_f64();
        match &self.error {
            None => format!("ok      {seconds:7.1} s  {}", self.name),
            Some(error) => format!("FAILED  {seconds:7.1} s  {}: {error}", self.name),
        }
    }
}

fn format(project: &Project) -> Result<()> {
    process::run(&mut project.cargo("fmt --all --check"))
}

fn check_generated(project: &Project) -> Result<()> {
    generate::generate(project, Mode::Check)
}

/// Makes certificates in a folder of their own and checks them.
fn check_certificates(project: &Project) -> Result<()> {
    let folder = project.scratch("certs")?;
    process::run(&mut project.cargo(certs::BUILD))?;
    process::run(certs::command(project, Profile::Debug).arg("--dir").arg(&folder))?;
    process::run(certs::command(project, Profile::Debug).arg("--check").arg("--dir").arg(&folder))
}

fn clippy(project: &Project) -> Result<()> {
    process::run(&mut project.cargo("clippy --workspace --all-targets -- -D warnings"))
}

/// Checks what `clippy` leaves out: the server without DataFusion and with PostgreSQL, and the fuzz targets, which are a
/// workspace of their own.
fn left_out(project: &Project) -> Result<()> {
    process::run(&mut project.cargo("clippy -p arrowlink-server --no-default-features -- -D warnings"))?;
    let postgres = "clippy -p arrowlink-server --features postgres --all-targets -- -D warnings";
    process::run(&mut project.cargo(postgres))?;
    let mut fuzz = project.cargo("check --locked --manifest-path fuzz/Cargo.toml --target-dir");
    process::run(fuzz.arg(project.target("fuzz")))
}

fn rustdoc(project: &Project) -> Result<()> {
    process::run(project.cargo("doc --workspace --no-deps").env("RUSTDOCFLAGS", "-D warnings"))
}

/// Checks bans, licences and sources by `deny.toml`, with a cargo-deny of a known version.
fn deny(project: &Project) -> Result<()> {
    let root = project.target("tools").join(CARGO_DENY);
    let program = root.join("bin/cargo-deny");
    if !program.exists() {
        console::say(&format!("cargo-deny {CARGO_DENY} is built, once; about a minute"));
        let mut install = project.cargo("install --quiet --locked --debug --version");
        install.args([CARGO_DENY, "--root"]).arg(&root).arg("cargo-deny");
        process::run(install.env("CARGO_PROFILE_DEV_DEBUG", "0"))?;
    }
    let mut check = project.command(program);
    process::run(check.args(["--locked", "check", "-D", "warnings", "bans", "licenses", "sources"]))
}

fn ruff(project: &Project) -> Result<()> {
    let python = Python::ready(project)?;
    process::run(&mut python.command("-m ruff check python"))?;
    process::run(&mut python.command("-m ruff format --check python"))
}

fn pyright(project: &Project) -> Result<()> {
    process::run(&mut Python::ready(project)?.command("-m pyright --warnings"))
}

const STEPS: [Step; 16] = [
    Step::new("fmt", format),
    Step::new("tidy", tidy::check),
    Step::new("gen --check", check_generated),
    Step::new("certs --check", check_certificates),
    Step::new("clippy", clippy),
    Step::new("server without query and with postgres, fuzz targets", left_out),
    Step::new("rustdoc", rustdoc),
    Step::test("Rust tests and doctests", test::rust),
    Step::new("Substrait", substrait::try_it),
    Step::new("sanitize", sanitize::sanitize),
    Step::new("examples", examples::run),
    Step::new("clients in Go, Java and Rust", clients::try_all),
    Step::new("deny", deny),
    Step::new("ruff", ruff),
    Step::new("pyright", pyright),
    Step::test("pytest", test::python),
];
const CARGO_DENY: &str = "0.20.2";
