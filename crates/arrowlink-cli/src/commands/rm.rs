//! `arrowlink rm`: datasets that were put there, removed.

use std::io::{self, IsTerminal as _, Write as _, stderr};

use arrowlink_client::Client;
use arrowlink_core::{CallContext, DataService as _, ErrorKind, Name, RemoveOptions, Target};

use super::connect::connect;
use crate::args::{Rm, ServerArgs};
use crate::failure::{Exit, Failure};
use crate::terminal::confirmed;
use crate::words;

/// Removes the datasets one after the other. Nothing is removed before all of them are known to be there, and a person
/// has said yes or `--yes` was given.
pub(crate) async fn rm(server: &ServerArgs, args: Rm) -> Result<(), Failure> {
    if !args.yes && !io::stdin().is_terminal() {
        let text = "nobody can be asked whether to remove: standard input is not a terminal";
        return Err(Failure::new(Exit::Usage, text).with_hint("--yes removes without a question"));
    }
    let (client, ctx) = connect(server).await?;
    let question = question(&client, &ctx, &args.names).await?;
    if !args.yes && !confirmed(question).await? {
        return Err(Failure::new(Exit::Failure, "nothing was removed"));
    }
    for name in args.names {
        client.remove(ctx.clone(), name.clone(), RemoveOptions::default()).await?;
        // Nobody is told where standard error is closed.
        _ = writeln!(stderr(), "removed `{name}`");
    }
    Ok(())
}

/// Says what would be gone.
async fn question(client: &Client, ctx: &CallContext, names: &[Name]) -> Result<String, Failure> {
    let mut things = Vec::with_capacity(names.len());
    for name in names {
        let rows = match client.describe(ctx.clone(), Target::from(name)).await {
            Ok(description) => description.rows.map(|rows| format!(" ({})", words::counted(rows, "row"))),
            // What is broken can be removed too.
            Err(error) if error.kind() == ErrorKind::Corrupt => Some(" (broken)".to_owned()),
            Err(error) => return Err(error.into()),
        };
        things.push(format!("`{name}`{}", rows.unwrap_or_default()));
    }
    Ok(format!("remove {}", things.join(", ")))
}
