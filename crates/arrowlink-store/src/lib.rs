//! Uploads on disk.
