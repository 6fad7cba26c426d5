//! `cargo xtask gen`: the Rust bindings and Python stubs of the `.proto` files, written or compared.
//!
//! Everything is generated into a scratch folder first; then each file is compared with the committed one, so that
//! checking and writing are the same work. No `protoc` is needed: the Rust side uses protox, in the crate
//! `xtask-codegen`, the Python side the compiler that grpcio-tools carries.

use std::fs;
use std::path::{Path, PathBuf};

use crate::arguments::Arguments;
use crate::error::{Error, Result};
use crate::project::Project;
use crate::python::Python;
use crate::{console, process};

pub(crate) const SUMMARY: &str = "writes the Rust bindings and Python stubs of proto/, without protoc";
pub(crate) const OPTIONS: &str = "  --check    change nothing; fail where a committed file is stale";

pub(crate) fn run(project: &Project, mut arguments: Arguments) -> Result<()> {
    let mode = if arguments.flag("--check") { Mode::Check } else { Mode::Write };
    arguments.finish()?;
    generate(project, mode)
}

/// What happens to a committed file that differs from the generated one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// It is replaced.
    Write,
    /// It is named in an error.
    Check,
}

/// Generates everything, then writes or checks it.
pub(crate) fn generate(project: &Project, mode: Mode) -> Result<()> {
    console::headline("gen: bindings of `proto/`");
    let scratch = project.scratch("gen")?;
    let mut files = rust(project, &scratch)?;
    files.extend(python(project, &scratch)?);
    let mut stale = Vec::new();
    for Generated { fresh, committed } in &files {
        let wanted = read(fresh)?;
        if fs::read(project.path(committed)).is_ok_and(|existing| existing == wanted) {
            continue;
        }
        stale.push(committed.as_str());
        if mode == Mode::Write {
            write(&project.path(committed), &wanted)?;
        }
    }
    report(mode, files.len(), &stale)
}

/// A file that was generated and the place, from the root, where it is committed.
struct Generated {
    fresh: PathBuf,
    committed: String,
}

fn rust(project: &Project, scratch: &Path) -> Result<Vec<Generated>> {
    let out = scratch.join("rust");
    let mut codegen = project.cargo("run --quiet --bin xtask-codegen -- proto");
    process::run(codegen.arg(&out))?;
    let mut format = project.command("rustfmt");
    process::run(
        format
            .args(["--edition", "2024", "--config-path", ".rustfmt.toml"])
            .args(["dataexchange.rs", "flight.rs"].map(|file| out.join(file))),
    )?;
    let files = ["dataexchange.bin", "dataexchange.rs", "flight.bin", "flight.rs"];
    Ok(generated(&out, &files, "crates/arrowlink-proto/src/generated"))
}

fn python(project: &Project, scratch: &Path) -> Result<Vec<Generated>> {
    let python = Python::ready(project)?;
    let out = scratch.join("python");
    fs::create_dir_all(&out).map_err(|error| Error::file("create", &out, error))?;
    let mut protoc = python.command("-m grpc_tools.protoc --proto_path=proto");
    protoc.arg(format!("--plugin={}", python.programs().join("protoc-gen-mypy_grpc").display()));
    for kind in ["python_out=", "pyi_out=", "grpc_python_out=", "mypy_grpc_out=quiet:"] {
        protoc.arg(format!("--{kind}{}", out.display()));
    }
    process::run(protoc.arg("proto/dataexchange.proto"))?;
    for file in STUBS {
        let path = out.join(file);
        let code = fs::read_to_string(&path).map_err(|error| Error::file("read", &path, error))?;
        write(&path, relative_imports(&code).as_bytes())?;
    }
    process::run(python.command("-m ruff format --quiet --config pyproject.toml").arg(&out))?;
    Ok(generated(&out, &STUBS, "python/dataexchange"))
}

fn generated(out: &Path, names: &[&str], committed: &str) -> Vec<Generated> {
    let file = |name: &&str| Generated { fresh: out.join(name), committed: format!("{committed}/{name}") };
    names.iter().map(file).collect()
}

/// Puts a header over generated Python and makes it import its siblings as a package does.
fn relative_imports(code: &str) -> String {
    format!(
        "{HEADER}{}",
        code.replace("\nimport dataexchange_pb2 as ", "\nfrom . import dataexchange_pb2 as ")
    )
}

fn report(mode: Mode, count: usize, stale: &[&str]) -> Result<()> {
    if stale.is_empty() {
        console::say(&format!("gen: {count} files are up to date"));
        return Ok(());
    }
    let list = stale.join("\n  ");
    if mode == Mode::Check {
        return Err(Error::new(format!("stale, run `cargo xtask gen` and commit:\n  {list}")));
    }
    console::say(&format!("gen: wrote\n  {list}"));
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|error| Error::file("read", path, error))
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| Error::file("create", folder, error))?;
    }
    fs::write(path, bytes).map_err(|error| Error::file("write", path, error))
}

const STUBS: [&str; 4] =
    ["dataexchange_pb2.py", "dataexchange_pb2.pyi", "dataexchange_pb2_grpc.py", "dataexchange_pb2_grpc.pyi"];
const HEADER: &str = "# Generated by `cargo xtask gen` from proto/dataexchange.proto; edit that instead.\n";
