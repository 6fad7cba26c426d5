//! `arrowlink query`: the result of a SQL statement, as a table for people or in a format.

use std::fs;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrowlink_core::{BatchStream, DataService as _, Error, Query as Statement, ReadOptions, Target};
use futures::StreamExt as _;

use super::connect::connect;
use super::print;
use super::transfer::{blocking, write};
use crate::args::{Query, ServerArgs};
use crate::excerpt::excerpt;
use crate::failure::{Exit, Failure};
use crate::format::{Format, Shape};
use crate::output::Written;
use crate::progress::Progress;
use crate::words::counted;
use crate::{table, terminal};

/// Asks the server, and says how long all of it took. Dropping this, as Ctrl-C does, ends the query on the server.
pub(crate) async fn query(server: &ServerArgs, args: Query) -> Result<(), Failure> {
    let shape = shape(&args)?;
    let text = text(&args).await?;
    let statement = statement(text.clone(), &args.param)?;
    let (client, ctx) = connect(server).await?;
    let is_drawn = !args.quiet && (shape == Shape::Table || !is_seen(&args));
    let mut progress = if is_drawn { Progress::begin(None) } else { Progress::undrawn() };
    let mut options = ReadOptions::default();
    if let (Shape::File(_), Some(rows)) = (shape, args.max_rows) {
        options = options.with_limit(rows);
    }
    let batches = client.read(ctx, Target::Sql(statement), options).await;
    let batches = batches.map_err(|error| explained(error, &text))?;
    let path = args.output.as_deref().unwrap_or_else(|| Path::new(STDOUT));
    let written = match shape {
        Shape::Table => show(batches, &args, path, &mut progress).await?,
        Shape::File(format) => write(batches, format, path, &mut progress).await?,
    };
    match written {
        _ if args.quiet => {}
        Written::Stdout => progress.say_time(),
        Written::File(label) => progress.summarize("read", &format!("into {label}")),
    }
    Ok(())
}

/// Decides in which shape the rows are printed: as asked, as the ending of the file says, and else a table for a
/// person and CSV for a program.
fn shape(args: &Query) -> Result<Shape, Failure> {
    let file = args.output.as_deref().filter(|path| *path != Path::new(STDOUT));
    match (args.format, file) {
        (Some(Shape::File(format)), None) if is_seen(args) && !format.is_text() => {
            let text = format!("{format} is not for a terminal");
            Err(Failure::new(Exit::Usage, text).with_hint("-o FILE writes it into a file"))
        }
        (Some(shape), _) => Ok(shape),
        (None, Some(path)) => Ok(Shape::File(Format::of(None, path)?)),
        (None, None) if is_seen(args) => Ok(Shape::Table),
        (None, None) => Ok(Shape::File(Format::Csv)),
    }
}

/// Whether the rows go to a person.
fn is_seen(args: &Query) -> bool {
    args.output.as_deref().is_none_or(|path| path == Path::new(STDOUT)) && io::stdout().is_terminal()
}

/// Returns the text of the statement: what was said, or what is in a file or comes on standard input.
async fn text(args: &Query) -> Result<String, Failure> {
    match (&args.sql, &args.file) {
        (Some(sql), _) if sql != STDOUT => Ok(sql.clone()),
        (None, Some(path)) if path != Path::new(STDOUT) => file_text(path.clone()).await,
        _ => terminal::stdin_text().await,
    }
}

async fn file_text(path: PathBuf) -> Result<String, Failure> {
    blocking(move || {
        fs::read_to_string(&path).map_err(|error| {
            Failure::new(Exit::NoInput, format!("cannot read `{}`", path.display())).with_source(error)
        })
    })
    .await
}

/// Puts the values to the statement as texts, which the server casts to what the places of the parameters want.
fn statement(text: String, values: &[String]) -> Result<Statement, Failure> {
    let statement = Statement::new(text);
    if values.is_empty() {
        return Ok(statement);
    }
    let columns = (1..).zip(values).map(|(number, value)| {
        (format!("${number}"), Arc::new(StringArray::from(vec![value.as_str()])) as ArrayRef)
    });
    let values = RecordBatch::try_from_iter(columns).map_err(|error| {
        Failure::new(Exit::Usage, "the values of the parameters cannot be sent").with_source(error)
    })?;
    Ok(statement.with_parameters(values))
}

/// Adds the line of the statement that the server complains of, where it says which.
fn explained(error: Error, statement: &str) -> Failure {
    let excerpt = excerpt(statement, error.message(), terminal::message_width());
    let failure = Failure::from(error);
    match excerpt {
        Some(excerpt) => failure.with_excerpt(excerpt),
        None => failure,
    }
}

/// Draws the first rows, and says below how many there were.
async fn show(
    mut batches: BatchStream,
    args: &Query,
    path: &Path,
    progress: &mut Progress,
) -> Result<Written, Failure> {
    let schema = Arc::clone(batches.schema());
    let most = args.max_rows.unwrap_or(TABLE_ROWS);
    let (mut kept, mut rows) = (Vec::new(), 0_u64);
    while let Some(chunk) = batches.next().await {
        let batch = chunk?.into_batch();
        progress.add(&batch);
        let left = usize::try_from(most.saturating_sub(rows)).unwrap_or(usize::MAX);
        rows += batch.num_rows() as u64;
        if left > 0 {
            kept.push(batch.slice(0, batch.num_rows().min(left)));
        }
    }
    let width = if path == Path::new(STDOUT) {
        terminal::width(args.width)
    } else {
        args.width.unwrap_or(usize::MAX)
    };
    let mut text = table::draw(&schema, &kept, width)
        .map_err(|error| Failure::new(Exit::Data, "the rows cannot be shown").with_source(error))?;
    if rows > most {
        text.push_str(&format!("the first {most} of {}\n", counted(rows, "row")));
    }
    progress.clear();
    print::write(text, path).await
}

const STDOUT: &str = "-";
const TABLE_ROWS: u64 = 100;
