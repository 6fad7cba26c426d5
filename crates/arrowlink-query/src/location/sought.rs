//! A location that is looked for: on this machine once, where what is not there is a mistake; in a store until it has
//! answered.
//!
//! A store that does not answer, or has no such file, is left alone for a while before it is asked again: whoever lists
//! all datasets again and again is not to wait for it each time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arrowlink_core::{Error, ErrorKind, Result};
use object_store::ObjectStore;
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout};

use super::Location;
use super::remote::Remote;
use crate::failure::copied;
use crate::store_options::opened;
use crate::{FileOptions, StoreOptions};

/// What a URI stands for, as soon as that is known.
#[derive(Debug)]
pub(crate) struct Sought {
    uri: String,
    options: Arc<FileOptions>,
    /// The store that it is in; `None` on this machine.
    store: Option<InStore>,
    found: OnceCell<Location>,
    missed: Mutex<Option<Missed>>,
}

/// A path in a store.
#[derive(Debug)]
struct InStore {
    /// What the store is called.
    origin: String,
    path: String,
    store: Arc<dyn ObjectStore>,
}

/// What was said when it was looked for in vain.
#[derive(Debug)]
struct Missed {
    when: Instant,
    error: Error,
}

impl Sought {
    /// Takes what `uri` (a path, a pattern, or a URI) says; nothing is looked for yet.
    ///
    /// Fails where it cannot be right whatever is there: its store cannot be used with these options.
    pub(crate) fn new(uri: &str, options: &Arc<FileOptions>) -> Result<Self> {
        let in_store = |(origin, path, store): (&str, &str, _)| InStore {
            origin: origin.to_owned(),
            path: path.to_owned(),
            store,
        };
        Ok(Self {
            uri: uri.to_owned(),
            options: Arc::clone(options),
            store: opened(uri, &options.store)?.map(in_store),
            found: OnceCell::new(),
            missed: Mutex::default(),
        })
    }

    /// Returns the location as it was given.
    pub(crate) fn shown(&self) -> &str {
        &self.uri
    }

    /// Whether `error` may be another one at the next time, or none: it is what a store said.
    pub(crate) fn may_pass(&self, error: &Error) -> bool {
        let said = matches!(
            error.kind(),
            ErrorKind::NotFound
                | ErrorKind::Unavailable
                | ErrorKind::PermissionDenied
                | ErrorKind::SnapshotChanged
        );
        self.store.is_some() && said
    }

    /// Returns where it is, and looks for it where that is not known yet.
    pub(crate) async fn location(&self) -> Result<&Location> {
        self.found.get_or_try_init(|| self.look()).await
    }

    async fn look(&self) -> Result<Location> {
        if let Some(error) = self.missed_lately() {
            return Err(error);
        }
        let found = self.find().await;
        if let Err(error) = &found {
            let missed = Missed { when: Instant::now(), error: copied(error) };
            *self.missed.lock().unwrap_or_else(PoisonError::into_inner) = Some(missed);
        }
        found
    }

    async fn find(&self) -> Result<Location> {
        let location = match &self.store {
            None => Location::on_disk(&self.uri, &self.options.base_dir)?,
            Some(InStore { origin, path, store }) => {
                let found = timeout(ANSWER, Remote::find(&self.uri, origin, path, store.as_ref())).await;
                Location::in_store(found.map_err(|_| self.silent())??, store)
            }
        };
        if location.is_pattern() && location.list(None).await?.files.is_empty() {
            return Err(Error::new(ErrorKind::NotFound, format!("no file matches `{}`", self.uri)));
        }
        Ok(location)
    }

    /// Returns what was said the last time, where that is not long ago.
    fn missed_lately(&self) -> Option<Error> {
        let StoreOptions { pause, .. } = self.options.store;
        let missed = self.missed.lock().unwrap_or_else(PoisonError::into_inner);
        missed.as_ref().filter(|missed| missed.when.elapsed() < pause).map(|missed| copied(&missed.error))
    }

    fn silent(&self) -> Error {
        let text = format!(
            "`{}` cannot be read at the moment: its store did not answer within {} s",
            self.uri,
            ANSWER.as_secs()
        );
        Error::new(ErrorKind::Unavailable, text)
    }
}

/// How long a store has to say whether it has something.
const ANSWER: Duration = Duration::from_secs(10);
