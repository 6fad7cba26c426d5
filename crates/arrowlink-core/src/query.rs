//! One SQL statement, with what it needs beside its text.

use arrow_array::RecordBatch;

/// One SQL statement, the values of its parameters, and where names without a schema are looked for.
///
/// ```
/// use arrow_array::record_batch;
/// use arrowlink_core::Query;
///
/// let values = record_batch!(("$1", Int64, [5])).unwrap();
/// let query = Query::new("select * from orders where id = $1").with_parameters(values).with_default_schema("sales");
/// assert_eq!(query.default_schema.as_deref(), Some("sales"));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Query {
    /// The statement; exactly one.
    pub text: String,
    /// The parameters' values: a column for each parameter, in the order of their numbers, and one row. A statement that
    /// changes something may be given more rows, and is executed once for each. Default: none.
    pub parameters: Option<RecordBatch>,
    /// The schema in which names without one are looked for first. Default: the catalog's names without a schema.
    pub default_schema: Option<String>,
}

impl Query {
    /// Makes a statement without parameters.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), parameters: None, default_schema: None }
    }

    /// Sets [`parameters`](Self::parameters).
    #[must_use]
    pub fn with_parameters(mut self, values: RecordBatch) -> Self {
        self.parameters = Some(values);
        self
    }

    /// Sets [`default_schema`](Self::default_schema).
    #[must_use]
    pub fn with_default_schema(mut self, schema: impl Into<String>) -> Self {
        self.default_schema = Some(schema.into());
        self
    }
}
