//! The schema message: fields with types that exist, and a plan of how the columns of a batch follow each other.
//!
//! A [`Plan`] is made once for each stream and decides for every batch which nodes and buffers it must have. How a
//! single type is read is in [`types`](crate::types).

use std::collections::HashMap;
use std::sync::Arc;

use arrow_ipc::{DictionaryKind, Endianness, KeyValue};
use arrow_schema::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use flatbuffers::{ForwardsUOffset, Vector};

use crate::{Error, Limits, types};

/// A field as it lies in a record batch: what it is, and which dictionary its values are in.
///
/// A field with a dictionary has two sides: in a record batch it is a column of indices without children, and its
/// children belong to the values in the dictionary batch. The names and metadata of the schema are only in `field`.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) field: FieldRef,
    /// Set where the batch has indices, and the values come in dictionary batches.
    pub(crate) dictionary: Option<i64>,
    /// The columns within this one; where there is a dictionary, within its values.
    pub(crate) children: Arc<[Self]>,
}

/// The columns of a stream's batches and dictionaries.
#[derive(Debug)]
pub(crate) struct Plan {
    schema: SchemaRef,
    columns: Vec<Column>,
    dictionaries: HashMap<i64, Column>,
}

impl Plan {
    /// Fails with `Unsupported` for big-endian data ("Byte Order (Endianness)": a reader may refuse what is not its
    /// own), with `LimitExceeded` past `max_fields`, `max_nesting_depth` or, for all names and metadata together,
    /// `max_metadata_bytes`, and with `Invalid` where a field has a type that Arrow does not have.
    pub(crate) fn from_message(schema: &arrow_ipc::Schema<'_>, limits: &Limits) -> Result<Self, Error> {
        match schema.endianness() {
            Endianness::Little => {}
            Endianness::Big => return Err(Error::unsupported("big-endian data is")),
            Endianness(unknown) => return Err(Error::invalid(format!("byte order {unknown} is unknown"))),
        }
        let mut builder = Builder { limits, fields: 0, text_bytes: 0, dictionaries: HashMap::new() };
        let fields = schema.fields().into_iter().flatten();
        let columns = fields.map(|field| builder.column(&field, 1)).collect::<Result<Vec<_>, _>>()?;
        let metadata = builder.metadata(schema.custom_metadata())?;
        let fields: Fields = columns.iter().map(|column| Arc::clone(&column.field)).collect();
        let schema = Arc::new(Schema::new_with_metadata(fields, metadata));
        Ok(Self { schema, columns, dictionaries: builder.dictionaries })
    }

    /// Returns the schema as the message has it, metadata included.
    pub(crate) const fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Returns the columns of a record batch, one for each field of the schema.
    pub(crate) fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Returns the values of a dictionary as a column.
    pub(crate) fn dictionary(&self, id: i64) -> Option<&Column> {
        self.dictionaries.get(&id)
    }
}

/// Makes columns of fields, and counts what they take.
struct Builder<'a> {
    limits: &'a Limits,
    fields: usize,
    text_bytes: usize,
    dictionaries: HashMap<i64, Column>,
}

impl Builder<'_> {
    /// Makes the column of `field`, which lies `depth` fields deep; an error gets its name.
    fn column(&mut self, field: &arrow_ipc::Field<'_>, depth: usize) -> Result<Column, Error> {
        let name = field.name().unwrap_or_default();
        self.column_of(field, name, depth).map_err(|error| error.in_field(name))
    }

    /// Children come first, because the type of the field has them in it. The depth is checked before that, so that
    /// the recursion ends.
    fn column_of(&mut self, field: &arrow_ipc::Field<'_>, name: &str, depth: usize) -> Result<Column, Error> {
        self.count(name, depth)?;
        let children = field.children().into_iter().flatten();
        let children =
            children.map(|child| self.column(&child, depth + 1)).collect::<Result<Arc<[_]>, _>>()?;
        let values = types::data_type(field, &children)?;
        let metadata = self.metadata(field.custom_metadata())?;
        let nullable = field.nullable();
        let Some(encoding) = field.dictionary() else {
            let field = Arc::new(Field::new(name, values, nullable).with_metadata(metadata));
            return Ok(Column { field, dictionary: None, children });
        };
        if encoding.dictionaryKind() != DictionaryKind::DenseArray {
            return Err(Error::invalid(format!(
                "dictionary kind {} is unknown",
                encoding.dictionaryKind().0
            )));
        }
        let id = encoding.id();
        self.register(id, &values, &children)?;
        let indices = encoding.indexType().map_or(Ok(DataType::Int32), |int| types::integer(&int))?;
        let data_type = DataType::Dictionary(Box::new(indices), Box::new(values));
        let field = Field::new(name, data_type, nullable).with_dict_is_ordered(encoding.isOrdered());
        Ok(Column { field: Arc::new(field.with_metadata(metadata)), dictionary: Some(id), children })
    }

    /// Notes that `id` holds `values`; fields that share a dictionary must agree on that.
    ///
    /// The values are nullable and have no name in the schema. The first field that has `id` says which children they
    /// have.
    fn register(&mut self, id: i64, values: &DataType, children: &Arc<[Column]>) -> Result<(), Error> {
        if let Some(known) = self.dictionaries.get(&id) {
            let known = known.field.data_type();
            if known != values {
                return Err(Error::invalid(format!(
                    "dictionary {id} has values `{values}` here, `{known}` before"
                )));
            }
            return Ok(());
        }
        let field = Arc::new(Field::new("values", values.clone(), true));
        self.dictionaries.insert(id, Column { field, dictionary: None, children: Arc::clone(children) });
        Ok(())
    }

    /// Copies "Custom Application Metadata". A pair without key or value is left out; of two pairs with one key the
    /// last one stays.
    fn metadata(
        &mut self,
        pairs: Option<Vector<'_, ForwardsUOffset<KeyValue<'_>>>>,
    ) -> Result<HashMap<String, String>, Error> {
        let mut metadata = HashMap::new();
        for pair in pairs.into_iter().flatten() {
            if let (Some(key), Some(value)) = (pair.key(), pair.value()) {
                self.count_text(key.len().saturating_add(value.len()))?;
                metadata.insert(key.to_owned(), value.to_owned());
            }
        }
        Ok(metadata)
    }

    /// Counts one more field, its depth and its name.
    fn count(&mut self, name: &str, depth: usize) -> Result<(), Error> {
        self.fields += 1;
        if self.fields > self.limits.max_fields {
            return Err(Error::limit("max_fields", self.limits.max_fields, self.fields));
        }
        let deepest = self.limits.nesting_depth();
        if depth > deepest {
            return Err(Error::limit("max_nesting_depth", deepest, depth));
        }
        self.count_text(name.len())
    }

    /// Counts text, which many fields of a flatbuffer may share.
    fn count_text(&mut self, bytes: usize) -> Result<(), Error> {
        self.text_bytes = self.text_bytes.saturating_add(bytes);
        let limit = self.limits.max_metadata_bytes;
        if self.text_bytes > limit {
            Err(Error::limit("max_metadata_bytes", limit, self.text_bytes))
        } else {
            Ok(())
        }
    }
}
