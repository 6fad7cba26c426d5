//! The step that makes an arrived upload part of its dataset, and the one that takes a dataset away.
//!
//! The order on disk: the file was flushed before; its folder is made and the data directory flushed where the
//! dataset is new; the file is renamed into it; the folder is flushed; only then do readers see it. A kill between
//! any two of these leaves either a file aside and at most an empty folder, which the next opening deletes, or the
//! whole upload. Where it replaces what was there, its footer says so, and what was there is deleted last: the rename
//! is the step from all of the one to all of the other.

use std::fs;
use std::io;
use std::path::Path;

use arrow_schema::SchemaRef;
use arrowlink_core::{Error, ErrorKind, Name, Receipt, Result, WriteMode, WriteOptions, schema_mismatch};

use crate::aside::{new_path, sync_folder};
use crate::failure::disk;
use crate::folder::{Folder, delete_before, file_name, uploads_in};
use crate::index::{Index, State, Upload};
use crate::upload::Arrived;

/// What a write begins with, and ends with.
pub(crate) enum Admitted {
    /// Its batches have this schema: that of the dataset, or their own where they make one.
    As(SchemaRef),
    /// It is the repetition of one that was stored.
    Repeated(Receipt),
}

/// Says whether a write to `name` of batches that have `schema` may go on.
///
/// Fails with `NotFound` where a dataset must be there, `AlreadyExists` where it must not, and `Corrupt` where it is
/// damaged. A repetition is recognised before the second. What is to be replaced may have any schema, and may be damaged.
pub(crate) fn admit(
    index: &Index,
    name: &Name,
    schema: &SchemaRef,
    options: &WriteOptions,
) -> Result<Admitted> {
    let datasets = index.read();
    let Some(state) = datasets.get(name) else {
        return if options.mode == WriteMode::Append {
            Err(Error::not_found("dataset", name, datasets.keys()))
        } else {
            Ok(Admitted::As(SchemaRef::clone(schema)))
        };
    };
    let table = match state.table() {
        Err(_) if options.mode == WriteMode::Replace => return Ok(Admitted::As(SchemaRef::clone(schema))),
        table => table?,
    };
    if let Some(receipt) = table.repeated(options.idempotency_key.as_deref()) {
        return Ok(Admitted::Repeated(receipt));
    }
    match options.mode {
        WriteMode::Create => {
            Err(Error::new(ErrorKind::AlreadyExists, format!("dataset `{name}` is there already")))
        }
        WriteMode::Replace => Ok(Admitted::As(SchemaRef::clone(schema))),
        _ => Ok(Admitted::As(SchemaRef::clone(&table.schema))),
    }
}

/// Commits `arrived` to `name` under the next number. The caller holds the lock of the name.
///
/// Nothing is undone after the folder was flushed: from there on the upload is stored, whatever its client hears.
pub(crate) fn commit(
    folder: &Folder,
    index: &Index,
    name: &Name,
    arrived: Arrived,
    options: &WriteOptions,
) -> Result<Receipt> {
    match admit(index, name, &arrived.schema, options)? {
        Admitted::Repeated(receipt) => return Ok(receipt),
        Admitted::As(schema) => schema_mismatch(&schema, &arrived.schema).map_or(Ok(()), Err)?,
    }
    let last = index.read().get(name).map(State::last);
    let place = folder.dataset(name);
    if last.is_none() {
        create_folder(&place, folder.path()).map_err(|error| disk("create", &place, error))?;
    }
    let sequence = last.unwrap_or(0) + 1;
    let file = place.join(file_name(sequence));
    arrived.aside.rename(&file).map_err(|error| disk("create", &file, error))?;
    sync_folder(&place).map_err(|error| withdraw(&file, error))?;
    arrived.reservation.keep();
    let upload = Upload::new(sequence, &arrived.label, arrived.bytes);
    let key = arrived.label.idempotency_key;
    let identity = if arrived.label.replaces {
        index.replace(name, arrived.schema, upload.clone(), key)
    } else {
        index.add(name, arrived.schema, upload.clone(), key)?
    };
    Ok(upload.receipt(identity))
}

/// Deletes the files of `name` that were replaced, if there are any. The caller holds the lock of the name.
///
/// A kill before or in the middle leaves some of them, which the next opening deletes. Returns how many bytes became
/// free.
pub(crate) fn sweep(folder: &Folder, index: &Index, name: &Name) -> u64 {
    let Ok(table) = index.table(name) else { return 0 };
    let place = folder.dataset(name);
    match uploads_in(&place) {
        Ok(files) => delete_before(&files, table.first()),
        Err(error) => {
            tracing::warn!(path = %place.display(), %error, "cannot list the uploads that were replaced");
            0
        }
    }
}

/// Takes the dataset `name` away. The caller holds the lock of the name.
///
/// Its folder is renamed aside and that flushed before anything is deleted: a kill leaves all of it or nothing. From
/// there on it is removed: what cannot be deleted is left to the next opening. Returns how many bytes became free.
pub(crate) fn remove(folder: &Folder, index: &Index, name: &Name) -> Result<u64> {
    let datasets = index.read();
    if !datasets.contains_key(name) {
        return Err(Error::not_found("dataset", name, datasets.keys()));
    }
    drop(datasets);
    let place = folder.dataset(name);
    let failed = |error| disk("remove", &place, error);
    let bytes = uploads_in(&place).map_err(failed)?.iter().map(|file| file.bytes).sum();
    let aside = new_path(folder.aside());
    fs::rename(&place, &aside).map_err(failed)?;
    sync_folder(folder.path()).map_err(|error| put_back(&aside, &place, error))?;
    index.write().remove(name);
    match fs::remove_dir_all(&aside) {
        Ok(()) => Ok(bytes),
        Err(error) => {
            tracing::warn!(path = %aside.display(), %error, "cannot delete a dataset that was removed");
            Ok(0)
        }
    }
}

/// A folder may be there already, left by a commit that failed; its entry is flushed once more.
fn create_folder(place: &Path, parent: &Path) -> io::Result<()> {
    match fs::create_dir(place) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => sync_folder(parent),
    }
}

/// Puts a dataset back whose removal could not be flushed: what was not acknowledged must not be half done.
fn put_back(aside: &Path, place: &Path, error: io::Error) -> Error {
    if let Err(error) = fs::rename(aside, place) {
        tracing::error!(path = %place.display(), %error, "cannot put back a dataset whose removal failed");
    }
    disk("flush the removal of", place, error)
}

/// Takes back a file whose folder could not be flushed: what is not acknowledged must not stay.
fn withdraw(file: &Path, error: io::Error) -> Error {
    if let Err(error) = fs::remove_file(file) {
        tracing::error!(path = %file.display(), %error, "cannot take back an upload that was not acknowledged");
    }
    disk("flush the folder of", file, error)
}
