//! `arrowlink ls`: what there is.

use arrowlink_core::{DataService as _, Entry, ListOptions};
use futures::TryStreamExt as _;

use super::connect::connect;
use super::print::print;
use crate::args::{Ls, ServerArgs};
use crate::failure::Failure;
use crate::json::{Listed, lines};
use crate::table::{Align, Texts, draw_texts};
use crate::{terminal, words};

/// Prints a line for each name; one that is broken is there with what is wrong with it.
pub(crate) async fn ls(server: &ServerArgs, args: Ls) -> Result<(), Failure> {
    let (client, ctx) = connect(server).await?;
    let options = ListOptions::default().with_prefix(args.prefix.unwrap_or_default());
    let entries: Vec<Entry> = client.list(ctx, options).await?.try_collect().await?;
    let text = if args.json {
        lines(entries.iter().map(Listed::of))?
    } else {
        draw_texts(&columns(&entries), terminal::width(args.width))
    };
    print(text).await
}

fn columns(entries: &[Entry]) -> [Texts<'static>; 5] {
    let rows: Vec<[String; 5]> = entries.iter().map(row).collect();
    let column = |name, idx: usize, align| {
        let cells = rows.iter().map(|row| row.get(idx).cloned().unwrap_or_default()).collect();
        Texts { name, cells, align }
    };
    [
        column("name", 0, Align::Left),
        column("kind", 1, Align::Left),
        column("rows", 2, Align::Right),
        column("size", 3, Align::Right),
        column("source", 4, Align::Left),
    ]
}

fn row(entry: &Entry) -> [String; 5] {
    let name = entry.name.to_string();
    match &entry.description {
        Ok(it) => {
            [name, it.kind.to_string(), words::count(it.rows), words::size(it.bytes), it.source.clone()]
        }
        Err(error) => [name, "broken".to_owned(), words::count(None), words::size(None), error.chain()],
    }
}
