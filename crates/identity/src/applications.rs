//! Applications (in Auvious' sense), as far as the issuing of tokens depends on them
//! (`contracts/auvious-applications.md` §3.6).
//!
//! The service `applications` owns them and tells the directory of each change before it takes effect there. Whatever
//! is bound to one is checked against the row in the database, every time and nowhere else: no cache, so that from the
//! answer of [`Identity::put_application`](crate::Identity::put_application) on nobody gets in who should not: whatever is
//! told names the [revision](crate::Identity::application_revision) that it comes after, and what is late is not listened to.
//!
//! | the application is | bound requests | refresh tokens bound to it |
//! | --- | --- | --- |
//! | usable | are answered | work |
//! | disabled | are refused | are refused, unused; they work again when it is enabled |
//! | expired | are refused | are refused, unused; they work again when its end is put off |
//! | of another organisation than who authenticates | are refused, as for an unknown one | are refused, unused |
//! | deleted: no row | are refused: it is unknown | ended for good, also when there is one of that id again |

mod changes;
mod facade;
mod id;
pub(crate) mod revisions;
mod rows;

use auth_claims::roles::Role;
use chrono::{DateTime, SubsecRound as _, Utc};

pub use self::changes::Told;
pub use self::id::{ApplicationId, InvalidApplicationId};
pub use self::rows::find;

use crate::accounts::Account;
use crate::clients::{Client, Registration};
use crate::faults::Faults;
use crate::text;

/// The longest id of an organisation that an application can have (contracts/auvious-applications.md §4.6).
const MAX_ORGANIZATION_ID: usize = 255;

/// Whoever stores an instant beyond these years cannot read it again on every database.
const YEARS: std::ops::RangeInclusive<i32> = 1..=9999;

/// What authentication through an application depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplicationStatus {
    /// Whose members may authenticate through it. It need not be an organisation of this directory: then it has none.
    pub organization_id: String,
    /// Whether nobody may.
    pub disabled: bool,
    /// The instant from which on nobody may.
    pub expires_at: Option<DateTime<Utc>>,
}

impl ApplicationStatus {
    /// The status as it is stored, in microseconds.
    ///
    /// # Errors
    /// Every fault, each with its field.
    pub fn check(mut self) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        text::note(&mut faults, "organization_id", &self.organization_id, MAX_ORGANIZATION_ID);
        if self.expires_at.is_some_and(|end| !YEARS.contains(&chrono::Datelike::year(&end))) {
            faults.push("expires_at", "must be within the years 1 to 9999");
        }
        self.expires_at = self.expires_at.map(|end| end.trunc_subsecs(6));
        faults.into_result(self)
    }
}

/// An application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// Its id.
    pub id: ApplicationId,
    /// What authentication through it depends on.
    pub status: ApplicationStatus,
    /// Since when the directory knows of it. What was bound to its id before was bound to another application.
    pub created_at: DateTime<Utc>,
    /// When its status changed last.
    pub updated_at: DateTime<Utc>,
}

/// Whether anybody may authenticate through an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplicationStanding {
    /// Members of its organisation may.
    Usable,
    /// Nobody may.
    Disabled,
    /// Nobody may any more.
    Expired,
}

impl Application {
    /// Where it stands at `now`. One that has expired and is disabled, too, is disabled.
    #[must_use]
    pub fn standing(&self, now: DateTime<Utc>) -> ApplicationStanding {
        if self.status.disabled {
            ApplicationStanding::Disabled
        } else if self.status.expires_at.is_some_and(|end| end <= now) {
            // §3.6: usable as long as the instant is in the future.
            ApplicationStanding::Expired
        } else {
            ApplicationStanding::Usable
        }
    }
}

/// Why nobody authenticates through an application now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum ApplicationRefusal {
    /// There is none of this id. Never told apart from [`Foreign`](Self::Foreign).
    #[error("there is no such application")]
    Unknown,
    /// It is another organisation's, or not the one that whoever asks is bound to.
    #[error("it is another application")]
    Foreign,
    /// It is disabled.
    #[error("the application is disabled")]
    Disabled,
    /// It has expired.
    #[error("the application has expired")]
    Expired,
    /// It was there when the refresh token was issued.
    #[error("the application is gone")]
    Deleted,
}

/// Who authenticates through an application: the account of a token about an account, else the client.
#[derive(Clone, Copy, Debug)]
pub struct Holder<'a> {
    /// Its primary organisation.
    pub organization_id: Option<&'a str>,
    /// Its platform roles.
    pub roles: &'a [Role],
}

impl<'a> From<&'a Client> for Holder<'a> {
    fn from(client: &'a Client) -> Self {
        Self { organization_id: client.organization_id.as_deref(), roles: &client.roles }
    }
}

impl<'a> From<&'a Registration> for Holder<'a> {
    fn from(registration: &'a Registration) -> Self {
        Self { organization_id: registration.organization_id.as_deref(), roles: &registration.roles }
    }
}

impl<'a> From<&'a Account> for Holder<'a> {
    fn from(account: &'a Account) -> Self {
        Self { organization_id: account.organization_id.as_deref(), roles: &account.roles }
    }
}

/// The one application that all who name one name.
///
/// # Errors
/// [`ApplicationRefusal::Foreign`] when two of them differ.
pub fn agreed<'a>(
    named: impl IntoIterator<Item = Option<&'a str>>,
) -> Result<Option<&'a str>, ApplicationRefusal> {
    let mut named = named.into_iter().flatten();
    let first = named.next();
    if named.all(|other| Some(other) == first) { Ok(first) } else { Err(ApplicationRefusal::Foreign) }
}

/// Whether `holder` may authenticate through what was found under an id. The organisation comes first: what becomes of
/// an application is nobody else's business.
///
/// # Errors
/// Every [`ApplicationRefusal`] but `Deleted`.
pub fn check(
    found: Option<&Application>,
    holder: Holder<'_>,
    now: DateTime<Utc>,
) -> Result<(), ApplicationRefusal> {
    let application = found.ok_or(ApplicationRefusal::Unknown)?;
    if !may_reach(&application.status.organization_id, holder) {
        return Err(ApplicationRefusal::Foreign);
    }
    match application.standing(now) {
        ApplicationStanding::Usable => Ok(()),
        ApplicationStanding::Disabled => Err(ApplicationRefusal::Disabled),
        ApplicationStanding::Expired => Err(ApplicationRefusal::Expired),
    }
}

/// Whether an application of this organisation is one of the holder's. §3.6: to a `SERVICE` every one is.
pub(crate) fn may_reach(organization_id: &str, holder: Holder<'_>) -> bool {
    holder.organization_id == Some(organization_id) || holder.roles.contains(&Role::Service)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn application(disabled: bool, expires_in: Option<i64>) -> Application {
        let expires_at = expires_in.map(|microseconds| NOW + chrono::TimeDelta::microseconds(microseconds));
        Application {
            id: "app".parse().unwrap(),
            status: ApplicationStatus { organization_id: "helios".to_owned(), disabled, expires_at },
            created_at: NOW,
            updated_at: NOW,
        }
    }

    const MEMBER: Holder<'static> = Holder { organization_id: Some("helios"), roles: &[Role::Agent] };
    const STRANGER: Holder<'static> = Holder { organization_id: Some("selene"), roles: &[Role::GlobalAdmin] };
    const NOBODY: Holder<'static> = Holder { organization_id: None, roles: &[] };
    const SERVICE: Holder<'static> = Holder { organization_id: None, roles: &[Role::Agent, Role::Service] };

    #[rstest]
    #[case(false, None, Ok(()))]
    #[case(false, Some(1), Ok(()))]
    #[case(false, Some(0), Err(ApplicationRefusal::Expired))]
    #[case(false, Some(-1), Err(ApplicationRefusal::Expired))]
    #[case(true, None, Err(ApplicationRefusal::Disabled))]
    #[case(true, Some(-1), Err(ApplicationRefusal::Disabled))]
    fn states_are_told_to_whom_they_concern(
        #[case] disabled: bool,
        #[case] expires_in: Option<i64>,
        #[case] expected: Result<(), ApplicationRefusal>,
    ) {
        let application = application(disabled, expires_in);
        for holder in [MEMBER, SERVICE] {
            assert_eq!(check(Some(&application), holder, NOW), expected);
            assert_eq!(check(None, holder, NOW), Err(ApplicationRefusal::Unknown));
        }
        for holder in [STRANGER, NOBODY] {
            assert_eq!(check(Some(&application), holder, NOW), Err(ApplicationRefusal::Foreign));
        }
    }

    #[test]
    fn what_cannot_be_stored_is_no_status() {
        let status = |organization: &str, year: Option<i32>| ApplicationStatus {
            organization_id: organization.to_owned(),
            disabled: false,
            expires_at: year.map(|year| {
                chrono::NaiveDate::from_ymd_opt(year, 1, 1).unwrap().and_hms_opt(0, 0, 0).unwrap().and_utc()
            }),
        };
        let paths = |status: ApplicationStatus| -> Vec<String> {
            status.check().unwrap_err().iter().map(|fault| fault.path.clone()).collect()
        };
        for organization in ["", " ", "a\0", &"x".repeat(256)] {
            assert_eq!(paths(status(organization, Some(0))), ["organization_id", "expires_at"]);
        }
        assert_eq!(paths(status("é", Some(10_000))), ["expires_at"]);
        for year in [None, Some(1), Some(9999)] {
            assert!(status(&"x".repeat(255), year).check().is_ok());
        }
    }

    proptest! {
        #[test]
        fn all_who_name_an_application_name_the_same(
            named in prop::collection::vec(prop::option::of("[ab]"), 0..5),
        ) {
            let mut different: Vec<&String> = named.iter().flatten().collect();
            different.sort();
            different.dedup();
            let expected = match different[..] {
                [] => Ok(None),
                [one] => Ok(Some(one.as_str())),
                _ => Err(ApplicationRefusal::Foreign),
            };
            prop_assert_eq!(agreed(named.iter().map(Option::as_deref)), expected);
        }
    }
}
