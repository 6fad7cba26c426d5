//! Which files a dataset has at the moment, and what is known about them.
//!
//! It differs from [`location`](crate::location), which finds the files anew each time: here is what may be kept
//! between two requests, and for how long it is good.

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_schema::SchemaRef;
use arrowlink_core::{Error, ErrorKind, Result};

use crate::combine::combine;
use crate::inspect::{Facts, inspect};
use crate::location::{Location, Sought, format_of};
use crate::pieces::{Piece, pieces};
use crate::snapshot::{Digest, FileStamp, Listing};
use crate::storage::Storage;
use crate::{FileFormat, FileOptions};

/// The files of a dataset at one moment and what is known about them.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    /// The files, in the order in which they are read.
    pub(crate) listing: Arc<Listing>,
    /// Where they are.
    pub(crate) storage: Storage,
    /// The format that all of them have.
    pub(crate) format: FileFormat,
    /// The schema that all of them are read with.
    pub(crate) schema: SchemaRef,
    /// What is known about each file, in the order of the files.
    pub(crate) facts: Vec<Arc<Facts>>,
}

impl Table {
    /// Returns the runs of rows that can be read on their own.
    pub(crate) fn pieces(&self) -> Vec<Piece> {
        pieces(&self.listing.files, &self.facts)
    }

    /// Returns how many rows there are, where every file says it.
    pub(crate) fn rows(&self) -> Option<u64> {
        self.facts.iter().map(|facts| facts.rows).sum()
    }
}

/// The states of one dataset, found out when they are asked for.
///
/// Files are looked into once as long as they stay as they are. All of this reads files: it is to be called on the
/// query runtime.
#[derive(Debug)]
pub(crate) struct Tables {
    sought: Sought,
    options: Arc<FileOptions>,
    memory: Mutex<Memory>,
}

/// What is kept between requests; nothing in it has to be.
///
/// A request that finds nothing in it is slower, and answers the same but for one thing: a place in a listing that is
/// forgotten cannot be resumed once files were added.
#[derive(Debug, Default)]
struct Memory {
    /// What was found in the files, good as long as a file is what its stamp says.
    facts: HashMap<PathBuf, (FileStamp, Arc<Facts>)>,
    /// The listings of the last reads, the latest first.
    listings: VecDeque<Arc<Listing>>,
}

impl Tables {
    /// Finds the files that `uris` stand for, or a store in which they may be later.
    ///
    /// Fails where there are none that could be read: nothing is there on this machine, or it is in no format that is
    /// known. What a store says against it is said when its files are asked for.
    pub(crate) async fn open(uris: Vec<String>, options: Arc<FileOptions>) -> Result<Self> {
        let tables = Self { sought: Sought::new(uris, &options)?, options, memory: Mutex::default() };
        match tables.check().await {
            Err(error) if !tables.sought.may_pass(&error) => Err(error),
            Ok(()) | Err(_) => Ok(tables),
        }
    }

    /// Looks for the files, and whether they are of one format.
    async fn check(&self) -> Result<()> {
        let listing = self.sought.location().await?.list(self.options.format).await?;
        if !listing.files.is_empty() {
            format(&listing, &self.options)?;
        }
        Ok(())
    }

    /// Returns where the files are, as it was given.
    pub(crate) fn shown(&self) -> &str {
        self.sought.shown()
    }

    /// Lists the files, or finds the listing that `at` stands for, and looks into those that are new.
    ///
    /// Fails with the first file that is broken or, where none is, the first that does not fit those before it.
    pub(crate) async fn table(&self, at: Option<Digest>) -> Result<Table> {
        let location = self.sought.location().await?;
        let listing = self.listing(location, at).await?;
        let storage = location.storage();
        if listing.files.is_empty() {
            return self.empty(listing, storage);
        }
        let format = format(&listing, &self.options)?;
        let mut facts = Vec::with_capacity(listing.files.len());
        for stamp in &listing.files {
            facts.push(self.facts(storage, stamp, format).await?);
        }
        let schema = combine(&listing.files, &facts)?;
        self.remember(&listing);
        Ok(Table { listing, storage: storage.clone(), format, schema, facts })
    }

    /// Returns the files as they are now, or as they were at `at`, if they still are.
    ///
    /// Files that came later do not end a read that is resumed: it goes on in its own listing, as long as each of
    /// those files is unchanged. Fails with `SnapshotChanged` otherwise.
    async fn listing(&self, location: &Location, at: Option<Digest>) -> Result<Arc<Listing>> {
        let listing = Arc::new(location.list(self.options.format).await?);
        let Some(at) = at.filter(|at| *at != listing.digest()) else { return Ok(listing) };
        let earlier = self.with_memory(|memory| {
            memory.listings.iter().find(|earlier| earlier.digest() == at).map(Arc::clone)
        });
        let changed = match earlier {
            None => "the files are not those that the read began with".to_owned(),
            Some(earlier) => match earlier.changed_in(&listing) {
                None => return Ok(earlier),
                Some(file) => format!("`{}` is not what it was when the read began", file.name),
            },
        };
        Err(Error::new(ErrorKind::SnapshotChanged, format!("{changed}: read again from the start")))
    }

    /// An empty folder is a table where its columns are known, and none yet where they are not.
    fn empty(&self, listing: Arc<Listing>, storage: &Storage) -> Result<Table> {
        let schema = self.options.schema.as_ref().map(SchemaRef::clone).ok_or_else(|| {
            let message = format!("there are no files in `{}` yet", self.shown());
            Error::new(ErrorKind::NotFound, message)
        })?;
        let format = self.options.format.unwrap_or(FileFormat::Csv);
        Ok(Table { listing, storage: storage.clone(), format, schema, facts: Vec::new() })
    }

    /// Looks into the file of `stamp`, unless that was done when it was what it is now.
    ///
    /// What was found stays known also where another file of the dataset is broken.
    async fn facts(&self, storage: &Storage, stamp: &FileStamp, format: FileFormat) -> Result<Arc<Facts>> {
        let known = self.with_memory(|memory| {
            let known = memory.facts.get(&stamp.path).filter(|(known, _)| known == stamp);
            known.map(|(_, facts)| Arc::clone(facts))
        });
        if let Some(known) = known {
            return Ok(known);
        }
        // Many files are looked into one after the other; others get their turn in between.
        tokio::task::yield_now().await;
        let facts = Arc::new(inspect(storage, stamp, format, &self.options).await?);
        let entry = (stamp.clone(), Arc::clone(&facts));
        self.with_memory(|memory| memory.facts.insert(stamp.path.clone(), entry));
        Ok(facts)
    }

    /// Keeps `listing` for reads that are resumed, and forgets the files that are not in it.
    fn remember(&self, listing: &Arc<Listing>) {
        self.with_memory(|memory| {
            if memory.facts.len() > listing.files.len() {
                let listed: HashSet<&PathBuf> = listing.files.iter().map(|file| &file.path).collect();
                memory.facts.retain(|path, _| listed.contains(path));
            }
            if memory.listings.iter().all(|known| known.digest() != listing.digest()) {
                memory.listings.truncate(MOST_LISTINGS - 1);
                memory.listings.push_front(Arc::clone(listing));
            }
        });
    }

    /// Does `work` under the lock; what it finds is whole even where a thread panicked.
    fn with_memory<T>(&self, work: impl FnOnce(&mut Memory) -> T) -> T {
        work(&mut self.memory.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Returns the one format of the files, which takes a schema only where it has none of its own.
fn format(listing: &Listing, options: &FileOptions) -> Result<FileFormat> {
    let format = format_of(&listing.files, options.format)?;
    match format {
        FileFormat::Parquet | FileFormat::Arrow if options.schema.is_some() => {
            let message = format!("`schema` is for CSV and JSON: {format} files have their own");
            Err(Error::new(ErrorKind::InvalidArgument, message))
        }
        _ => Ok(format),
    }
}

/// How many earlier listings are kept, so that reads of them can be resumed after files were added.
const MOST_LISTINGS: usize = 16;
