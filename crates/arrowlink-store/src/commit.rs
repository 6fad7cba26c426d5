//! The step that makes an arrived upload part of its dataset, and the one that takes a dataset away.
//!
//! The order on disk: the file was flushed before; its folder is made and the data directory flushed where the
//! dataset is new; the file is renamed into it; the folder is flushed; only then do readers see it. A kill between
//! any two of these leaves either a file aside and at most an empty folder, which the next opening deletes, or the
//! whole upload.

use std::fs;
use std::io;
use std::path::Path;

use arrow_schema::Schema;
use arrowlink_core::{Error, ErrorKind, Name, Receipt, Result, WriteMode, WriteOptions, schema_mismatch};

use crate::aside::{new_path, sync_folder};
use crate::failure::disk;
use crate::folder::{Folder, file_name, uploads_in};
use crate::index::{Index, Table, Upload};
use crate::stored_file::Label;
use crate::upload::Arrived;

/// Says whether a write to `name` may go on: a receipt where it is the repetition of one that was stored.
///
/// Fails with `NotFound` where a dataset must be there, `AlreadyExists` where it must not, `SchemaMismatch` where it
/// has another schema, and `Corrupt` where it is damaged. A repetition is recognised before any of these but the
/// first and the last.
pub(crate) fn admit(
    index: &Index,
    name: &Name,
    schema: &Schema,
    options: &WriteOptions,
) -> Result<Option<Receipt>> {
    let datasets = index.read();
    let Some(state) = datasets.get(name) else {
        return if options.mode == WriteMode::Append {
            Err(Error::not_found("dataset", name, datasets.keys()))
        } else {
            Ok(None)
        };
    };
    let table = state.table()?;
    if let Some(receipt) = table.repeated(options.idempotency_key.as_deref()) {
        return Ok(Some(receipt));
    }
    if options.mode == WriteMode::Create {
        return Err(Error::new(ErrorKind::AlreadyExists, format!("dataset `{name}` is there already")));
    }
    schema_mismatch(&table.schema, schema).map_or(Ok(None), Err)
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
    if let Some(receipt) = admit(index, name, &arrived.schema, options)? {
        return Ok(receipt);
    }
    let last = index.read().get(name).map(|state| state.table().map(Table::last)).transpose()?;
    let place = folder.dataset(name);
    if last.is_none() {
        create_folder(&place, folder.path()).map_err(|error| disk("create", &place, error))?;
    }
    let sequence = last.unwrap_or(0) + 1;
    let file = place.join(file_name(sequence));
    arrived.aside.rename(&file).map_err(|error| disk("create", &file, error))?;
    sync_folder(&place).map_err(|error| withdraw(&file, error))?;
    arrived.reservation.keep();
    let Label { identity, rows, batches, idempotency_key } = arrived.label;
    let upload = Upload { sequence, identity, rows, batches, bytes: arrived.bytes };
    let identity = index.add(name, arrived.schema, upload, idempotency_key)?;
    Ok(upload.receipt(identity))
}

/// Takes the dataset `name` away. The caller holds the lock of the name.
///
/// Its folder is renamed aside and that flushed before anything is deleted: a kill leaves all of it or nothing.
/// Returns how many bytes became free.
pub(crate) fn remove(folder: &Folder, index: &Index, name: &Name) -> Result<u64> {
    let datasets = index.read();
    if !datasets.contains_key(name) {
        return Err(Error::not_found("dataset", name, datasets.keys()));
    }
    drop(datasets);
    let place = folder.dataset(name);
    let aside = new_path(folder.aside());
    fs::rename(&place, &aside)
        .and_then(|()| sync_folder(folder.path()))
        .map_err(|error| disk("remove", &place, error))?;
    index.write().remove(name);
    let failed = |error| disk("delete", &aside, error);
    let bytes = uploads_in(&aside).map_err(failed)?.iter().map(|file| file.bytes).sum();
    fs::remove_dir_all(&aside).map_err(failed)?;
    Ok(bytes)
}

/// A folder may be there already, left by a commit that failed; its entry is flushed once more.
fn create_folder(place: &Path, parent: &Path) -> io::Result<()> {
    match fs::create_dir(place) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => sync_folder(parent),
    }
}

/// Takes back a file whose folder could not be flushed: what is not acknowledged must not stay.
fn withdraw(file: &Path, error: io::Error) -> Error {
    if let Err(error) = fs::remove_file(file) {
        tracing::error!(path = %file.display(), %error, "cannot take back an upload that was not acknowledged");
    }
    disk("flush the folder of", file, error)
}
