//! What a read or a description is about.

use bytes::Bytes;

use crate::{Name, Query};

/// A name, or a query.
///
/// ```
/// use arrowlink_core::{Name, Query, Target};
///
/// let trips: Name = "trips".parse()?;
/// assert_eq!(Target::from(&trips), Target::Name(trips));
/// assert_eq!(Target::from(Query::new("select 1")), Target::Sql(Query::new("select 1")));
/// # Ok::<(), arrowlink_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Target {
    /// The dataset, stream or function of that name.
    Name(Name),
    /// The result of a SQL statement; services without a query engine answer `Unsupported`.
    Sql(Query),
    /// The result of a Substrait plan, encoded; services that do not know Substrait answer `Unsupported`.
    Substrait(Bytes),
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

impl From<Query> for Target {
    fn from(query: Query) -> Self {
        Self::Sql(query)
    }
}
