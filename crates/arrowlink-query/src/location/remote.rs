//! Files in object stores, and single files of web servers.
//!
//! Names are chosen as on this machine: what is hidden or set aside is left out, and partitions are refused. A store has
//! no folders; a path that is no file and has files below it is one.

use arrowlink_core::{Error, ErrorKind, Result};
use futures::TryStreamExt as _;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt as _};

use super::Listed;
use super::listing::{PATTERN_CHARACTERS, is_set_aside, refuse_partition};
use crate::failure::from_remote;
use crate::snapshot::FileStamp;

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
    /// Finds what `uri` stands for: the `path` in `store`, which is called `origin`.
    pub(super) async fn find(uri: &str, origin: &str, path: &str, store: &dyn ObjectStore) -> Result<Self> {
        let place = |kind| Ok(Self { origin: origin.to_owned(), kind });
        let invalid = |error: object_store::path::Error| {
            Error::new(ErrorKind::InvalidArgument, format!("`{uri}` is not a path of a store"))
                .with_source(error)
        };
        let is_single = origin.starts_with("http");
        let exact = Path::parse(path.trim_matches('/')).map_err(invalid);
        if path.ends_with('/') || path.is_empty() {
            let folder = exact?;
            // It may be empty; that its store answers is all that is asked for.
            has_files(uri, store, &folder).await?;
            return place(Kind::Folder(folder));
        }
        if let Ok(exact) = exact {
            match store.head(&exact).await {
                Ok(_) => return place(Kind::File(exact)),
                Err(object_store::Error::NotFound { .. }) if is_single => {}
                Err(object_store::Error::NotFound { .. }) if path.contains(PATTERN_CHARACTERS) => {}
                Err(object_store::Error::NotFound { .. }) => {
                    if has_files(uri, store, &exact).await? {
                        return place(Kind::Folder(exact));
                    }
                }
                Err(error) => return Err(from_remote(uri, &error)),
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
                let meta = store.head(path).await.map_err(|error| from_remote(&name, &error))?;
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
        let listed = listed.map_err(|error| from_remote(&format!("{}/{root}", self.origin), &error))?;
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

/// Whether there is anything in `folder`, which `uri` stands for.
async fn has_files(uri: &str, store: &dyn ObjectStore, folder: &Path) -> Result<bool> {
    let prefix = Some(folder).filter(|folder| !folder.as_ref().is_empty());
    let first = store.list(prefix).try_next().await;
    Ok(first.map_err(|error| from_remote(uri, &error))?.is_some())
}
