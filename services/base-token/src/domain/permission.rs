//! What somebody may do with the contents of a base. `contracts/seatable-tokens.md` §1.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// `r` or `rw`. Writing is more than reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Permission {
    /// Read only.
    #[serde(rename = "r")]
    Read,
    /// Read and write.
    #[serde(rename = "rw")]
    Write,
}

/// The text is no permission. §6.2: the empty text is none either, whatever the seed's list says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a permission is r or rw")]
pub struct NotAPermission;

impl Permission {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Read, Self::Write];

    /// The text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "r",
            Self::Write => "rw",
        }
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for Permission {
    type Err = NotAPermission;

    fn from_str(text: &str) -> Result<Self, NotAPermission> {
        Self::ALL.into_iter().find(|permission| permission.as_str() == text).ok_or(NotAPermission)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::Permission;

    #[test]
    fn a_permission_is_read_as_it_is_written() {
        for permission in Permission::ALL {
            assert_eq!(permission.to_string().parse(), Ok(permission));
            assert_eq!(serde_json::to_value(permission).unwrap(), permission.as_str());
        }
        assert!(Permission::Write > Permission::Read);
    }

    #[rstest]
    #[case("")]
    #[case("RW")]
    #[case("w")]
    #[case("admin")]
    #[case(" r")]
    fn nothing_else_is_one(#[case] text: &str) {
        assert!(text.parse::<Permission>().is_err());
    }
}
