//! One cell of a row before it has a type: what [`BatchBuilder`](crate::BatchBuilder) takes row by row.

use std::borrow::Cow;
use std::fmt;
use std::time::{Duration, SystemTime};

/// A value for one cell; the column that it is appended to decides what it becomes and whether it fits.
///
/// Rust's own values convert into it: numbers, `bool`, text, `Option` (none is null), `Vec` and arrays (lists),
/// `&[u8]` (bytes), `&[f32]` (a vector, without a value for each element), [`SystemTime`] and [`Duration`].
///
/// Nothing is converted that could lose what was meant: text is not parsed as a number, a float is not cut to an
/// integer, an integer that a float does not have exactly is refused. Two things are rounded, both documented at
/// their variant: a float to the width of its column, and an instant to the unit of its column.
///
/// ```
/// use arrowlink_core::Value;
///
/// assert_eq!(Value::from(7), Value::Int(7));
/// assert_eq!(Value::from(None::<i64>), Value::Null);
/// assert_eq!(Value::from(vec!["a", "b"]), Value::List(vec!["a".into(), "b".into()]));
/// assert_eq!(Value::from_fields([("x", 1)]).to_string(), "{x: 1}");
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Value<'a> {
    /// No value; refused by columns that are not null.
    #[default]
    Null,
    /// For boolean columns.
    Bool(bool),
    /// For integers of every width, for floats that have exactly this value, for decimals as a whole number, and for
    /// dates, times, timestamps and durations as a count of the column's unit.
    Int(i128),
    /// For floats; it is rounded to the nearest that the column has.
    Float(f64),
    /// For text, and for decimals (`12.50`), dates (`2024-05-01`), times (`09:30:00`) and timestamps
    /// (`2024-05-01T09:30:00+02:00`; without an offset in the column's zone, UTC where it has none).
    Text(Cow<'a, str>),
    /// For binary columns.
    Bytes(Cow<'a, [u8]>),
    /// For lists, for fixed-size lists of that length, and for maps as pairs of key and value.
    List(Vec<Self>),
    /// For lists and fixed-size lists of 32-bit floats.
    Vector(Cow<'a, [f32]>),
    /// For structs, and for maps whose keys are text; fields of a struct that are left out are null.
    Struct(Vec<(Cow<'a, str>, Self)>),
    /// For timestamps; digits finer than the column's unit are cut off.
    Instant(SystemTime),
    /// For durations; digits finer than the column's unit are cut off.
    Elapsed(Duration),
}

impl<'a> Value<'a> {
    /// Makes the value of a struct.
    ///
    /// ```
    /// use arrow_schema::DataType;
    /// use arrowlink_core::{BatchBuilder, SchemaBuilder, Value};
    ///
    /// let point = SchemaBuilder::new()
    ///     .required("x", DataType::Float64)
    ///     .optional("y", DataType::Float64)
    ///     .build_struct()?;
    /// let mut builder = BatchBuilder::new(SchemaBuilder::new().required("place", point).build()?);
    /// builder.append([Value::from_fields([("x", 0.5)])])?;
    ///
    /// let error = builder.append([Value::from_fields([("z", 0.5)])]).unwrap_err();
    /// assert!(error.message().starts_with("row 1, column `place"), "{error}");
    /// # Ok::<(), arrowlink_core::Error>(())
    /// ```
    pub fn from_fields<K, V>(fields: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<Cow<'a, str>>,
        V: Into<Self>,
    {
        Self::Struct(fields.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl fmt::Display for Value<'_> {
    /// Writes what an error shows of it: long text and lists are cut.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Float(value) => write!(f, "{value:?}"),
            Self::Text(text) if text.chars().count() > MOST_SHOWN => {
                write!(f, "\"{}...\"", text.chars().take(MOST_SHOWN).collect::<String>())
            }
            Self::Text(text) => write!(f, "\"{text}\""),
            Self::Bytes(bytes) => write!(f, "{} bytes", bytes.len()),
            Self::List(values) => write!(f, "a list of {}", values.len()),
            Self::Vector(values) => write!(f, "a vector of {}", values.len()),
            Self::Struct(fields) => {
                let shown: Vec<_> = fields.iter().map(|(name, value)| format!("{name}: {value}")).collect();
                write!(f, "{{{}}}", shown.join(", "))
            }
            Self::Instant(instant) => match instant.duration_since(SystemTime::UNIX_EPOCH) {
                Ok(since) => write!(f, "the instant {since:?} after 1970"),
                Err(error) => write!(f, "the instant {:?} before 1970", error.duration()),
            },
            Self::Elapsed(elapsed) => write!(f, "{elapsed:?}"),
        }
    }
}

macro_rules! from_integers {
    ($($integer:ty),*) => {$(
        impl From<$integer> for Value<'_> {
            fn from(value: $integer) -> Self {
                // Every integer that Arrow has is within 128 bits.
                Self::Int(value as i128)
            }
        }
    )*};
}

from_integers!(i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, usize);

impl From<()> for Value<'_> {
    fn from((): ()) -> Self {
        Self::Null
    }
}

impl From<bool> for Value<'_> {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<f32> for Value<'_> {
    fn from(value: f32) -> Self {
        Self::Float(value.into())
    }
}

impl From<f64> for Value<'_> {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(Cow::Borrowed(bytes))
    }
}

impl<'a> From<&'a [f32]> for Value<'a> {
    fn from(values: &'a [f32]) -> Self {
        Self::Vector(Cow::Borrowed(values))
    }
}

impl From<SystemTime> for Value<'_> {
    fn from(instant: SystemTime) -> Self {
        Self::Instant(instant)
    }
}

impl From<Duration> for Value<'_> {
    fn from(elapsed: Duration) -> Self {
        Self::Elapsed(elapsed)
    }
}

impl<'a, T: Into<Self>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl<'a, T: Into<Self>> From<Vec<T>> for Value<'a> {
    fn from(values: Vec<T>) -> Self {
        Self::List(values.into_iter().map(Into::into).collect())
    }
}

impl<'a, T: Into<Self>, const N: usize> From<[T; N]> for Value<'a> {
    fn from(values: [T; N]) -> Self {
        Self::List(values.into_iter().map(Into::into).collect())
    }
}

/// How many characters of a text an error shows.
const MOST_SHOWN: usize = 40;
