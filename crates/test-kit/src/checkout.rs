//! Files of the checkout that a test reads.

use std::path::PathBuf;

/// The path of a file or folder of the checkout, which the test names from its top.
///
/// Found from where the test runs, not from where it was compiled: a build directory that is kept may have been filled from
/// a checkout elsewhere, and Cargo does not compile anew for that.
///
/// # Panics
/// When the test does not run inside the checkout, or there is no such file.
#[must_use]
pub fn checked_in(path: &str) -> PathBuf {
    let here = std::env::current_dir().expect("a test runs somewhere");
    let top = here.ancestors().find(|folder| folder.join("Cargo.lock").is_file());
    let path = top.expect("a test runs inside the checkout").join(path);
    assert!(path.exists(), "{} is missing", path.display());
    path
}
