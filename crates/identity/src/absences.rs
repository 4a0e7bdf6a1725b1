//! Absences of agents. `contracts/rdv-sign-in.md`, §11.3 and §12.5.
//!
//! An absence belongs to an agent, not to an organisation, and goes with its account. Its id is never used again.
//! Days and times are wall-clock ones; whoever renders them knows the time zone. Who may read or write an absence is
//! [`agents::sees`](crate::agents::sees), asked in the transaction of the change.

mod changes;
mod listing;
mod lookups;
mod rows;
mod schema;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

pub use changes::{delete, insert, update};
pub use listing::list_visible;
pub use lookups::{find, find_for_change};

use crate::{accounts::AccountId, agents::Agent, faults::Faults, organizations::Organization};

/// The longest title, in characters.
pub const MAX_TITLE: usize = 1000;

/// A time during which an agent takes no appointments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absence {
    /// Its id for ever. Never given to another absence.
    pub id: i64,
    /// Who is absent, be the account enabled or not.
    pub agent: Agent,
    /// The agent's organisation with the smallest number, of those where it is an agent.
    pub organization: Option<Organization>,
    /// What it is called.
    pub title: String,
    /// The day it begins on.
    pub first_day: NaiveDate,
    /// The time it begins at.
    pub start_time: NaiveTime,
    /// The day it ends on.
    pub end_day: NaiveDate,
    /// The time it ends at.
    pub end_time: NaiveTime,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

/// An absence to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAbsence {
    /// Who is absent.
    pub agent: AccountId,
    /// What it is called.
    pub title: String,
    /// The day it begins on.
    pub first_day: NaiveDate,
    /// The time it begins at.
    pub start_time: NaiveTime,
    /// The day it ends on.
    pub end_day: NaiveDate,
    /// The time it ends at.
    pub end_time: NaiveTime,
}

/// Whether a title can be stored and shown: something, not too long, no control characters but tabs and line breaks.
#[must_use]
pub fn check_title(title: &str) -> bool {
    let control = |character: char| character.is_control() && !matches!(character, '\t' | '\n' | '\r');
    !title.trim().is_empty() && title.chars().count() <= MAX_TITLE && !title.contains(control)
}

/// What every absence keeps to, whoever writes it. The contract's further limits depend on the day it is made.
fn check(title: &str, start: (NaiveDate, NaiveTime), end: (NaiveDate, NaiveTime)) -> Result<(), Faults> {
    let mut faults = Faults::default();
    if !check_title(title) {
        faults.push("title", format!("is empty, has control characters or more than {MAX_TITLE} characters"));
    }
    if end <= start {
        faults.push("ends_time", "has to be after the beginning");
    }
    faults.into_result(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_can_be_stored_and_shown() {
        for title in ["Formation", "Congés d’été", "two\r\nlines", "'; DROP TABLE absences; --"] {
            assert!(check_title(title), "{title:?}");
        }
        for title in ["", " \n", "a\0b", "\u{1b}[2J", "x".repeat(MAX_TITLE + 1).as_str()] {
            assert!(!check_title(title), "{title:?}");
        }
    }

    #[test]
    fn an_absence_ends_after_it_begins() {
        let at = |day, hour| {
            (NaiveDate::from_ymd_opt(2026, 2, day).unwrap(), NaiveTime::from_hms_opt(hour, 0, 0).unwrap())
        };
        assert!(check("x", at(9, 17), at(10, 8)).is_ok());
        for end in [at(9, 17), at(9, 16), at(8, 18)] {
            let faults = check("", at(9, 17), end).unwrap_err().to_string();
            assert!(faults.contains("title") && faults.contains("ends_time"), "{faults}");
        }
    }
}
