//! Real tables and damaged streams, where they are.

use std::path::{Path, PathBuf};

/// Returns the folder `part` (`data`, `golden`, `fuzz`) of the test data that `ARROWLINK_TEST_DATA` names. `None` where
/// the variable is not set; then it is said that the test did not run.
#[expect(clippy::print_stdout, reason = "a test that is left out says so")]
pub fn test_data(part: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("ARROWLINK_TEST_DATA");
    if folder.is_none() {
        println!("not run: ARROWLINK_TEST_DATA does not name the folder of test data");
    }
    folder.map(|folder| Path::new(&folder).join(part))
}
