//! Rows as Rust has them: tuples, arrays and vectors of what converts into a [`Value`].

use crate::Value;

/// A row for [`BatchBuilder::append`](crate::BatchBuilder::append): one value for each column, in the schema's order.
///
/// Tuples of up to sixteen values are rows, and arrays, vectors and slices of any length.
///
/// ```
/// use arrowlink_core::{IntoRow, Value};
///
/// let row = (7, "seven", None::<f64>).into_row();
/// assert_eq!(row.as_ref(), [Value::Int(7), Value::from("seven"), Value::Null]);
/// ```
pub trait IntoRow<'a> {
    /// Returns the values.
    fn into_row(self) -> impl AsRef<[Value<'a>]>;
}

impl<'a, T: Into<Value<'a>>, const N: usize> IntoRow<'a> for [T; N] {
    fn into_row(self) -> impl AsRef<[Value<'a>]> {
        self.map(Into::into)
    }
}

impl<'a, T: Into<Value<'a>>> IntoRow<'a> for Vec<T> {
    fn into_row(self) -> impl AsRef<[Value<'a>]> {
        self.into_iter().map(Into::into).collect::<Vec<_>>()
    }
}

impl<'a> IntoRow<'a> for &[Value<'a>] {
    fn into_row(self) -> impl AsRef<[Value<'a>]> {
        self
    }
}

macro_rules! tuples_into_rows {
    ($($name:ident)+) => {
        impl<'a, $($name: Into<Value<'a>>),+> IntoRow<'a> for ($($name,)+) {
            #[expect(non_snake_case, reason = "each value is called like its type")]
            fn into_row(self) -> impl AsRef<[Value<'a>]> {
                let ($($name,)+) = self;
                [$($name.into()),+]
            }
        }
    };
}

tuples_into_rows!(A);
tuples_into_rows!(A B);
tuples_into_rows!(A B C);
tuples_into_rows!(A B C D);
tuples_into_rows!(A B C D E);
tuples_into_rows!(A B C D E F);
tuples_into_rows!(A B C D E F G);
tuples_into_rows!(A B C D E F G H);
tuples_into_rows!(A B C D E F G H I);
tuples_into_rows!(A B C D E F G H I J);
tuples_into_rows!(A B C D E F G H I J K);
tuples_into_rows!(A B C D E F G H I J K L);
tuples_into_rows!(A B C D E F G H I J K L M);
tuples_into_rows!(A B C D E F G H I J K L M N);
tuples_into_rows!(A B C D E F G H I J K L M N O);
tuples_into_rows!(A B C D E F G H I J K L M N O P);
