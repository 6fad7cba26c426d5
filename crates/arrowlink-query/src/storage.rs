//! Where the bytes of files are: on disks of this machine, or in an object store.

use std::sync::Arc;

use object_store::ObjectStore;

/// What a file is opened with.
#[derive(Clone, Debug)]
pub(crate) enum Storage {
    /// A file system of this machine.
    Disk,
    /// An object store, or a server that is asked by HTTP.
    Remote(Arc<dyn ObjectStore>),
}
