//! Text for people, and for pipes, on standard output or in a file.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::transfer::blocking;
use crate::failure::{Exit, Failure};
use crate::output::{Output, Written};

/// Prints `text`.
pub(super) async fn print(text: String) -> Result<(), Failure> {
    write(text, Path::new("-")).await.map(drop)
}

/// Writes `text` to `path`, where `-` is standard output.
pub(super) async fn write(text: String, path: &Path) -> Result<Written, Failure> {
    let path = PathBuf::from(path);
    blocking(move || {
        let mut output = Output::create(&path)?;
        output.write_all(text.as_bytes()).map_err(|error| {
            Failure::new(Exit::CannotCreate, format!("cannot write {}", output.label())).with_source(error)
        })?;
        output.finish()
    })
    .await
}
