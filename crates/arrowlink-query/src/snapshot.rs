//! What a dataset consists of at one moment: its files, sizes and times, and the opaque bytes that say so.
//!
//! ```text
//! snapshot: version, digest (16)
//! digest: the first 16 bytes of BLAKE3 over, per file: length of the name (4), name, size (8), modification time in
//!         nanoseconds (8), length of the entity tag (4), entity tag
//! ```
//!
//! Two listings are the same snapshot if their digests are the same: a list of ten thousand files takes 17 bytes, which
//! fit a ticket. Names are relative to the dataset's folder, so that the same files are the same snapshot on every
//! server. Numbers are big-endian.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use arrowlink_core::{Error, ErrorKind, Result, Snapshot};
use object_store::ObjectMeta;
use object_store::path::Path as ObjectPath;

/// One file as it was when the dataset was listed.
///
/// Size and modification time stand for the content. Who writes other bytes of the same number and sets the time back
/// is not noticed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FileStamp {
    /// Where it is, which is no other file's path: on this machine, or in a store with what the store is called.
    pub(crate) path: PathBuf,
    /// What a store calls it; `None` on this machine.
    pub(crate) object: Option<ObjectPath>,
    /// What it is called within the dataset, and in its messages.
    pub(crate) name: String,
    /// How many bytes it has.
    pub(crate) size: u64,
    /// When it was last written to, in nanoseconds since 1970.
    pub(crate) modified: i64,
    /// What a store calls this state of it, where it does, without quotation marks.
    pub(crate) e_tag: Option<String>,
}

impl FileStamp {
    /// Notes what `metadata` says about the file at `path`.
    pub(crate) fn new(path: PathBuf, name: String, metadata: &std::fs::Metadata) -> Self {
        let modified = nanoseconds(metadata.modified().ok());
        Self { path, object: None, name, size: metadata.len(), modified, e_tag: None }
    }

    /// Notes what a store that is called `origin` says about one of its files, which is `name` within the dataset.
    pub(crate) fn of_object(origin: &str, name: String, meta: ObjectMeta) -> Self {
        let e_tag = entity_tag(&meta).map(str::to_owned);
        Self {
            path: format!("{origin}/{}", meta.location).into(),
            object: Some(meta.location),
            name,
            size: meta.size,
            modified: meta.last_modified.timestamp_nanos_opt().unwrap_or(0),
            e_tag,
        }
    }

    /// Says whether a store speaks of the file as it was.
    pub(crate) fn is_of_object(&self, meta: &ObjectMeta) -> bool {
        let is_same_state = match (self.e_tag.as_deref(), entity_tag(meta)) {
            (Some(before), Some(now)) => before == now,
            _ => self.modified == meta.last_modified.timestamp_nanos_opt().unwrap_or(0),
        };
        self.size == meta.size && is_same_state
    }

    /// Says whether `metadata` is that of the file as it was.
    pub(crate) fn is_of(&self, metadata: &std::fs::Metadata) -> bool {
        self.size == metadata.len() && self.modified == nanoseconds(metadata.modified().ok())
    }
}

/// What a store calls the state of a file: Azure's lists leave out the quotation marks that its answers have.
fn entity_tag(meta: &ObjectMeta) -> Option<&str> {
    meta.e_tag.as_deref().map(|tag| tag.trim_matches('"'))
}

/// The files of a dataset in the order in which they are read, as they were at one moment.
///
/// Files are read in the order of their names compared byte by byte, so that `10.csv` comes before `9.csv`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Listing {
    /// The files, sorted by name.
    pub(crate) files: Vec<FileStamp>,
    digest: Digest,
}

impl Listing {
    /// Sorts `files` by name and takes each once.
    pub(crate) fn new(mut files: Vec<FileStamp>) -> Self {
        files.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.path.cmp(&b.path)));
        files.dedup_by(|a, b| a.path == b.path);
        let digest = Digest::of(&files);
        Self { files, digest }
    }

    /// Returns the snapshot as others see it.
    pub(crate) fn snapshot(&self) -> Snapshot {
        self.digest.snapshot()
    }

    /// Returns what stands for the snapshot.
    pub(crate) const fn digest(&self) -> Digest {
        self.digest
    }

    /// Returns how many bytes the files have in all.
    pub(crate) fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }

    /// Returns the first file that is not what it was any more in the listing of `now`.
    pub(crate) fn changed_in(&self, now: &Self) -> Option<&FileStamp> {
        let now: HashSet<&FileStamp> = now.files.iter().collect();
        self.files.iter().find(|file| !now.contains(file))
    }
}

/// What stands for the files of a listing, their sizes and times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Digest(pub(crate) [u8; DIGEST_BYTES]);

impl Digest {
    /// Hashes the files as the start of this module says.
    fn of(files: &[FileStamp]) -> Self {
        let mut hasher = blake3::Hasher::new();
        for file in files {
            // A name or a tag longer than 4 GiB does not exist.
            hasher.update(&(file.name.len() as u32).to_be_bytes());
            hasher.update(file.name.as_bytes());
            hasher.update(&file.size.to_be_bytes());
            hasher.update(&file.modified.to_be_bytes());
            let e_tag = file.e_tag.as_deref().unwrap_or_default();
            hasher.update(&(e_tag.len() as u32).to_be_bytes());
            hasher.update(e_tag.as_bytes());
        }
        let mut digest = [0; DIGEST_BYTES];
        hasher.finalize_xof().fill(&mut digest);
        Self(digest)
    }

    /// Writes the digest as others see it.
    fn snapshot(self) -> Snapshot {
        let mut bytes = Vec::with_capacity(1 + DIGEST_BYTES);
        bytes.push(VERSION);
        bytes.extend_from_slice(&self.0);
        Snapshot::new(bytes)
    }

    /// Reads what [`snapshot`](Self::snapshot) wrote.
    ///
    /// Fails with `SnapshotChanged` for anything else: the name may have stood for another kind of dataset then.
    pub(crate) fn parse(snapshot: &Snapshot) -> Result<Self> {
        let digest = match snapshot.as_bytes().split_first() {
            Some((&VERSION, digest)) => digest.try_into().ok(),
            _ => None,
        };
        digest.map(Self).ok_or_else(|| {
            let message = "the snapshot is not one of these files: read again from the start";
            Error::new(ErrorKind::SnapshotChanged, message)
        })
    }
}

/// Counts from 1970; 0 where the file system does not know.
///
/// Times before 1970 are negative; what does not fit 64 bits is the nearest that does.
fn nanoseconds(time: Option<SystemTime>) -> i64 {
    let Some(time) = time else { return 0 };
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |before| -before),
    }
}

const VERSION: u8 = 2;
/// How many bytes a digest has: two listings with one digest are not met by accident.
pub(crate) const DIGEST_BYTES: usize = 16;
