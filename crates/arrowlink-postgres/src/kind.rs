//! Which Arrow type a type of PostgreSQL becomes, and how its values are asked for.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_schema::{DataType, Field, IntervalUnit, TimeUnit};
use tokio_postgres::types::{Kind as PgKind, Type};

/// How the values of a column come and what they become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Boolean,
    Int16,
    Int32,
    Int64,
    /// `oid`.
    UInt32,
    Float32,
    Float64,
    /// `numeric` with a precision of at most 38 digits.
    Decimal128(u8, i8),
    /// `numeric` with a precision of at most 76 digits.
    Decimal256(u8, i8),
    /// What comes as the text that it is, of a type of texts.
    Text(TextKind),
    /// Anything else: PostgreSQL writes it as text.
    Written,
    Binary,
    Date,
    Time,
    Timestamp,
    TimestampInUtc,
    Interval,
    Uuid,
    Json,
    /// `jsonb`, whose text has a version before it.
    Jsonb,
    /// An array of one dimension.
    List(Box<Self>),
    /// An array whose elements PostgreSQL writes as text.
    WrittenList,
}

/// Which type of texts: they compare in different ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextKind {
    /// `text` and `varchar`: blanks at the end count.
    Plain,
    /// Enumerated types.
    Enumerated,
    /// `char(n)` and `name`.
    Other,
}

impl Kind {
    /// Decides it for a column of the type `of` with that modifier, which is -1 where there is none.
    pub(crate) fn new(of: &Type, modifier: i32) -> Self {
        match *of {
            Type::BOOL => Self::Boolean,
            Type::INT2 => Self::Int16,
            Type::INT4 => Self::Int32,
            Type::INT8 => Self::Int64,
            Type::OID => Self::UInt32,
            Type::FLOAT4 => Self::Float32,
            Type::FLOAT8 => Self::Float64,
            Type::NUMERIC => decimal(modifier),
            Type::TEXT | Type::VARCHAR => Self::Text(TextKind::Plain),
            Type::BPCHAR | Type::NAME => Self::Text(TextKind::Other),
            Type::BYTEA => Self::Binary,
            Type::DATE => Self::Date,
            Type::TIME => Self::Time,
            Type::TIMESTAMP => Self::Timestamp,
            Type::TIMESTAMPTZ => Self::TimestampInUtc,
            Type::INTERVAL => Self::Interval,
            Type::UUID => Self::Uuid,
            Type::JSON => Self::Json,
            Type::JSONB => Self::Jsonb,
            _ => match of.kind() {
                PgKind::Enum(_) => Self::Text(TextKind::Enumerated),
                PgKind::Domain(base) => Self::new(base, modifier),
                PgKind::Array(element) => match Self::new(element, modifier) {
                    Self::Written | Self::List(_) | Self::WrittenList => Self::WrittenList,
                    element => Self::List(Box::new(element)),
                },
                _ => Self::Written,
            },
        }
    }

    /// Returns what is written behind the column in a query, so that it comes as this.
    pub(crate) const fn cast(&self) -> &'static str {
        match self {
            Self::Written => "::text",
            Self::WrittenList => "::text[]",
            _ => "",
        }
    }

    /// Returns the Arrow type.
    pub(crate) fn data_type(&self) -> DataType {
        match self {
            Self::Boolean => DataType::Boolean,
            Self::Int16 => DataType::Int16,
            Self::Int32 => DataType::Int32,
            Self::Int64 => DataType::Int64,
            Self::UInt32 => DataType::UInt32,
            Self::Float32 => DataType::Float32,
            Self::Float64 => DataType::Float64,
            Self::Decimal128(precision, scale) => DataType::Decimal128(*precision, *scale),
            Self::Decimal256(precision, scale) => DataType::Decimal256(*precision, *scale),
            Self::Text(_) | Self::Written | Self::Json | Self::Jsonb => DataType::Utf8,
            Self::Binary => DataType::Binary,
            Self::Date => DataType::Date32,
            Self::Time => DataType::Time64(TimeUnit::Microsecond),
            Self::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::TimestampInUtc => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Self::Interval => DataType::Interval(IntervalUnit::MonthDayNano),
            Self::Uuid => DataType::FixedSizeBinary(16),
            Self::List(element) => DataType::List(Arc::new(element.field("item", true))),
            Self::WrittenList => DataType::new_list(DataType::Utf8, true),
        }
    }

    /// Returns a field of the Arrow type, with the canonical extension type where there is one.
    pub(crate) fn field(&self, name: &str, is_nullable: bool) -> Field {
        let extension = match self {
            Self::Uuid => Some("arrow.uuid"),
            Self::Json | Self::Jsonb => Some("arrow.json"),
            _ => None,
        };
        let mut metadata = HashMap::new();
        if let Some(extension) = extension {
            metadata.insert(EXTENSION_NAME.to_owned(), extension.to_owned());
            metadata.insert(EXTENSION_METADATA.to_owned(), String::new());
        }
        Field::new(name, self.data_type(), is_nullable).with_metadata(metadata)
    }
}

/// Reads precision and scale out of the modifier of `numeric`; without them, or with more digits than Arrow has, it is
/// text.
///
/// PostgreSQL allows scales below 0 and above the precision: both become a precision that holds the digits.
fn decimal(modifier: i32) -> Kind {
    if modifier < 4 {
        return Kind::Written;
    }
    let bits = modifier - 4;
    let precision = bits >> 16 & 0xffff;
    // Eleven bits with a sign.
    let scale = ((bits & 0x7ff) ^ 1024) - 1024;
    let (precision, scale) = if scale < 0 { (precision - scale, 0) } else { (precision.max(scale), scale) };
    match (u8::try_from(precision), i8::try_from(scale)) {
        (Ok(precision @ 1..=38), Ok(scale)) => Kind::Decimal128(precision, scale),
        (Ok(precision @ 39..=76), Ok(scale)) => Kind::Decimal256(precision, scale),
        _ => Kind::Written,
    }
}

const EXTENSION_NAME: &str = "ARROW:extension:name";
const EXTENSION_METADATA: &str = "ARROW:extension:metadata";
