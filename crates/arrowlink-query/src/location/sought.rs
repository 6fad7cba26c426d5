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

/// What the URIs of a dataset stand for, as soon as that is known.
#[derive(Debug)]
pub(crate) struct Sought {
    uris: Vec<String>,
    /// How they were given, for messages and descriptions.
    shown: String,
    options: Arc<FileOptions>,
    /// The store that all of them are in; `None` on this machine.
    store: Option<InStore>,
    found: OnceCell<Location>,
    missed: Mutex<Option<Missed>>,
}

/// Paths in a store.
#[derive(Debug)]
struct InStore {
    /// What the store is called.
    origin: String,
    /// One for each URI.
    paths: Vec<String>,
    store: Arc<dyn ObjectStore>,
}

/// What was said when it was looked for in vain.
#[derive(Debug)]
struct Missed {
    when: Instant,
    error: Error,
}

impl Sought {
    /// Takes what `uris` (paths, patterns, or URIs) say; nothing is looked for yet.
    ///
    /// Fails where it cannot be right whatever is there: their store cannot be used with these options, or they are in
    /// several.
    pub(crate) fn new(uris: Vec<String>, options: &Arc<FileOptions>) -> Result<Self> {
        Ok(Self {
            store: one_store(&uris, &options.store)?,
            shown: shown(&uris),
            uris,
            options: Arc::clone(options),
            found: OnceCell::new(),
            missed: Mutex::default(),
        })
    }

    /// Returns the location as it was given.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
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
            None => Location::on_disk(&self.uris, &self.options.base_dir)?,
            Some(in_store) => {
                let mut places = Vec::new();
                for (uri, path) in self.uris.iter().zip(&in_store.paths) {
                    let store = in_store.store.as_ref();
                    let found = timeout(ANSWER, Remote::find(uri, &in_store.origin, path, store)).await;
                    places.push(found.map_err(|_| silent(uri))??);
                }
                Location::in_store(places, &in_store.store)
            }
        };
        for (uri, place) in self.uris.iter().zip(location.places()) {
            if place.is_pattern() && location.is_empty(place).await? {
                return Err(Error::new(ErrorKind::NotFound, format!("no file matches `{uri}`")));
            }
        }
        Ok(location)
    }

    /// Returns what was said the last time, where that is not long ago.
    fn missed_lately(&self) -> Option<Error> {
        let StoreOptions { pause, .. } = self.options.store;
        let missed = self.missed.lock().unwrap_or_else(PoisonError::into_inner);
        missed.as_ref().filter(|missed| missed.when.elapsed() < pause).map(|missed| copied(&missed.error))
    }
}

/// Returns the store that `uris` are in, with their paths in it; `None` where they are paths of this machine.
fn one_store(uris: &[String], options: &StoreOptions) -> Result<Option<InStore>> {
    let Some((first, others)) = uris.split_first() else {
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            "a dataset needs a file: there is no path or URI",
        ));
    };
    let mut in_store = opened(first, options)?.map(|(origin, path, store)| InStore {
        origin: origin.to_owned(),
        paths: vec![path.to_owned()],
        store,
    });
    for uri in others {
        match (&mut in_store, opened(uri, options)?) {
            (None, None) => {}
            (Some(in_store), Some((origin, path, _))) if in_store.origin == origin => {
                in_store.paths.push(path.to_owned());
            }
            _ => {
                let text = format!("`{first}` and `{uri}` are not in one store: make two datasets of them");
                return Err(Error::new(ErrorKind::InvalidArgument, text));
            }
        }
    }
    Ok(in_store)
}

/// Names all of `uris` where they are few.
fn shown(uris: &[String]) -> String {
    match uris {
        [first, others @ ..] if uris.len() > MOST_SHOWN => format!("{first} and {} more", others.len()),
        uris => uris.join(", "),
    }
}

fn silent(uri: &str) -> Error {
    let text = format!(
        "`{uri}` cannot be read at the moment: its store did not answer within {} s",
        ANSWER.as_secs()
    );
    Error::new(ErrorKind::Unavailable, text)
}

/// How long a store has to say whether it has something.
const ANSWER: Duration = Duration::from_secs(10);
/// How many URIs a description has.
const MOST_SHOWN: usize = 3;
