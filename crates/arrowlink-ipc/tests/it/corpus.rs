//! Streams that broke other readers, from the test data of Arrow itself.

use std::path::PathBuf;

use arrowlink_ipc::{ErrorKind, Limits};

use arrowlink_testkit::test_data;

use crate::support::{read_in_pieces, try_to_read};

#[test]
fn fuzz_streams_are_read_or_refused() {
    let mut read = 0;
    for path in files("fuzz", "") {
        let bytes = std::fs::read(&path).unwrap();
        let whole = try_to_read(&bytes, &Limits::default());
        let pieces = read_in_pieces(&bytes, 7, &Limits::default());
        match (whole, pieces) {
            (Ok(whole), Ok(pieces)) => {
                assert_eq!(whole.len(), pieces.len(), "{}", path.display());
                read += 1;
            }
            (Err(whole), Err(pieces)) => {
                assert_ne!(pieces.kind(), ErrorKind::Internal, "{}: {pieces}", path.display());
                println!("{}: {whole}", path.file_name().unwrap().to_string_lossy());
            }
            (whole, pieces) => panic!("{}: {whole:?} whole, {pieces:?} in pieces", path.display()),
        }
    }
    println!("{read} read");
}

/// Returns the files of a folder of test data whose names end in `end`, sorted; none where there is no test data.
pub(crate) fn files(folder: &str, end: &str) -> Vec<PathBuf> {
    let Some(folder) = test_data(folder) else { return Vec::new() };
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with(end))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no files in {}", folder.display());
    files
}
