//! `arrowlink show`: what is known of a name, without reading it.

use std::collections::HashMap;

use arrow_schema::{Field, Schema};
use arrowlink_core::{DataService as _, Description, Name, Target};

use super::connect::connect;
use super::print::print;
use crate::args::{ServerArgs, Show};
use crate::failure::Failure;
use crate::json::{Shown, pretty};
use crate::table::{Align, Texts, draw_texts, shown};
use crate::terminal;
use crate::words::{self, hex};

/// Prints the description of the name. What is broken fails with what is wrong with it.
pub(crate) async fn show(server: &ServerArgs, args: Show) -> Result<(), Failure> {
    let (client, ctx) = connect(server).await?;
    let description = client.describe(ctx, Target::from(&args.name)).await?;
    let text = if args.json {
        pretty(&Shown::of(&args.name, &description))?
    } else {
        text(&args.name, &description, terminal::width(args.width))
    };
    print(text).await
}

fn text(name: &Name, description: &Description, width: usize) -> String {
    let mut text = String::new();
    for (what, value) in facts(name, description) {
        let room = width.saturating_sub(FACT_WIDTH + GAP_WIDTH);
        text.push_str(&format!("{what:FACT_WIDTH$}  {}\n", shown(&value, room)));
    }
    text.push('\n');
    text.push_str(&draw_texts(&columns(&description.schema), width));
    text
}

/// What there is to say of the whole, where there is something.
fn facts(name: &Name, description: &Description) -> Vec<(&'static str, String)> {
    let facts = [
        ("name", Some(name.to_string())),
        ("kind", Some(description.kind.to_string())),
        ("rows", Some(words::count(description.rows))),
        ("size", Some(words::size(description.bytes))),
        ("source", Some(description.source.clone()).filter(|source| !source.is_empty())),
        ("parts", Some(description.parts.len().to_string()).filter(|_| !description.parts.is_empty())),
        ("writable", Some(if description.writable { "yes" } else { "no" }.to_owned())),
        ("snapshot", description.snapshot.as_ref().map(|snapshot| hex(snapshot.as_bytes()))),
        ("metadata", metadata(description.schema.metadata())),
    ];
    facts.into_iter().filter_map(|(what, value)| Some((what, value?))).collect()
}

fn columns(schema: &Schema) -> Vec<Texts<'static>> {
    let column = |name, text: fn(&Field) -> String| Texts {
        name,
        cells: schema.fields().iter().map(|field| text(field)).collect(),
        align: Align::Left,
    };
    let mut columns = vec![
        column("column", |field| field.name().clone()),
        column("type", |field| field.data_type().to_string()),
        column("nulls", |field| if field.is_nullable() { "yes" } else { "no" }.to_owned()),
    ];
    if schema.fields().iter().any(|field| !field.metadata().is_empty()) {
        columns.push(column("metadata", |field| metadata(field.metadata()).unwrap_or_default()));
    }
    columns
}

/// Says keys and values in the order of the keys; `None` where there are none.
fn metadata(metadata: &HashMap<String, String>) -> Option<String> {
    let mut pairs: Vec<String> = metadata.iter().map(|(key, value)| format!("{key} = {value}")).collect();
    pairs.sort();
    (!pairs.is_empty()).then(|| pairs.join(", "))
}

const FACT_WIDTH: usize = 8;
const GAP_WIDTH: usize = 2;
