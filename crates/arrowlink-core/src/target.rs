//! What a read or a description is about.

use crate::Name;

/// A name, or a query.
///
/// ```
/// use arrowlink_core::{Name, Target};
///
/// let trips: Name = "trips".parse()?;
/// assert_eq!(Target::from(&trips), Target::Name(trips));
/// # Ok::<(), arrowlink_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target {
    /// The dataset, stream or function of that name.
    Name(Name),
    /// The result of a SQL text; services without a query engine answer `Unsupported`.
    Sql(String),
}

impl From<Name> for Target {
    fn from(name: Name) -> Self {
        Self::Name(name)
    }
}

impl From<&Name> for Target {
    fn from(name: &Name) -> Self {
        Self::Name(name.clone())
    }
}
