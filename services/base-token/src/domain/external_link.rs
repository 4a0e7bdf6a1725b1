//! External links: read-only, anonymous ways into a base. `contracts/seatable-tokens.md` §10.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};

/// Octets of a token that is drawn; it is written in hexadecimal.
const OCTETS: usize = 10;

/// What a token is called, and in which part of the address it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkKind {
    /// Twenty hexadecimal digits that were drawn.
    Plain,
    /// A text that somebody chose.
    Custom,
}

/// The token of a link. Of both kinds together no two links have the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LinkToken(String);

/// The text is no token that somebody may choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token of a link has 5 to 30 characters of A-Z a-z 0-9 -")]
pub struct NotALinkToken;

impl LinkToken {
    /// The token of these random octets: 80 bits.
    #[must_use]
    pub fn from_random(octets: &[u8; OCTETS]) -> Self {
        Self(hex::encode(octets))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for LinkToken {
    type Err = NotALinkToken;

    /// §10.2: `^[0-9A-Za-z-]{5,30}$`; tokens that are drawn look like that, too.
    fn from_str(text: &str) -> Result<Self, NotALinkToken> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if (5..=30).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotALinkToken)
        }
    }
}

impl fmt::Display for LinkToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// For how many days a link is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExpireDays(i32);

/// The number of days is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a link expires after 1 to {} days", ExpireDays::MOST)]
pub struct NotExpireDays;

impl ExpireDays {
    /// A hundred years: nobody means more, and calendars end somewhere.
    const MOST: i32 = 36_500;

    /// When a link that is made now ends.
    #[must_use]
    pub fn after(self, now: DateTime<Utc>) -> DateTime<Utc> {
        now + TimeDelta::days(self.0.into())
    }
}

impl TryFrom<i64> for ExpireDays {
    type Error = NotExpireDays;

    fn try_from(days: i64) -> Result<Self, NotExpireDays> {
        let days = i32::try_from(days).map_err(|_| NotExpireDays)?;
        if (1..=Self::MOST).contains(&days) { Ok(Self(days)) } else { Err(NotExpireDays) }
    }
}

/// An external link of a base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalLink {
    /// Its number.
    pub id: i64,
    /// What is exchanged.
    pub token: LinkToken,
    /// Who chose the token.
    pub kind: LinkKind,
    /// Whether a password stands before it. §10.4: there is no way to give one here, so it opens nothing.
    pub protected: bool,
    /// When it ends.
    pub expires_at: Option<DateTime<Utc>>,
}

impl ExternalLink {
    /// Whether its time is over.
    #[must_use]
    pub fn is_expired(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;
    use rstest::rstest;

    use super::{ExpireDays, ExternalLink, LinkKind, LinkToken};

    #[rstest]
    #[case::short("abcd", false)]
    #[case::shortest("abcde", true)]
    #[case::longest("A-9a-Z0-9a-Z0-9a-Z0-9a-Z0-9a-Z", true)]
    #[case::long("A-9a-Z0-9a-Z0-9a-Z0-9a-Z0-9a-ZZ", false)]
    #[case::underscore("spring_fair", false)]
    #[case::slash("spring/fair", false)]
    #[case::end_of_line("spring-fair\n", false)]
    #[case::digits_of_another_script("١٢٣٤٥", false)]
    #[case::empty("", false)]
    fn which_tokens_may_be_chosen(#[case] text: &str, #[case] may: bool) {
        assert_eq!(text.parse::<LinkToken>().is_ok(), may);
    }

    #[rstest]
    #[case(0, false)]
    #[case(-1, false)]
    #[case(1, true)]
    #[case(36_500, true)]
    #[case(36_501, false)]
    #[case(i64::MAX, false)]
    #[case(i64::MIN, false)]
    fn how_long_a_link_lasts(#[case] days: i64, #[case] possible: bool) {
        assert_eq!(ExpireDays::try_from(days).is_ok(), possible);
    }

    #[test]
    fn a_link_ends_after_its_days() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let end = ExpireDays::try_from(30).unwrap().after(now);
        let token = "spring-fair".parse().unwrap();
        let link =
            ExternalLink { id: 1, token, kind: LinkKind::Custom, protected: false, expires_at: Some(end) };
        assert!(!link.is_expired(now) && link.is_expired(end));
        assert!(!ExternalLink { expires_at: None, ..link }.is_expired(end));
    }

    proptest! {
        #[test]
        fn a_token_that_is_drawn_has_twenty_digits(octets in any::<[u8; 10]>()) {
            let token = LinkToken::from_random(&octets);
            prop_assert_eq!(token.as_str().len(), 20);
            prop_assert_eq!(token.as_str().parse::<LinkToken>(), Ok(token.clone()));
        }
    }
}
