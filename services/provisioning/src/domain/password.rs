//! Which new passwords are taken, for a new account as for one that there is. `contracts/ocs-provisioning.md` §7.3, §7.5.

use identity::passwords::rules::{self, RuleBroken};

/// The most bytes.
const LONGEST: usize = 469;

/// Why a new password is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PasswordFault {
    /// Longer than any.
    TooLong,
    /// The instance has rules, and this breaks some of them.
    Rules(Vec<RuleBroken>),
}

/// Checks its length.
///
/// # Errors
/// [`PasswordFault::TooLong`].
pub fn check_length(password: &str) -> Result<(), PasswordFault> {
    if password.len() > LONGEST { Err(PasswordFault::TooLong) } else { Ok(()) }
}

/// Checks it against the rules, if there are any.
///
/// # Errors
/// [`PasswordFault::Rules`], with all that it breaks.
pub fn check_rules(password: &str, has_rules: bool) -> Result<(), PasswordFault> {
    if has_rules { rules::check(password).map_err(PasswordFault::Rules) } else { Ok(()) }
}

impl PasswordFault {
    /// The code of the refusal.
    #[must_use]
    pub const fn code(&self) -> u16 {
        match self {
            Self::TooLong => 101,
            Self::Rules(_) => 107,
        }
    }

    /// Its text: for broken rules a hint.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::TooLong => "Invalid password value".to_owned(),
            Self::Rules(broken) => {
                let hints: Vec<String> = broken.iter().map(ToString::to_string).collect();
                format!("Password refused: {}", hints.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("a", false, None)]
    #[case("a", true, Some(107))]
    #[case("correct-Horse-9-staple", true, None)]
    fn rules_hold_where_there_are_any(
        #[case] password: &str,
        #[case] has_rules: bool,
        #[case] code: Option<u16>,
    ) {
        assert_eq!(check_rules(password, has_rules).err().map(|fault| fault.code()), code);
    }

    #[test]
    fn the_hint_names_every_rule_that_is_broken() {
        let text = check_rules("short", true).unwrap_err().text();
        assert!(text.contains("fewer than 12 characters") && text.contains("no digit"), "{text}");
    }

    #[rstest]
    #[case(469, true)]
    #[case(470, false)]
    fn bytes_are_counted(#[case] bytes: usize, #[case] is_right: bool) {
        assert_eq!(check_length(&"x".repeat(bytes)).is_ok(), is_right);
    }
}
