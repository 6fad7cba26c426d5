//! Why a server does not start, or stopped.

use arrowlink_core::Name;

use crate::ConfigError;

/// Why a server does not start, or stopped without being asked.
///
/// What single calls fail with is an [`arrowlink_core::Error`]. The text names the thing and says what to do; causes are
/// reached through [`source`](std::error::Error::source).
///
/// ```
/// use arrowlink_server::{Config, DatasetConfig, Server};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), arrowlink_core::Error> {
/// let trips = DatasetConfig::new("trips".parse()?, "nowhere/*.parquet");
/// let error = Server::build(Config::default().with_dataset(trips)).await.unwrap_err();
/// assert_eq!(error.to_string(), "cannot serve dataset `trips`");
/// assert_eq!(error.exit_code(), 78);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The configuration has unknown keys, wrong values or contradictions; usually a misspelling.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A dataset cannot be served at all; usually its path does not exist.
    #[error("cannot serve dataset `{name}`")]
    Dataset {
        /// Which.
        name: Name,
        /// What is wrong with it.
        source: arrowlink_core::Error,
    },
    /// The data folder cannot be used; usually its permissions, or another server that has it open.
    #[error("cannot keep uploads in `{dir}`")]
    DataDir {
        /// The folder.
        dir: String,
        /// What is wrong with it.
        source: arrowlink_core::Error,
    },
    /// Queries cannot be answered; usually the folder for their intermediate results.
    #[error("cannot answer queries")]
    Query(#[source] arrowlink_core::Error),
    /// A certificate or key cannot be used.
    #[error("cannot serve TLS")]
    Certificates(#[source] arrowlink_transport::Error),
    /// An address cannot be listened on; usually another server that still runs.
    #[error(transparent)]
    Listen(arrowlink_transport::Error),
    /// Something of the machine that a server needs is not given: threads, signals.
    #[error("cannot run")]
    Machine(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl ServerError {
    /// Wraps what the machine did not give.
    pub(crate) fn machine(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Machine(error.into())
    }

    /// Returns the exit code of a program that ends for this reason: 78 for what has to be written otherwise, 69 for
    /// what may be free later, 1 for the rest.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_)
            | Self::Dataset { .. }
            | Self::DataDir { .. }
            | Self::Query(_)
            | Self::Certificates(_) => 78,
            Self::Listen(_) => 69,
            Self::Machine(_) => 1,
        }
    }
}
