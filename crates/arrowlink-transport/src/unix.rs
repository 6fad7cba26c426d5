//! A Unix socket that is there with its permissions or not at all, and goes when its server does.
//!
//! Whoever may open the file may call the server, so that its mode is the access control. A server that was killed leaves
//! its file behind; the next one tells that from a server that runs by connecting to it.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::net::{UnixListener, UnixStream};

/// A listening socket and its file.
#[derive(Debug)]
pub(crate) struct UnixSocket {
    listener: UnixListener,
    path: PathBuf,
    /// Device and inode of the file, so that another server's file is never removed.
    identity: Option<(u64, u64)>,
}

impl UnixSocket {
    /// Listens on `path`. The socket is made in a private folder beside it and renamed, so that nobody else can
    /// connect before its mode is set. A socket that answers is `AddrInUse`, another file
    /// `AlreadyExists`.
    pub(crate) async fn bind(path: &Path) -> io::Result<Self> {
        if let Ok(metadata) = fs::symlink_metadata(path) {
            if !metadata.file_type().is_socket() {
                let text = "a file that is no socket is there: remove it, or choose another path";
                return Err(io::Error::new(io::ErrorKind::AlreadyExists, text));
            }
            if UnixStream::connect(path).await.is_ok() {
                return Err(io::ErrorKind::AddrInUse.into());
            }
        }
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let aside = path.with_file_name(format!(".arrowlink-{}-{number}", std::process::id()));
        drop(fs::remove_dir_all(&aside));
        DirBuilder::new().mode(0o700).create(&aside)?;
        let bound = bind_in(&aside, path);
        fs::remove_dir_all(&aside)?;
        let listener = bound?;
        Ok(Self { listener, path: path.to_owned(), identity: identity(path) })
    }

    /// Waits for the next connection. Cancel safe.
    pub(crate) async fn accept(&self) -> io::Result<UnixStream> {
        self.listener.accept().await.map(|(stream, _)| stream)
    }
}

impl Drop for UnixSocket {
    fn drop(&mut self) {
        if self.identity.is_some() && identity(&self.path) == self.identity {
            drop(fs::remove_file(&self.path));
        }
    }
}

fn bind_in(folder: &Path, path: &Path) -> io::Result<UnixListener> {
    let made = folder.join("s");
    let listener = UnixListener::bind(&made)?;
    fs::set_permissions(&made, Permissions::from_mode(0o600))?;
    fs::rename(&made, path)?;
    Ok(listener)
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    fs::symlink_metadata(path).ok().map(|metadata| (metadata.dev(), metadata.ino()))
}

/// Tells the folders of this process apart.
static NEXT: AtomicU64 = AtomicU64::new(0);
