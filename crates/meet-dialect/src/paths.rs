//! Slashes at the end of paths. `contracts/meet.md` §2.1.

/// A path without and with a slash at the end: both are served, and neither redirects to the other.
#[must_use]
pub fn both_forms(path: &str) -> [String; 2] {
    [path.to_owned(), format!("{path}/")]
}
