//! Who opens datasets of other schemes: `myscheme://...` in a `[[dataset]]` becomes a [`Dataset`].

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use arrowlink_core::{Dataset, Error, ErrorKind};
use futures::FutureExt as _;
use futures::future::BoxFuture;

use crate::DatasetConfig;
use crate::config::unread;

/// Sources of a program of one's own, by the scheme of their URIs.
///
/// A source is one trait, [`Dataset`]; it is configured as any other dataset is, with `name`, `uri` and `pin`:
///
/// ```
/// use arrowlink_core::{DataServiceExt as _, DemoDataset};
/// use arrowlink_server::{Config, Schemes, Server, Sources};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let schemes = Schemes::default().with("plant", |config| async move {
///     let uri = config.source.to_string();
///     let hall: u64 = uri.trim_start_matches("plant://hall-").parse().unwrap_or(0);
///     Ok(DemoDataset::new(100, hall)?)
/// });
/// let file = "[server]\ninsecure = true\n[[dataset]]\nname = 'sensors'\nuri = 'plant://hall-3'\n";
/// let sources = Sources::default().with_file("arrowlink.toml", file).with_schemes(&schemes);
/// let server = Server::build_with(Config::from_sources(sources)?, &schemes).await?;
/// let (_, batches) = server.service().read_all(&"sensors".parse()?).await?;
/// assert_eq!(batches[0].num_rows(), 100);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Schemes {
    openers: BTreeMap<String, Opener>,
}

type Opener = Arc<dyn Fn(DatasetConfig) -> BoxFuture<'static, Result<Arc<dyn Dataset>, Error>> + Send + Sync>;

impl Schemes {
    /// Lets `open` open the datasets whose URIs begin with `scheme://`.
    ///
    /// It is called once for each of them when the server starts, and in `--check-config`. An error keeps the server from
    /// starting: a source that may come back later is opened nonetheless and says what is wrong when it is described.
    #[must_use]
    pub fn with<D, F>(
        mut self,
        scheme: impl Into<String>,
        open: impl Fn(DatasetConfig) -> F + Send + Sync + 'static,
    ) -> Self
    where
        D: Dataset + 'static,
        F: Future<Output = Result<D, Error>> + Send + 'static,
    {
        let opener: Opener = Arc::new(move |config| {
            let opening = open(config);
            async move { Ok(Arc::new(opening.await?) as Arc<dyn Dataset>) }.boxed()
        });
        self.openers.insert(scheme.into(), opener);
        self
    }

    /// Returns the schemes, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        self.openers.keys().cloned().collect()
    }

    /// Opens a dataset whose URI is none of the server's own.
    pub(crate) async fn open(&self, config: &DatasetConfig) -> Result<Arc<dyn Dataset>, Error> {
        let scheme = config.source.other_scheme().unwrap_or_default();
        match self.openers.get(scheme) {
            Some(open) => open(config.clone()).await,
            None => Err(Error::new(ErrorKind::Unsupported, unread(scheme, &self.names()))),
        }
    }
}

impl fmt::Debug for Schemes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Schemes").field(&self.names()).finish()
    }
}
