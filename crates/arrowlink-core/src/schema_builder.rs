//! Schemas from typed fields, checked as a whole.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow_array::timezone::Tz;
use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};

use crate::{Error, ErrorKind, Result};

/// Collects the fields of a schema and refuses what no dataset could use.
///
/// ```
/// use arrow_schema::{DataType, TimeUnit};
/// use arrowlink_core::{SchemaBuilder, category, list_of, timestamp_in, vector_of};
///
/// let schema = SchemaBuilder::new()
///     .required("id", DataType::Int64)
///     .required("seen", timestamp_in(TimeUnit::Millisecond, "Europe/Zurich"))
///     .optional("tags", list_of(DataType::Utf8))
///     .optional("kind", category())
///     .required("embedding", vector_of(384))
///     .field_metadata("embedding", "model", "minilm")
///     .metadata("owner", "search")
///     .build()?;
/// assert_eq!(schema.field(4).metadata()["model"], "minilm");
///
/// let error = SchemaBuilder::new()
///     .required("id", DataType::Int64)
///     .required("id", DataType::Utf8)
///     .build()
///     .unwrap_err();
/// assert_eq!(error.message(), "column `id` is there twice: each name must be used once");
/// # Ok::<(), arrowlink_core::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct SchemaBuilder {
    fields: Vec<Field>,
    metadata: HashMap<String, String>,
    field_metadata: Vec<(String, String, String)>,
}

impl SchemaBuilder {
    /// Begins a schema without fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a field that has a value in every row.
    #[must_use]
    pub fn required(self, name: impl Into<String>, data_type: DataType) -> Self {
        self.field(Field::new(name, data_type, false))
    }

    /// Adds a field that may be null.
    #[must_use]
    pub fn optional(self, name: impl Into<String>, data_type: DataType) -> Self {
        self.field(Field::new(name, data_type, true))
    }

    /// Adds a field as Arrow has it.
    #[must_use]
    pub fn field(mut self, field: Field) -> Self {
        self.fields.push(field);
        self
    }

    /// Adds metadata to the field `name`, which may be added before or after.
    #[must_use]
    pub fn field_metadata(
        mut self,
        name: impl Into<String>,
        key: impl Into<String>,
        value: impl Into<String>,
    ) -> Self {
        self.field_metadata.push((name.into(), key.into(), value.into()));
        self
    }

    /// Adds metadata to the schema.
    #[must_use]
    pub fn metadata(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.insert(key.into(), value.into());
        self
    }

    /// Returns the schema.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` where a name is used twice (in a struct too), metadata is for a field that is not there, a
    /// time zone is not known, or a decimal or fixed size is out of range.
    pub fn build(mut self) -> Result<SchemaRef> {
        for (name, key, value) in self.field_metadata {
            let field = self.fields.iter_mut().find(|field| *field.name() == name);
            let field = field
                .ok_or_else(|| invalid(format!("metadata `{key}` is for `{name}`, which is no column")))?;
            let mut metadata = field.metadata().clone();
            metadata.insert(key, value);
            field.set_metadata(metadata);
        }
        let fields = Fields::from(self.fields);
        check_fields("", &fields)?;
        Ok(Arc::new(Schema::new_with_metadata(fields, self.metadata)))
    }

    /// Returns the type of a struct with these fields.
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build). Metadata of the whole is refused, because a type has none.
    ///
    /// ```
    /// use arrow_schema::DataType;
    /// use arrowlink_core::SchemaBuilder;
    ///
    /// let point = SchemaBuilder::new()
    ///     .required("x", DataType::Float64)
    ///     .required("y", DataType::Float64)
    ///     .build_struct()?;
    /// let schema = SchemaBuilder::new().optional("place", point).build()?;
    /// assert!(schema.field(0).data_type().is_nested());
    /// # Ok::<(), arrowlink_core::Error>(())
    /// ```
    pub fn build_struct(self) -> Result<DataType> {
        if !self.metadata.is_empty() {
            return Err(invalid("a struct has no metadata of its own: give it to the field".to_owned()));
        }
        Ok(DataType::Struct(self.build()?.fields().clone()))
    }
}

/// Returns the type of lists whose items may be null.
///
/// ```
/// use arrow_schema::DataType;
/// use arrowlink_core::list_of;
///
/// assert!(matches!(list_of(DataType::Utf8), DataType::List(item) if item.is_nullable()));
/// ```
pub fn list_of(item: DataType) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(item, true)))
}

/// Returns the type of vectors of `length` 32-bit floats, such as embeddings.
///
/// A length below zero is refused where the schema is built:
///
/// ```
/// use arrowlink_core::{SchemaBuilder, vector_of};
///
/// assert!(SchemaBuilder::new().required("embedding", vector_of(384)).build().is_ok());
/// let error = SchemaBuilder::new().required("embedding", vector_of(-1)).build().unwrap_err();
/// assert_eq!(error.message(), "column `embedding`: -1 is not a size");
/// ```
pub fn vector_of(length: i32) -> DataType {
    DataType::FixedSizeList(Arc::new(Field::new_list_field(DataType::Float32, false)), length)
}

/// Returns the type of instants counted in `unit` and shown in `zone`: `UTC`, `Europe/Zurich`, `+02:00`.
pub fn timestamp_in(unit: TimeUnit, zone: impl Into<Arc<str>>) -> DataType {
    DataType::Timestamp(unit, Some(zone.into()))
}

/// Returns the type of text that repeats: a dictionary, each different text once in a batch.
pub fn category() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

fn check_fields(within: &str, fields: &Fields) -> Result<()> {
    let mut names = HashSet::new();
    for field in fields {
        let path = format!("{within}{}", field.name());
        if !names.insert(field.name()) {
            return Err(invalid(format!("column `{path}` is there twice: each name must be used once")));
        }
        check_type(&path, field.data_type())?;
    }
    Ok(())
}

fn check_type(path: &str, data_type: &DataType) -> Result<()> {
    match data_type {
        DataType::Timestamp(_, Some(zone)) => match zone.parse::<Tz>() {
            Ok(_) => Ok(()),
            Err(error) => Err(invalid(format!("column `{path}`: no time zone `{zone}`")).with_source(error)),
        },
        DataType::Decimal32(precision, scale) => check_decimal(path, *precision, *scale, 9),
        DataType::Decimal64(precision, scale) => check_decimal(path, *precision, *scale, 18),
        DataType::Decimal128(precision, scale) => check_decimal(path, *precision, *scale, 38),
        DataType::Decimal256(precision, scale) => check_decimal(path, *precision, *scale, 76),
        DataType::FixedSizeBinary(size) | DataType::FixedSizeList(_, size) if *size < 0 => {
            Err(invalid(format!("column `{path}`: {size} is not a size")))
        }
        DataType::Struct(fields) => check_fields(&format!("{path}."), fields),
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::FixedSizeList(item, _)
        | DataType::Map(item, _) => check_type(path, item.data_type()),
        DataType::Dictionary(_, values) => check_type(path, values),
        DataType::RunEndEncoded(_, values) => check_type(path, values.data_type()),
        _ => Ok(()),
    }
}

/// `most` is how many digits the width holds.
fn check_decimal(path: &str, precision: u8, scale: i8, most: u8) -> Result<()> {
    let digits = i16::from(precision);
    if (1..=i16::from(most)).contains(&digits) && i16::from(scale).abs() <= digits {
        return Ok(());
    }
    Err(invalid(format!(
        "column `{path}`: no decimals of {precision} digits with a scale of {scale}: use 1 to {most} digits and a scale \
         within them"
    )))
}

fn invalid(text: String) -> Error {
    Error::new(ErrorKind::InvalidArgument, text)
}
