//! What somebody calls themselves.

use store::{DbConn, StoreError};

use super::super::queries::{self, Credentials};
use super::super::{AccountId, EmailKey};
use crate::text::fold;

/// A longer name is nobody's, and is not looked up as it is.
const LONGEST_NAME: usize = 4096;

/// Where the internal ids of accounts end (contracts/seatable-tokens.md §1).
const INTERNAL: &str = "@auth.local";

/// A name as it was typed at a sign-in, with the ways in which the dialect lets it name an account.
#[derive(Debug, Clone)]
pub struct Name {
    text: String,
    means: Means,
}

#[derive(Debug, Clone, Copy)]
enum Means {
    LoginOrEmail,
    Email,
    LoginEmailOrInternalId,
}

impl Name {
    /// A login, or else an e-mail address.
    #[must_use]
    pub fn login_or_email(text: &str) -> Self {
        Self::read(text, Means::LoginOrEmail)
    }

    /// An e-mail address only.
    #[must_use]
    pub fn email(text: &str) -> Self {
        Self::read(text, Means::Email)
    }

    /// The internal id of an account (32 hexadecimal digits `@auth.local`), or else a login, or else an e-mail address:
    /// nobody takes another's internal id by calling themselves so.
    #[must_use]
    pub fn login_email_or_internal_id(text: &str) -> Self {
        Self::read(text, Means::LoginEmailOrInternalId)
    }

    /// As it was typed, so far as it can be somebody's.
    fn read(text: &str, means: Means) -> Self {
        let text = text.trim();
        let text = if text.len() > LONGEST_NAME { String::new() } else { text.to_owned() };
        Self { text, means }
    }

    /// The form under which failures are counted: that of the look-up, so that no two spellings of a name are two.
    pub(crate) fn key(&self) -> String {
        queries::storable(&fold(&self.text))
    }

    pub(super) fn look_up(&self, conn: &mut DbConn) -> Result<Option<Credentials>, StoreError> {
        match self.means {
            Means::LoginOrEmail => queries::credentials(conn, &self.text, None),
            Means::Email => queries::credentials_of_email(conn, self.text.parse::<EmailKey>().ok().as_ref()),
            Means::LoginEmailOrInternalId => {
                queries::credentials(conn, &self.text, internal_id(&fold(&self.text)))
            }
        }
    }
}

/// The account that a folded text is the internal id of.
fn internal_id(folded: &str) -> Option<AccountId> {
    let digits = folded.strip_suffix(INTERNAL)?;
    let is_hex = digits.len() == 32 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let part = |range: std::ops::Range<usize>| digits.get(range);
    let hyphened = [part(0..8)?, part(8..12)?, part(12..16)?, part(16..20)?, part(20..32)?].join("-");
    hyphened.parse().ok().filter(|_| is_hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_internal_id_is_32_digits_at_auth_local() {
        let id: AccountId = "01900000-0000-7000-8000-0000000000ff".parse().unwrap();
        assert_eq!(internal_id("019000000000700080000000000000ff@auth.local"), Some(id));
        for text in [
            "",
            "@auth.local",
            "01900000-0000-7000-8000-0000000000ff@auth.local",
            "019000000000700080000000000000ff@auth.local.example",
            "019000000000700080000000000000ff@example.org",
            "019000000000700080000000000000f@auth.local",
            "019000000000700080000000000000fff@auth.local",
            "019000000000700080000000000000fg@auth.local",
            "01900000000070008000000000000éff@auth.local",
            "+19000000000700080000000000000ff@auth.local",
        ] {
            assert_eq!(internal_id(text), None, "{text}");
        }
    }
}
