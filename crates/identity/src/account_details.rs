//! What accounts say of themselves beyond what signing in takes: quota, language, further addresses, a profile, and who sees
//! which of it. `contracts/ocs-provisioning.md`, §4.
//!
//! | part | where |
//! | --- | --- |
//! | login, display name, main e-mail address, groups, `enabled` | the account itself |
//! | everything else, as far as it differs from the defaults | [`AccountDetails`] |
//!
//! A change is read from a key and a value ([`DetailsChange::read`]), which tells everything that is wrong with the value
//! itself, and made by [`change()`], which knows the account. To add a detail: a variant of [`DetailsChange`], its check in
//! `checks`, and a line in `changes`.

mod change;
mod changes;
mod checks;
mod creation;
mod errors;
mod languages;
mod mails;
mod property;
mod quota;
mod rows;
pub(crate) mod schema;

use std::collections::BTreeMap;

use diesel::prelude::*;
use store::{DbConn, StoreError};

pub use change::{DetailsChange, DetailsRules, InvalidDetail};
pub use changes::change;
pub use creation::{NewPerson, create};
pub use errors::DetailsError;
pub use property::{Property, Scope, UnknownProperty, UnknownScope};
pub use quota::{Quota, QuotaRefusal, QuotaRules, Size};

pub(crate) use rows::load;

use crate::{
    accounts::{Account, AccountId, EmailKey},
    text::fold,
};

/// The details of an account. The default is what holds while nobody has said anything else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountDetails {
    /// How much it may store; nothing is [`Quota::Default`].
    pub quota: Option<Quota>,
    /// The language to speak with its owner; nothing is the platform's.
    pub language: Option<String>,
    /// The customs to write dates and numbers by.
    pub locale: Option<String>,
    /// Who manages its owner.
    pub manager: Option<AccountId>,
    /// Where to send notifications, as it was set: see [`notified_at`](Self::notified_at).
    pub notify_email: Option<String>,
    /// The texts that are not empty.
    pub texts: BTreeMap<Property, String>,
    /// Whether its owner has a profile to be seen.
    pub profile_enabled: bool,
    /// The scopes that somebody has set.
    pub scopes: BTreeMap<Property, Scope>,
    /// Further addresses, in the order in which they were added.
    pub mails: Vec<AdditionalMail>,
}

/// A further address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdditionalMail {
    /// Folded.
    pub address: String,
    /// Who sees it.
    pub scope: Scope,
    /// Whether somebody else than its owner vouches for it.
    pub verified: bool,
}

impl Default for AccountDetails {
    fn default() -> Self {
        Self {
            quota: None,
            language: None,
            locale: None,
            manager: None,
            notify_email: None,
            texts: BTreeMap::new(),
            profile_enabled: true,
            scopes: BTreeMap::new(),
            mails: Vec::new(),
        }
    }
}

impl AccountDetails {
    /// One of [`Property::TEXTS`]; empty unless set.
    #[must_use]
    pub fn text(&self, property: Property) -> &str {
        self.texts.get(&property).map_or("", String::as_str)
    }

    /// Who sees a property.
    #[must_use]
    pub fn scope(&self, property: Property) -> Scope {
        self.scopes.get(&property).copied().unwrap_or_else(|| property.default_scope())
    }

    /// Where to send notifications, if that is still an address of `account` that may be used for it.
    #[must_use]
    pub fn notified_at(&self, account: &Account) -> Option<&str> {
        self.notify_email.as_deref().filter(|address| self.may_notify(account, address))
    }

    fn may_notify(&self, account: &Account, address: &str) -> bool {
        let verified = |mail: &AdditionalMail| mail.verified && mail.address == address;
        is_main(account, address) || self.mails.iter().any(verified)
    }
}

/// Whether this folded address is the account's main one.
fn is_main(account: &Account, address: &str) -> bool {
    let key = account.email.as_ref().and_then(|email| email.parse::<EmailKey>().ok());
    key.is_some_and(|key| key.as_str() == address)
}

/// The name to show: the account's own, or else its login (contracts/ocs-provisioning.md §4.1).
#[must_use]
pub fn display_name(account: &Account) -> &str {
    account.display_name.as_deref().unwrap_or(&account.login)
}

/// The details of one account.
///
/// # Errors
/// Those of the database.
pub fn find(conn: &mut DbConn, id: AccountId) -> Result<AccountDetails, StoreError> {
    let id = id.to_string();
    Ok(load(conn, std::slice::from_ref(&id))?.remove(&id).unwrap_or_default())
}

/// A telephone number in the form E.164, as it is stored; one without a country code is one of `region`. Nothing for what is
/// no number.
#[must_use]
pub fn phone_number(text: &str, region: phonenumber::country::Id) -> Option<String> {
    checks::phone(text, Some(region))
}

/// Logins of the enabled accounts that show one of these telephone numbers (E.164) to the others, with the number.
/// `POST /cloud/users/search/by-phone`.
///
/// # Errors
/// Those of the database.
pub fn find_by_phones(conn: &mut DbConn, numbers: &[String]) -> Result<Vec<(String, String)>, StoreError> {
    use crate::accounts::schema::accounts;
    use schema::account_details;
    let mut found = Vec::new();
    for numbers in numbers.chunks(PHONES_AT_ONCE) {
        let numbers: Vec<String> = numbers.iter().map(|number| fold(number).replace('\0', " ")).collect();
        let rows: Vec<(String, String, String)> = account_details::table
            .inner_join(accounts::table.on(accounts::id.eq(account_details::account_id)))
            .filter(account_details::phone.eq_any(numbers))
            .filter(accounts::enabled.eq(true))
            .order((account_details::phone.assume_not_null(), accounts::login_key))
            .select((account_details::phone.assume_not_null(), accounts::login, account_details::scopes))
            .load(conn)?;
        for (phone, login, scopes) in rows {
            let scopes: BTreeMap<String, String> = crate::text::from_json("account_details.scopes", &scopes)?;
            if scopes.get(Property::Phone.as_str()).map(String::as_str) != Some(Scope::Private.as_str()) {
                found.push((phone, login));
            }
        }
    }
    Ok(found)
}

/// The most telephone numbers of one query.
const PHONES_AT_ONCE: usize = 500;
