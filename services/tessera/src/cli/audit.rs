//! `tessera audit`

use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};

use super::duration;

/// `tessera audit …`.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// List what was done, newest first; with --json every detail
    List(ListAudit),
}

/// `tessera audit list`.
#[derive(Debug, Args)]
pub(crate) struct ListAudit {
    /// Only what this account did: its login, e-mail, id or number
    #[arg(long, value_name = "ACCOUNT")]
    pub(crate) agent: Option<String>,
    /// Only since then: an instant such as `2026-01-31T08:00:00Z`, or how long ago, such as `2h`
    #[arg(long, value_name = "INSTANT|DURATION", value_parser = since)]
    pub(crate) since: Option<Since>,
    /// Only this action, such as `api.call`
    #[arg(long, value_name = "ACTION")]
    pub(crate) action: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 100, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) limit: u32,
}

/// When a list begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Since {
    /// At this instant.
    At(DateTime<Utc>),
    /// So long before now.
    Ago(Duration),
}

impl Since {
    /// The instant it stands for. What lies before every date is the first one.
    pub(crate) fn instant(self, now: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::At(instant) => instant,
            Self::Ago(duration) => chrono::TimeDelta::from_std(duration)
                .ok()
                .and_then(|duration| now.checked_sub_signed(duration))
                .filter(|instant| *instant > DateTime::UNIX_EPOCH)
                .unwrap_or(DateTime::UNIX_EPOCH),
        }
    }
}

fn since(text: &str) -> Result<Since, String> {
    let instant = DateTime::parse_from_rfc3339(text).map(|instant| Since::At(instant.to_utc()));
    instant
        .or_else(|_| duration(text).map(Since::Ago))
        .map_err(|_| "neither an instant such as 2026-01-31T08:00:00Z nor a duration such as 2h".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_is_an_instant_or_a_while_ago() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        for (text, seconds) in [
            ("2027-01-15T07:59:00Z", 1_799_999_940),
            ("2027-01-15T08:59:00+01:00", 1_799_999_940),
            ("2h", 1_799_992_800),
            ("1day 30m", 1_799_911_800),
            ("500years", 0),
        ] {
            assert_eq!(since(text).unwrap().instant(now).timestamp(), seconds, "{text}");
        }
        for text in ["", "yesterday", "2027-01-15", "-2h", "2"] {
            assert!(since(text).is_err(), "{text}");
        }
    }
}
