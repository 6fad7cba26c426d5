//! `arrowlink head`: the first rows of a dataset as a table for people.

use std::io::{self, IsTerminal as _, Write as _};

use arrowlink_core::{DataService as _, ReadOptions, Target};
use terminal_size::{Width, terminal_size_of};

use super::connect::connect;
use super::transfer::blocking;
use crate::args::{Head, ServerArgs};
use crate::failure::{Exit, Failure};
use crate::table;

/// Prints the first rows; the transfer ends with the last of them.
pub(crate) async fn head(server: &ServerArgs, args: Head) -> Result<(), Failure> {
    let (client, ctx) = connect(server).await?;
    let options = ReadOptions::default().with_limit(args.rows);
    let batches = client.read(ctx, Target::Name(args.name), options).await?;
    let schema = std::sync::Arc::clone(batches.schema());
    let batches = batches.collect_batches().await?;
    let width = args.width.or_else(terminal_width).unwrap_or(usize::MAX);
    let text = table::draw(&schema, &batches, width)
        .map_err(|error| Failure::new(Exit::Data, "the rows cannot be shown").with_source(error))?;
    blocking(move || {
        let mut stdout = io::stdout().lock();
        let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
        written.map_err(|error| {
            Failure::new(Exit::CannotCreate, "cannot write to standard output").with_source(error)
        })
    })
    .await
}

fn terminal_width() -> Option<usize> {
    let stdout = io::stdout();
    let (Width(width), _) = stdout.is_terminal().then(|| terminal_size_of(&stdout)).flatten()?;
    Some(usize::from(width))
}
