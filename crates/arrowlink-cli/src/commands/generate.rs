//! `arrowlink generate`: demonstration data into a file.

use std::path::Path;

use arrowlink_core::{CallContext, Dataset as _, DemoDataset, ReadOptions};

use super::transfer::transfer;
use crate::args::Generate;
use crate::failure::{Exit, Failure};
use crate::format::Format;

/// Makes up rows and writes them as `get` would.
pub(crate) async fn generate(args: Generate) -> Result<(), Failure> {
    let (path, format) = match &args.output {
        Some(path) => (path.as_path(), Format::of(args.format, path)?),
        None => (Path::new("-"), args.format.unwrap_or(Format::Json)),
    };
    let demo = DemoDataset::new(args.rows, args.seed)
        .map_err(|error| Failure::new(Exit::Usage, "`--rows` is too large").with_source(error))?;
    let batches = demo.read(CallContext::new(), ReadOptions::default()).await?;
    transfer(batches, format, path, Some(args.rows), "made up").await
}
