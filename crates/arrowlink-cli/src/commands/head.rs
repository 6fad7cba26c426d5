//! `arrowlink head`: the first rows of a dataset as a table for people.

use arrowlink_core::{DataService as _, ReadOptions, Target};

use super::columns::columns;
use super::connect::connect;
use super::print::print;
use crate::args::{Head, ServerArgs};
use crate::failure::{Exit, Failure};
use crate::{table, terminal};

/// Prints the first rows; the transfer ends with the last of them.
pub(crate) async fn head(server: &ServerArgs, args: Head) -> Result<(), Failure> {
    let (client, ctx) = connect(server).await?;
    let options = columns(ReadOptions::default().with_limit(args.rows), args.columns);
    let batches = client.read(ctx, Target::Name(args.name), options).await?;
    let schema = std::sync::Arc::clone(batches.schema());
    let batches = batches.collect_batches().await?;
    let text = table::draw(&schema, &batches, terminal::width(args.width))
        .map_err(|error| Failure::new(Exit::Data, "the rows cannot be shown").with_source(error))?;
    print(text).await
}
