//! Accounts: the people who sign in, whatever the dialect.
//!
//! | state | `enabled` | password | e-mail | signs in | named by a client (Meet delegation) |
//! | --- | --- | --- | --- | --- | --- |
//! | regular | yes | maybe | maybe | with a password | yes |
//! | provisional: a client named an unknown e-mail | yes | no | yes | no | yes |
//! | disabled | no | kept | kept | no, and every token is revoked until enabled again | yes, refused at use |
//! | deleted: no row | | | | no, and every token is revoked | as an unknown e-mail |
//!
//! A provisional account becomes regular when a bootstrap file declares its e-mail, or when it is updated or given a
//! password.

mod changes;
mod departure;
mod emails;
mod facade;
mod memberships;
mod parts;
mod profile;
mod provisional;
mod queries;
mod rows;
pub(crate) mod schema;
mod sign_in;
mod whole;

use std::{fmt, str::FromStr};

use auth_claims::{claims::OrganizationMembership, roles::Role};
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use uuid::{NoContext, Timestamp, Uuid};

pub use changes::{delete, insert, set_enabled, set_password, update, vouch_for_email};
pub use emails::{EmailKey, InvalidEmail};
pub use profile::{AccountProfile, CheckedProfile};
pub use provisional::ProvisionRefusal;
pub use queries::{AccountFilter, find, find_by_email, find_by_login, find_for_change, list};
pub use sign_in::{Name, SignInRefusal, SignedIn};

pub(crate) use changes::{set_password_on, touch};
pub(crate) use queries::{current, find_by_email_counted, members_of, of_ids, password_hash};
pub(crate) use rows::rows_of;
pub(crate) use sign_in::Proven;

use crate::{groups, passwords::EncodedHash};

/// An account's id for ever: a UUID v7, rendered in lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId(Uuid);

impl AccountId {
    /// A new id, ordered by the time it is made at.
    #[must_use]
    pub fn new(now: DateTime<Utc>) -> Self {
        let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
        Self(Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, now.timestamp_subsec_nanos())))
    }

    /// The UUID.
    #[must_use]
    pub fn as_uuid(&self) -> &Uuid {
        &self.0
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0.as_hyphenated(), f)
    }
}

/// Text that is not an account's id.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("an account id is a UUID")]
pub struct InvalidAccountId;

impl FromStr for AccountId {
    type Err = InvalidAccountId;

    /// Reads the hyphenated form, in either case; the other spellings of UUIDs are not ids.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let id = Uuid::try_parse(text).map_err(|_| InvalidAccountId)?;
        if text.len() == 36 { Ok(Self(id)) } else { Err(InvalidAccountId) }
    }
}

/// A person's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its id for ever.
    pub id: AccountId,
    /// Its number for ever, for contracts that want integers. Never given to another account.
    pub number: i64,
    /// The name it signs in with, as given; compared without regard to case.
    pub login: String,
    /// Its e-mail address, as given; compared without regard to case.
    pub email: Option<String>,
    /// Whether an operator or an administrator has given it that address. If not, it is only what somebody says, and
    /// nothing that waits for the address is theirs: see [`vouched_email`](Self::vouched_email).
    pub email_vouched: bool,
    /// Given name.
    pub given_name: Option<String>,
    /// Family name.
    pub family_name: Option<String>,
    /// The name to show.
    pub display_name: Option<String>,
    /// The primary organisation.
    pub organization_id: Option<String>,
    /// Every organisation, with the role held there, ordered by id.
    pub organizations: Vec<OrganizationMembership>,
    /// The service (department) it works in first of all.
    pub service_id: Option<String>,
    /// Every service it works in, in order; `service_id` is the first.
    pub services: Vec<String>,
    /// Ids of the territories it administers, in order.
    pub territories: Vec<String>,
    /// Platform roles.
    pub roles: Vec<Role>,
    /// Group ids, in order.
    pub groups: Vec<String>,
    /// Whether it was made for an e-mail a client named, and nobody has claimed it yet.
    pub provisional: bool,
    /// Whether it may sign in and its tokens count.
    pub enabled: bool,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

impl Account {
    /// The platform roles it has: its own, and `GLOBAL_ADMIN` as a member of the group [`groups::ADMIN`].
    ///
    /// What a decision rests on, and what claims say. [`roles`](Self::roles) is only what was given to it by name.
    #[must_use]
    pub fn effective_roles(&self) -> Vec<Role> {
        let mut roles = self.roles.clone();
        if self.groups.iter().any(|group| group == groups::ADMIN) && !roles.contains(&Role::GlobalAdmin) {
            roles.push(Role::GlobalAdmin);
        }
        roles
    }

    /// Whether it administers the platform: by its role or by its group, which is the same.
    #[must_use]
    pub fn is_administrator(&self) -> bool {
        self.effective_roles().contains(&Role::GlobalAdmin)
    }

    /// The e-mail address, if it may decide on what is the account's: what claims say.
    #[must_use]
    pub fn vouched_email(&self) -> Option<&str> {
        self.email.as_deref().filter(|_| self.email_vouched)
    }

    /// The name to show: the one chosen for it, else given and family name.
    #[must_use]
    pub fn shown_name(&self) -> Option<String> {
        self.display_name.clone().or_else(|| {
            let names: Vec<&str> =
                [&self.given_name, &self.family_name].into_iter().flatten().map(String::as_str).collect();
            (!names.is_empty()).then(|| names.join(" "))
        })
    }
}

/// What an account signs in with at first.
#[derive(Clone, Debug, Default)]
pub enum NewPassword {
    /// Nothing: it cannot sign in by password.
    #[default]
    None,
    /// A password, to be hashed.
    Plain(SecretString),
    /// A hash from another system, upgraded at the first sign-in.
    Imported(EncodedHash),
}

/// An account to be made.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// What it says of itself.
    pub profile: AccountProfile,
    /// What it signs in with.
    pub password: NewPassword,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_the_hyphenated_form_is_an_id() {
        let id = AccountId::new(DateTime::UNIX_EPOCH);
        assert_eq!(id.to_string().to_uppercase().parse(), Ok(id));
        let simple = id.as_uuid().simple().to_string();
        for text in
            [simple.clone(), format!("{{{id}}}"), format!("urn:uuid:{id}"), format!(" {id}"), String::new()]
        {
            assert_eq!(text.parse::<AccountId>(), Err(InvalidAccountId), "{text}");
        }
    }

    proptest! {
        #[test]
        fn ids_are_version_7_and_ordered_by_time(seconds in 0_i64..4_000_000_000, later in 1_i64..1_000_000) {
            let at = |seconds| AccountId::new(DateTime::from_timestamp(seconds, 0).unwrap());
            let (first, second) = (at(seconds), at(seconds + later));
            prop_assert_eq!(first.as_uuid().get_version_num(), 7);
            prop_assert!(first < second && first.to_string() < second.to_string());
            prop_assert_eq!(first.to_string().parse(), Ok(first));
        }

        #[test]
        fn garbage_is_no_id(text in ".{0,40}") {
            if let Ok(id) = text.parse::<AccountId>() {
                prop_assert_eq!(id.to_string(), text.to_lowercase());
            }
        }
    }
}
