//! The values of a statement's parameters: as many as it has, each of a kind that fits ([`values`](super::values)).

use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::{Field, SchemaRef};
use arrowlink_core::{Description, Error, ErrorKind, Result, Target};

use super::values::check_kind;

/// Makes `values` into the parameters that a statement of `description` takes.
///
/// Columns that bear the parameters' names are taken by name, others in their order.
pub(super) fn fit(description: &Description, values: &RecordBatch) -> Result<RecordBatch> {
    let Some(expected) = &description.parameters else {
        return Err(invalid("a plan takes no parameters: bind none".to_owned()));
    };
    if values.num_columns() != expected.fields().len() {
        return Err(invalid(format!(
            "the statement has {}, but {} given",
            listed(expected),
            counted(values.num_columns(), "value was", "values were")
        )));
    }
    let order = by_name(expected, values).unwrap_or_else(|| (0..values.num_columns()).collect());
    let columns: Vec<_> = order.into_iter().map(|at| Arc::clone(values.column(at))).collect();
    let fields = expected.fields().iter().zip(&columns).map(|(parameter, column)| {
        check_kind(parameter, column.data_type())?;
        Ok(Field::new(parameter.name(), column.data_type().clone(), true))
    });
    let fields = fields.collect::<Result<Vec<_>>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(values.num_rows()));
    let schema = SchemaRef::new(arrow_schema::Schema::new(fields));
    RecordBatch::try_new_with_options(schema, columns, &options)
        .map_err(|error| invalid("the values are not valid".to_owned()).with_source(error))
}

/// Refuses a statement of `description` whose parameters have no values yet.
pub(super) fn require_bound(description: &Description, target: &Target) -> Result<()> {
    let missing = description.parameters.as_ref().filter(|parameters| !parameters.fields().is_empty());
    match (missing, target) {
        (Some(parameters), Target::Sql(query)) if query.parameters.is_none() => Err(invalid(format!(
            "the statement has {}, and no value was given: prepare it and bind one row",
            listed(parameters)
        ))),
        _ => Ok(()),
    }
}

/// Returns, for each parameter, which column of `values` bears its name; `None` where not all of them do.
fn by_name(expected: &SchemaRef, values: &RecordBatch) -> Option<Vec<usize>> {
    let column = |name: &str| {
        let same = |field: &&str| field.trim_start_matches('$') == name.trim_start_matches('$');
        values.schema_ref().fields().iter().map(|field| field.name().as_str()).position(|field| same(&field))
    };
    expected.fields().iter().map(|field| column(field.name())).collect()
}

/// Names parameters with their types.
fn listed(parameters: &SchemaRef) -> String {
    let fields = parameters.fields();
    let names: Vec<_> =
        fields.iter().map(|field| format!("`{}` {}", field.name(), field.data_type())).collect();
    match names.len() {
        0 => "no parameters".to_owned(),
        count => format!("{} ({})", counted(count, "parameter", "parameters"), names.join(", ")),
    }
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn invalid(text: String) -> Error {
    Error::new(ErrorKind::InvalidArgument, text)
}
