//! Files in object stores, and single files of web servers.
//!
//! Names are chosen as on this machine: what is hidden or set aside is left out, and partitions are refused. A store has
//! no folders; a path that is no file and has files below it is one.

use std::sync::Arc;

use arrowlink_core::{Error, ErrorKind, Result};
use futures::TryStreamExt as _;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt as _};

use super::Listed;
use super::listing::{PATTERN_CHARACTERS, is_set_aside, refuse_partition};
use crate::StoreOptions;
use crate::failure::from_remote;
use crate::snapshot::FileStamp;
use crate::store_options::opened;

/// A place in a store.
#[derive(Clone, Debug)]
pub(super) struct Remote {
    /// What the store is called: `s3://bucket`.
    origin: String,
    kind: Kind,
}

/// Found out once, as on this machine.
#[derive(Clone, Debug)]
enum Kind {
    File(Path),
    Folder(Path),
    /// What matches `pattern` below `root`, the last folder that is not part of the pattern.
    Pattern {
        pattern: glob::Pattern,
        root: Path,
    },
}

impl Remote {
    /// Finds what `uri` stands for, and the store that it is in; `None` where it is a path of this machine.
    pub(super) async fn find(
        uri: &str,
        options: &StoreOptions,
    ) -> Result<Option<(Self, Arc<dyn ObjectStore>)>> {
        let Some((origin, path, store)) = opened(uri, options)? else { return Ok(None) };
        let place = |kind| Ok(Some((Self { origin: origin.to_owned(), kind }, Arc::clone(&store))));
        let invalid = |error: object_store::path::Error| {
            Error::new(ErrorKind::InvalidArgument, format!("`{uri}` is not a path of a store"))
                .with_source(error)
        };
        let is_single = origin.starts_with("http");
        let exact = Path::parse(path.trim_matches('/')).map_err(invalid);
        if path.ends_with('/') || path.is_empty() {
            return place(Kind::Folder(exact?));
        }
        if let Ok(exact) = exact {
            match store.head(&exact).await {
                Ok(_) => return place(Kind::File(exact)),
                Err(object_store::Error::NotFound { .. }) if is_single => {}
                Err(object_store::Error::NotFound { .. }) if path.contains(PATTERN_CHARACTERS) => {}
                Err(object_store::Error::NotFound { .. }) => {
                    if store
                        .list(Some(&exact))
                        .try_next()
                        .await
                        .map_err(|error| from_remote(uri, error))?
                        .is_some()
                    {
                        return place(Kind::Folder(exact));
                    }
                }
                Err(error) => return Err(from_remote(uri, error)),
            }
        }
        if is_single || !path.contains(PATTERN_CHARACTERS) {
            return Err(Error::new(ErrorKind::NotFound, format!("there is no file or folder `{uri}`")));
        }
        let (root, _) = path.split_at(path.find(PATTERN_CHARACTERS).unwrap_or(0));
        let root = Path::parse(root.rsplit_once('/').map_or("", |(root, _)| root)).map_err(invalid)?;
        let pattern = glob::Pattern::new(path).map_err(|error| {
            Error::new(ErrorKind::InvalidArgument, format!("`{uri}` is not a pattern")).with_source(error)
        })?;
        place(Kind::Pattern { pattern, root })
    }

    /// Lists the files that are there.
    pub(super) async fn list(&self, store: &dyn ObjectStore) -> Result<Listed> {
        match &self.kind {
            Kind::File(path) => {
                let name = path.filename().unwrap_or_default().to_owned();
                let meta = store.head(path).await.map_err(|error| from_remote(&name, error))?;
                Ok(Listed::Named(vec![FileStamp::of_object(&self.origin, name, meta)]))
            }
            Kind::Folder(root) => {
                let files = self.below(store, root, |_| true).await?;
                for file in &files {
                    let folders = file.name.rsplit_once('/').map_or("", |(folders, _)| folders);
                    folders.split('/').try_for_each(|folder| refuse_partition(folder.as_ref()))?;
                }
                Ok(Listed::Folder(files))
            }
            Kind::Pattern { pattern, root } => {
                let options = glob::MatchOptions { require_literal_separator: true, ..Default::default() };
                let matched = |path: &str| pattern.matches_with(path, options);
                self.below(store, root, matched).await.map(Listed::Named)
            }
        }
    }

    /// Returns the files below `root` whose path is `wanted` and in which nothing is hidden or set aside.
    async fn below(
        &self,
        store: &dyn ObjectStore,
        root: &Path,
        wanted: impl Fn(&str) -> bool + Send,
    ) -> Result<Vec<FileStamp>> {
        let prefix = Some(root).filter(|root| !root.as_ref().is_empty());
        let listed = store.list(prefix).try_collect::<Vec<ObjectMeta>>().await;
        let listed = listed.map_err(|error| from_remote(&format!("{}/{root}", self.origin), error))?;
        let files = listed.into_iter().filter_map(|meta| {
            let name = meta.location.as_ref().strip_prefix(root.as_ref())?.trim_start_matches('/').to_owned();
            let is_aside = name.split('/').any(|part| is_set_aside(part.as_ref()));
            let is_wanted = !name.is_empty() && !is_aside && wanted(meta.location.as_ref());
            is_wanted.then(|| FileStamp::of_object(&self.origin, name, meta))
        });
        Ok(files.collect())
    }

    pub(super) const fn is_pattern(&self) -> bool {
        matches!(self.kind, Kind::Pattern { .. })
    }
}
