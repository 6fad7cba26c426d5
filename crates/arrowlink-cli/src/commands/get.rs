//! `arrowlink get`: a dataset into a file.

use arrowlink_core::{DataService as _, ReadOptions, Target};

use super::columns::columns;
use super::connect::connect;
use super::transfer::transfer;
use crate::args::{Get, ServerArgs};
use crate::failure::Failure;
use crate::format::Format;

/// Reads the dataset into the file; wrong usage is said before a connection is made.
pub(crate) async fn get(server: &ServerArgs, args: Get) -> Result<(), Failure> {
    let format = Format::of(args.format, &args.output)?;
    let mut options = columns(ReadOptions::default(), args.columns);
    options.limit = args.limit;
    let (client, ctx) = connect(server).await?;
    let batches = client.read(ctx, Target::Name(args.name), options).await?;
    transfer(batches, format, &args.output, None, "read").await
}
