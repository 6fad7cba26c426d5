//! That a JSON value is of its column's type, told by what it looks like alone.
//!
//! A value is not decoded here but for its kind: whether a text is a time, or a number fits eight bits, is for the
//! decoder to say. What the decoder would take without a word is what this is for: `1.5` as an integer, or `"5"`.

use std::fmt;

use arrow_schema::{DataType, Field, Fields};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Unexpected, Visitor};

use super::check::Trail;

/// An object with the columns `fields`.
///
/// A column may be missing here; whether it may be null is for the decoder to say. A column that is not in `fields`
/// is an error.
pub(super) struct Object<'a> {
    pub(super) fields: &'a Fields,
    pub(super) trail: &'a Trail,
}

impl<'de> DeserializeSeed<'de> for Object<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let mut expected = 0;
        while let Some(index) = entries.next_key_seed(Key { fields: self.fields, expected })? {
            expected = index + 1;
            let Some(field) = self.fields.get(index) else { continue };
            let value = Value { field, data_type: field.data_type(), trail: self.trail };
            entries.next_value_seed(value).inspect_err(|_| self.trail.within(field.name()))?;
        }
        Ok(())
    }
}

/// The name of one of `fields`; the one at `expected` is looked at first.
///
/// Rows mostly have their columns in one order; looking at the expected one first makes a row of many columns cost as
/// many comparisons.
struct Key<'a> {
    fields: &'a Fields,
    expected: usize,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a column")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<usize, E> {
        if self.fields.get(self.expected).is_some_and(|field| field.name() == name) {
            return Ok(self.expected);
        }
        let found = self.fields.find(name).map(|(index, _)| index);
        found.ok_or_else(|| E::custom(format_args!("there is no column `{name}`")))
    }
}

/// A value of `data_type`, which is that of `field` or what its dictionary has.
#[derive(Clone, Copy)]
struct Value<'a> {
    field: &'a Field,
    data_type: &'a DataType,
    trail: &'a Trail,
}

impl Value<'_> {
    /// Returns the check of what a list or a map has, where this is one.
    ///
    /// Keys of maps are text in JSON and are not looked at.
    fn inner(&self) -> Option<Self> {
        match self.data_type {
            DataType::List(item)
            | DataType::LargeList(item)
            | DataType::ListView(item)
            | DataType::LargeListView(item)
            | DataType::FixedSizeList(item, _) => {
                Some(Value { field: item, data_type: item.data_type(), ..*self })
            }
            DataType::Map(entries, _) => match entries.data_type() {
                DataType::Struct(fields) => {
                    let value = fields.get(1)?;
                    Some(Value { field: value, data_type: value.data_type(), ..*self })
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// Checks a number that is `whole` or has a fraction; a whole one `fits` an integer type or is too large for it.
    ///
    /// Whole numbers go into floats, times, decimals and binary too; fractions into all of these but integers.
    fn number<E: serde::de::Error>(self, whole: bool, fits: bool, found: Unexpected<'_>) -> Result<(), E> {
        match self.data_type {
            data_type if data_type.is_integer() && whole && fits => Ok(()),
            data_type if data_type.is_integer() && whole => Err(E::invalid_value(found, &self)),
            data_type if data_type.is_floating() || takes_text_and_numbers(data_type) => Ok(()),
            _ => Err(E::invalid_type(found, &self)),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.data_type {
            DataType::Dictionary(_, values) => Value { data_type: values, ..self }.deserialize(deserializer),
            _ => deserializer.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.data_type)
    }

    /// A null is refused here where its column takes none; a column that is left out is not seen.
    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        let takes_null = self.field.is_nullable() || *self.data_type == DataType::Null;
        if takes_null { Ok(()) } else { Err(E::invalid_type(Unexpected::Other("null"), &self)) }
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<(), E> {
        let fits = *self.data_type == DataType::Boolean;
        if fits { Ok(()) } else { Err(E::invalid_type(Unexpected::Bool(value), &self)) }
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<(), E> {
        let fits = value >= 0 || self.data_type.is_signed_integer();
        self.number(true, fits, Unexpected::Signed(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        let fits = i64::try_from(value).is_ok() || *self.data_type == DataType::UInt64;
        self.number(true, fits, Unexpected::Unsigned(value))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<(), E> {
        self.number(false, false, Unexpected::Float(value))
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<(), E> {
        let fits = self.data_type.is_string() || takes_text_and_numbers(self.data_type);
        if fits { Ok(()) } else { Err(E::invalid_type(Unexpected::Str(value), &self)) }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let inner = self.inner().filter(|_| !matches!(self.data_type, DataType::Map(..)));
        let Some(inner) = inner else { return Err(A::Error::invalid_type(Unexpected::Seq, &self)) };
        while items.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        match (self.data_type, self.inner()) {
            (DataType::Struct(fields), _) => Object { fields, trail: self.trail }.visit_map(entries),
            (DataType::Map(..), Some(inner)) => {
                while entries.next_key::<serde::de::IgnoredAny>()?.is_some() {
                    entries.next_value_seed(inner)?;
                }
                Ok(())
            }
            _ => Err(A::Error::invalid_type(Unexpected::Map, &self)),
        }
    }
}

/// Types that JSON writes as text or as numbers, as their decoder says: times, decimals, bytes.
fn takes_text_and_numbers(data_type: &DataType) -> bool {
    data_type.is_temporal() || data_type.is_decimal() || data_type.is_binary()
}
