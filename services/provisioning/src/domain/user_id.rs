//! What the id of a user may be. `contracts/ocs-provisioning.md` §7.3.

/// The most bytes.
const LONGEST: usize = 64;

/// Names of files that the original keeps beside those of its users.
const RESERVED: [&str; 8] = [
    ".htaccess",
    "files_external",
    "__groupfolders",
    ".ncdata",
    "owncloud.log",
    "nextcloud.log",
    "updater.log",
    "audit.log",
];

/// Why a text is no user id, in the words of the dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUserId {
    /// It has others.
    #[error(
        "Only the following characters are allowed in an Login: \"a-z\", \"A-Z\", \"0-9\", spaces and \"_.@-'\""
    )]
    Characters,
    /// It is empty.
    #[error("A valid Login must be provided")]
    Empty,
    /// It has blanks around it.
    #[error("Login contains whitespace at the beginning or at the end")]
    Blanks,
    /// It is `.` or `..`.
    #[error("Login must not consist of dots only")]
    Dots,
    /// It is too long.
    #[error("Username is too long")]
    TooLong,
    /// It is the name of something else.
    #[error("Login is invalid because files already exist for this user")]
    Reserved,
}

/// Checks the id of a new user.
///
/// # Errors
/// [`InvalidUserId`], the first that holds.
pub fn check(id: &str) -> Result<(), InvalidUserId> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '_' | '.' | '@' | '-' | '\'');
    if !id.chars().all(is_allowed) {
        Err(InvalidUserId::Characters)
    } else if id.trim().is_empty() {
        Err(InvalidUserId::Empty)
    } else if id.trim() != id {
        Err(InvalidUserId::Blanks)
    } else if id == "." || id == ".." {
        Err(InvalidUserId::Dots)
    } else if id.len() > LONGEST {
        Err(InvalidUserId::TooLong)
    } else if RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(id)) {
        Err(InvalidUserId::Reserved)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::{InvalidUserId, check};

    #[rstest]
    #[case("jonas", Ok(()))]
    #[case("Mira Osei_9.@-'", Ok(()))]
    #[case("...", Ok(()))]
    #[case(&"x".repeat(64), Ok(()))]
    #[case(&"x".repeat(65), Err(InvalidUserId::TooLong))]
    #[case("", Err(InvalidUserId::Empty))]
    #[case("  ", Err(InvalidUserId::Empty))]
    #[case(" a", Err(InvalidUserId::Blanks))]
    #[case("a ", Err(InvalidUserId::Blanks))]
    #[case(".", Err(InvalidUserId::Dots))]
    #[case("..", Err(InvalidUserId::Dots))]
    #[case("é", Err(InvalidUserId::Characters))]
    #[case("a/b", Err(InvalidUserId::Characters))]
    #[case("a\0", Err(InvalidUserId::Characters))]
    #[case("a\tb", Err(InvalidUserId::Characters))]
    #[case(".htaccess", Err(InvalidUserId::Reserved))]
    #[case("Audit.Log", Err(InvalidUserId::Reserved))]
    fn each_rule_has_its_words(#[case] id: &str, #[case] expected: Result<(), InvalidUserId>) {
        assert_eq!(check(id), expected);
    }

    proptest! {
        #[test]
        fn whatever_passes_is_short_and_plain(id in "(?s).{0,70}") {
            if check(&id).is_ok() {
                prop_assert!(id.is_ascii() && (1..=64).contains(&id.len()) && !id.contains(char::is_control));
            }
        }
    }
}
