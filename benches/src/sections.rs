//! What is measured, a file for each section.

mod batch_sizes;
mod demo_table;
mod exchange;
mod folder;
mod memory;
mod query;
mod reads;
mod workloads;
mod writes;

use crate::arguments::{Arguments, Section};
use crate::lab::Lab;
use crate::{Failure, Report, Row};

/// Measures every section that `arguments` ask for and writes the figures where they say.
pub(crate) fn measure(lab: &Lab, arguments: &Arguments) -> Result<(), Failure> {
    let mut report = Report::default();
    let wanted = |section| arguments.only.is_empty() || arguments.only.contains(&section);
    let sections = SECTIONS.iter().filter(|(section, _)| wanted(*section));
    for (_, measure) in sections {
        or_say_why(measure(lab, &mut report), &mut report);
    }
    if let Some(file) = &arguments.plot {
        or_say_why(batch_sizes::measure(lab, file, &mut report), &mut report);
    }
    report.conclude();
    if let Some(file) = &arguments.json {
        report.write_json(file)?;
    }
    match &arguments.document {
        Some(file) => report.write_into(file),
        None => Ok(()),
    }
}

/// What ends one section keeps nobody from the others.
fn or_say_why(measured: Result<(), Failure>, report: &mut Report) {
    if let Err(error) = measured {
        report.row(Row::absent("the rest of this section", "", error.to_string()));
    }
}

type Measure = fn(&Lab, &mut Report) -> Result<(), Failure>;

const SECTIONS: [(Section, Measure); 8] = [
    (Section::Demo, demo_table::measure),
    (Section::Read, reads::measure),
    (Section::Write, writes::measure),
    (Section::Exchange, exchange::measure),
    (Section::Workloads, workloads::measure),
    (Section::Memory, memory::measure),
    (Section::Folder, folder::measure),
    (Section::Query, query::measure),
];
