//! `tessera audit`

use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use identity::audit::Outcome;
use identity::audit::chain::Anchor;

use super::duration;

/// `tessera audit …`.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// List what was done, newest first; with --json every detail
    List(ListAudit),
    /// Write what was done until now as JSON Lines, oldest first, each with its place in the chain
    Export(Narrowed),
    /// Look whether everything is as it was sealed; exit 7 when it is not
    Verify(VerifyAudit),
}

/// `tessera audit list`.
#[derive(Debug, Args)]
pub(crate) struct ListAudit {
    #[command(flatten)]
    pub(crate) narrowed: Narrowed,
    /// At most so many
    #[arg(long, default_value_t = 100, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) limit: u32,
}

/// Which events.
#[derive(Debug, Args)]
pub(crate) struct Narrowed {
    /// Only what this account did: its login, e-mail, id or number
    #[arg(long, value_name = "ACCOUNT", conflicts_with = "actor")]
    pub(crate) agent: Option<String>,
    /// Only what was done by this id: an account's or a client's, or `operator`
    #[arg(long, value_name = "ID")]
    pub(crate) actor: Option<String>,
    /// Only this action, such as `api.call`
    #[arg(long, value_name = "ACTION")]
    pub(crate) action: Option<String>,
    /// Only what was done to this: an id
    #[arg(long, value_name = "ID")]
    pub(crate) target: Option<String>,
    /// Only what was done through this client
    #[arg(long, value_name = "ID")]
    pub(crate) client: Option<String>,
    /// Only what was done in this dialect, such as `meet` or `cli`
    #[arg(long, value_name = "DIALECT")]
    pub(crate) dialect: Option<String>,
    /// Only what ended so: `success`, `failure` or `received`
    #[arg(long, value_name = "OUTCOME")]
    pub(crate) outcome: Option<Outcome>,
    /// Only since then: an instant such as `2026-01-31T08:00:00Z`, or how long ago, such as `2h`
    #[arg(long, value_name = "INSTANT|DURATION", value_parser = since)]
    pub(crate) since: Option<Since>,
    /// Only before then, in the same forms
    #[arg(long, value_name = "INSTANT|DURATION", value_parser = since)]
    pub(crate) until: Option<Since>,
}

/// `tessera audit verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyAudit {
    /// The chain has to be this one still: an end that an earlier run or the log has told. May be repeated
    #[arg(long, value_name = "PARTITION:SEQ:HASH")]
    pub(crate) expect: Vec<Anchor>,
    /// An event that was sealed so much later than it says that it happened counts as inserted
    #[arg(long, default_value = "24h", value_name = "DURATION", value_parser = duration)]
    pub(crate) late: Duration,
}

/// When a list begins or ends.
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
