//! Which details of an account a caller may change. `contracts/ocs-provisioning.md` §7.5.

use std::str::FromStr as _;

use identity::account_details::{DetailsRules, Property, QuotaRules};
use identity::accounts::Account;

use super::access::Standing;
use crate::settings::AccountSettings;

/// What the owner of an account may say of itself besides its properties.
const OWN: [&str; 7] =
    ["display", "additional_mail", "password", "notify_email", "language", "locale", "email"];
/// What only somebody else may say, and an administrator of itself.
const ADMINISTRATIVE: [&str; 2] = ["quota", "manager"];

/// The keys to an account: whoever sets one of them may sign in as it, or keep its owner from doing so.
const KEYS: [&str; 2] = ["password", "email"];

/// Whether this detail lets whoever changes it act as the account.
#[must_use]
pub fn is_key(key: &str) -> bool {
    KEYS.contains(&key)
}

/// Whether the caller may change this key of an account that it reaches.
#[must_use]
pub fn is_permitted(caller: &Standing, target: &Account, key: &str) -> bool {
    if let Some(property) = key.strip_suffix("Scope") {
        // Who sees something is its owner's to say, and nobody else's.
        return caller.is(target) && Property::from_str(property).is_ok();
    }
    if ADMINISTRATIVE.contains(&key) {
        // Not a sub-administrator's own, though it be a member of its own group.
        return caller.is_admin() || (!caller.is(target) && caller.has_power_over(target));
    }
    OWN.contains(&key) || Property::from_str(key).is_ok_and(|property| property != Property::Avatar)
}

/// What details may be, by the settings.
#[must_use]
pub fn rules(settings: &AccountSettings) -> DetailsRules {
    DetailsRules {
        region: settings.region(),
        quota: QuotaRules { unlimited: settings.unlimited_quota, maximum: settings.largest_quota },
    }
}
