//! Who asks queries of whom.

use std::fmt;

/// Whose engine answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    /// DataFusion, in the client's process.
    DataFusion,
    /// DuckDB, in the client's process.
    DuckDb,
    /// ArrowLink's server.
    Ours,
    /// A server of arrow-flight as it comes, over DataFusion.
    Stock,
    /// Sail's server.
    Sail,
    /// ROAPI's server.
    Roapi,
}

/// By which client a server is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Means {
    /// None: the engine is in the same process.
    InProcess,
    /// The ADBC driver of Flight SQL for Python, unchanged.
    Adbc,
    /// The Rust client of the server's own maker.
    Own,
}

/// An engine and by what it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asker {
    pub(crate) engine: Engine,
    pub(crate) means: Means,
}

impl Asker {
    pub(crate) const DATAFUSION: Self = Self { engine: Engine::DataFusion, means: Means::InProcess };
    pub(crate) const DUCKDB: Self = Self { engine: Engine::DuckDb, means: Means::InProcess };
    pub(crate) const OURS: Self = Self::by_adbc(Engine::Ours);
    pub(crate) const OURS_BOTH_ENDS: Self = Self { engine: Engine::Ours, means: Means::Own };
    pub(crate) const STOCK: Self = Self::by_adbc(Engine::Stock);
    pub(crate) const STOCK_BOTH_ENDS: Self = Self { engine: Engine::Stock, means: Means::Own };
    pub(crate) const SAIL: Self = Self::by_adbc(Engine::Sail);
    pub(crate) const ROAPI: Self = Self::by_adbc(Engine::Roapi);

    const fn by_adbc(engine: Engine) -> Self {
        Self { engine, means: Means::Adbc }
    }
}

impl fmt::Display for Asker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.means {
            Means::InProcess => write!(f, "{} in process", self.engine),
            Means::Adbc => write!(f, "{} server, ADBC client", self.engine),
            Means::Own => write!(f, "{} both ends", self.engine),
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DataFusion => "DataFusion",
            Self::DuckDb => "DuckDB",
            Self::Ours => "ArrowLink",
            Self::Stock => "arrow-flight",
            Self::Sail => "Sail",
            Self::Roapi => "ROAPI",
        })
    }
}
