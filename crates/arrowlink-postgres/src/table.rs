//! The columns of a table or query, asked of the database in the transaction that reads them.
//!
//! Preparing a statement locks the tables in it against changes of their columns until the transaction ends, so that what
//! is said here holds for the read that follows.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow_schema::{Field, Schema, SchemaRef};
use arrowlink_core::{Error, ErrorKind, Result};
use tokio_postgres::Statement;
use tokio_postgres::types::{ToSql, Type};

use crate::address::quoted;
use crate::failure::failed;
use crate::kind::Kind;
use crate::pool::Lease;
use crate::relation::Relation;

/// The columns, and what is guessed of the rows.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) columns: Vec<Column>,
    pub(crate) schema: SchemaRef,
    /// How many rows there were when somebody last counted, or about as many.
    pub(crate) about_rows: Option<usize>,
}

/// One column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) is_nullable: bool,
    /// The type in PostgreSQL's words: `character varying(20)`.
    pub(crate) type_name: String,
}

impl Column {
    /// Returns what a query asks for.
    pub(crate) fn expression(&self) -> String {
        format!("{}{}", quoted(&self.name), self.kind.cast())
    }

    /// Returns it as Arrow has it.
    pub(crate) fn field(&self) -> Field {
        let field = self.kind.field(&self.name, self.is_nullable);
        let mut metadata: HashMap<String, String> = field.metadata().clone();
        metadata.insert(TYPE_NAME.to_owned(), self.type_name.clone());
        field.with_metadata(metadata)
    }
}

impl Table {
    /// Asks for the columns of `relation`; `place` is what it is called in errors.
    pub(crate) async fn describe(lease: &mut Lease, relation: &Relation, place: &str) -> Result<Self> {
        let whole = relation.whole();
        let prepared = lease.drive(|client| client.prepare(&whole)).await;
        let prepared = prepared.map_err(|error| failed(place, error))?;
        let mut table = Self::of(lease, relation, &prepared).await.map_err(|error| failed(place, error))?;
        table.refuse_ambiguous(place)?;
        table.schema = Arc::new(Schema::new(table.columns.iter().map(Column::field).collect::<Vec<_>>()));
        Ok(table)
    }

    async fn of(
        lease: &mut Lease,
        relation: &Relation,
        prepared: &Statement,
    ) -> Result<Self, tokio_postgres::Error> {
        let columns = prepared.columns();
        let types: Vec<u32> = columns.iter().map(|column| column.type_().oid()).collect();
        let modifiers: Vec<i32> = columns.iter().map(tokio_postgres::Column::type_modifier).collect();
        let tables: Vec<Option<u32>> = columns.iter().map(tokio_postgres::Column::table_oid).collect();
        let numbers: Vec<Option<i16>> = columns.iter().map(tokio_postgres::Column::column_id).collect();
        let parameters: [(&(dyn ToSql + Sync), Type); 4] = [
            (&types, Type::OID_ARRAY),
            (&modifiers, Type::INT4_ARRAY),
            (&tables, Type::OID_ARRAY),
            (&numbers, Type::INT2_ARRAY),
        ];
        let rows = lease.drive(|client| client.query_typed(COLUMNS, &parameters)).await?;
        let is_table = matches!(relation, Relation::Table(_));
        let mut found = Self { columns: Vec::new(), schema: Arc::new(Schema::empty()), about_rows: None };
        for (column, row) in columns.iter().zip(&rows) {
            let is_required: bool = row.try_get(1)?;
            let about: Option<f32> = row.try_get(2)?;
            // -1 is a table that nobody counted yet.
            found.about_rows = about.filter(|rows| is_table && *rows >= 0.0).map(|rows| rows as usize);
            found.columns.push(Column {
                name: column.name().to_owned(),
                kind: Kind::new(column.type_(), column.type_modifier()),
                // An outer join makes nulls of what its tables never have.
                is_nullable: !(is_table && is_required),
                type_name: row.try_get(0)?,
            });
        }
        Ok(found)
    }

    /// Refuses a query that returns two columns of one name, which could not be asked for.
    fn refuse_ambiguous(&self, place: &str) -> Result<()> {
        let mut seen = HashSet::new();
        match self.columns.iter().find(|column| !seen.insert(column.name.as_str())) {
            None => Ok(()),
            Some(column) => {
                let text = format!(
                    "`{place}` has two columns `{}`: give one of them another name by `AS`",
                    column.name
                );
                Err(Error::new(ErrorKind::InvalidArgument, text))
            }
        }
    }
}

/// For each column of a statement: its type in words, whether the table never has nulls in it, and how many rows the
/// table has about. Foreign tables only claim to have no nulls.
const COLUMNS: &str = "\
    SELECT coalesce(format_type(a.atttypid, a.atttypmod), format_type(u.type, u.modifier), '???'), \
           coalesce(a.attnotnull AND c.relkind IN ('r', 'p'), false), \
           c.reltuples \
    FROM unnest($1::oid[], $2::int4[], $3::oid[], $4::int2[]) WITH ORDINALITY \
         AS u(type, modifier, relation, number, place) \
    LEFT JOIN pg_catalog.pg_class c ON c.oid = u.relation \
    LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = u.relation AND a.attnum = u.number \
    ORDER BY u.place";
/// The key of a field's metadata that has the type in PostgreSQL's words.
const TYPE_NAME: &str = "postgresql.type";
