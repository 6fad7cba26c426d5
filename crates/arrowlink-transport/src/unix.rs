//! A Unix socket that is there with its permissions or not at all, and goes when its server does.
//!
//! Whoever may open the file may call the server, so that its mode is the access control. A server that was killed leaves
//! its file behind; the next one tells that from a server that runs by connecting to it. Of servers that begin at the
//! same time on the same path one has it in the end, and all others are told so.

mod fields;
mod frames;
mod stream;

use std::fs::{self, DirBuilder, File, Metadata, Permissions, TryLockError};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt as _, FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use arrowlink_core::PeerCredentials;
use socket2::SockRef;
use tokio::net::{UnixListener, UnixStream};

use crate::peer;

pub(crate) use stream::AcceptedStream;

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
        let _turn = Turn::take(path)?;
        refuse_taken(path).await?;
        let aside = Aside::beside(path)?;
        let made = aside.0.join("s");
        let listener = UnixListener::bind(&made)?;
        fs::set_permissions(&made, Permissions::from_mode(0o600))?;
        fs::rename(&made, path)?;
        Ok(Self { listener, path: path.to_owned(), identity: identity(path) })
    }

    /// Waits for the next connection, and says who is at its other end where the system tells. Cancel safe.
    pub(crate) async fn accept(&self) -> io::Result<(AcceptedStream, Option<PeerCredentials>)> {
        let (stream, _) = self.listener.accept().await?;
        enlarge_buffers(&stream);
        let credentials = stream.peer_cred().ok().map(peer::told);
        Ok((AcceptedStream::new(stream), credentials))
    }
}

impl Drop for UnixSocket {
    fn drop(&mut self) {
        if self.identity.is_some() && identity(&self.path) == self.identity {
            drop(fs::remove_file(&self.path));
        }
    }
}

/// Lets more bytes be on their way between two processes, as far as the system allows.
///
/// Linux goes by the sender's buffer alone, other systems by both.
pub(crate) fn enlarge_buffers(stream: &UnixStream) {
    let socket = SockRef::from(stream);
    drop(socket.set_send_buffer_size(BUFFER_BYTES));
    drop(socket.set_recv_buffer_size(BUFFER_BYTES));
}

/// Fails where something is at `path` that has to stay: anything but a socket on which nobody listens any more.
async fn refuse_taken(path: &Path) -> io::Result<()> {
    let Ok(metadata) = fs::symlink_metadata(path) else { return Ok(()) };
    if !metadata.file_type().is_socket() {
        let text = "a file that is no socket is there: remove it, or choose another path";
        return Err(io::Error::new(ErrorKind::AlreadyExists, text));
    }
    // A server that is too busy to answer, or one of another user, is a server too.
    match UnixStream::connect(path).await.map_err(|error| error.kind()) {
        Err(ErrorKind::ConnectionRefused | ErrorKind::NotFound) => Ok(()),
        _ => Err(ErrorKind::AddrInUse.into()),
    }
}

/// The right to bind a path, which one server at a time has.
///
/// It is the lock of a folder beside the path, which ends with the process if it has to, and whose name nobody can
/// make lead elsewhere.
struct Turn {
    folder: PathBuf,
    _lock: File,
}

impl Turn {
    /// Fails at once with `AddrInUse` where another server binds the same path.
    fn take(path: &Path) -> io::Result<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let folder = path.with_file_name(format!(".{name}.lock"));
        if let Err(error) = DirBuilder::new().mode(0o700).create(&folder)
            && error.kind() != ErrorKind::AlreadyExists
        {
            return Err(error);
        }
        // The dot refuses what is no folder, such as a pipe on which this would wait.
        let lock = File::open(folder.join(".")).map_err(|error| match error.kind() {
            ErrorKind::NotFound => ErrorKind::AddrInUse.into(),
            _ => error,
        })?;
        let is_held = matches!(lock.try_lock(), Err(TryLockError::WouldBlock));
        // The folder of a server that has just bound the path is gone.
        if is_held || identity(&folder) != Some(inode(&lock.metadata()?)) {
            return Err(ErrorKind::AddrInUse.into());
        }
        Ok(Self { folder, _lock: lock })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        drop(fs::remove_dir(&self.folder));
    }
}

/// A folder that only this user may look into; removed when dropped.
struct Aside(PathBuf);

impl Aside {
    /// Makes one beside `path`. Its name is short, for the path of a socket may have some hundred bytes, and random, so
    /// that nobody who may write there too is in its way.
    fn beside(path: &Path) -> io::Result<Self> {
        let number = RandomState::new().build_hasher().finish() & 0xffff_ffff;
        let folder = path.with_file_name(format!(".{number:08x}"));
        DirBuilder::new().mode(0o700).create(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    fs::symlink_metadata(path).ok().map(|metadata| inode(&metadata))
}

fn inode(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

/// Plain sockets of two processes moved 2.4 to 2.6 GB/s with the 208 KiB of Linux, 2.6 to 2.8 with this and 2.0 to 2.2 with
/// 4 MiB (medians of 15 on a busy machine, whose spread was wider than the first gain). What a reader that stopped has
/// not taken is the kernel's to hold, on Linux up to twice this.
const BUFFER_BYTES: usize = 1024 * 1024;
