//! Where the agendas are: times of day are wall-clock times of Europe/Paris. `contracts/rdv-sign-in.md` §12.5.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

/// The time zone.
pub const ZONE: Tz = chrono_tz::Europe::Paris;

/// The day it is there.
#[must_use]
pub fn today(now: DateTime<Utc>) -> NaiveDate {
    now.with_timezone(&ZONE).date_naive()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::today;

    #[rstest]
    #[case::winter_evening("2026-01-31T22:59:59Z", "2026-01-31")]
    #[case::winter_midnight("2026-01-31T23:00:00Z", "2026-02-01")]
    #[case::summer_evening("2026-06-30T21:59:59Z", "2026-06-30")]
    #[case::summer_midnight("2026-06-30T22:00:00Z", "2026-07-01")]
    #[case::new_year("2026-12-31T23:30:00Z", "2027-01-01")]
    #[case::night_of_the_change("2026-03-29T00:59:59Z", "2026-03-29")]
    fn the_day_changes_at_midnight_in_paris(#[case] now: &str, #[case] day: &str) {
        assert_eq!(today(now.parse().unwrap()).to_string(), day);
    }
}
