//! When an application expires, as an operator says it.

use std::str::FromStr;

use chrono::{DateTime, Datelike as _, SubsecRound as _, Utc};

/// From when on nobody authenticates through an application: an instant of RFC 3339 in any time zone, or `never`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expiry(pub Option<DateTime<Utc>>);

/// The text is no [`Expiry`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is neither an instant such as 2027-03-01T09:30:00Z nor never")]
pub struct NotAnExpiry;

impl FromStr for Expiry {
    type Err = NotAnExpiry;

    fn from_str(text: &str) -> Result<Self, NotAnExpiry> {
        if text == "never" {
            return Ok(Self(None));
        }
        let instant = DateTime::parse_from_rfc3339(text).map_err(|_| NotAnExpiry)?.to_utc();
        // Whoever stores an instant beyond these years cannot read it again on every database.
        let storable = Some(instant.trunc_subsecs(6)).filter(|instant| (1..=9999).contains(&instant.year()));
        storable.map(|instant| Self(Some(instant))).ok_or(NotAnExpiry)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::Expiry;

    #[rstest]
    #[case("2027-03-01T09:30:00Z", "2027-03-01T09:30:00+00:00")]
    #[case("2027-03-01T09:30:00.1234569+02:00", "2027-03-01T07:30:00.123456+00:00")]
    fn instants_are_those_of_any_time_zone(#[case] text: &str, #[case] instant: &str) {
        assert_eq!(text.parse::<Expiry>().unwrap().0.unwrap().to_rfc3339(), instant);
    }

    #[rstest]
    #[case("")]
    #[case("Never")]
    #[case("2027-03-01")]
    #[case("2027-03-01T09:30:00")]
    #[case("0000-01-01T00:00:00Z")]
    #[case("0001-01-01T00:00:00+01:00")]
    fn anything_else_is_none(#[case] text: &str) {
        assert!(text.parse::<Expiry>().is_err());
        assert_eq!("never".parse(), Ok(Expiry(None)));
    }
}
