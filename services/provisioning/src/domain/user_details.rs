//! How an account is shown. `contracts/ocs-provisioning.md` §4.1, §4.2.

use identity::account_details::{self, AccountDetails, Property, Quota};
use identity::directory_search::Person;
use ocs_dialect::Value;

/// What of an account is shown beside what everybody gets who may see it.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// Where its files would be.
    pub has_storage: bool,
    /// Who manages its owner.
    pub has_manager: bool,
    /// Who sees which of its properties.
    pub has_scopes: bool,
    /// The language where it has not chosen one.
    pub language: &'a str,
}

/// `UserDetails`, in the order of the contract.
#[must_use]
pub fn view(person: &Person, seen: Seen<'_>) -> Value {
    let (account, details) = (&person.account, &person.details);
    let mut fields = Fields { entries: Vec::with_capacity(48), details, has_scopes: seen.has_scopes };
    fields.push("enabled", account.enabled);
    if seen.has_storage {
        fields.push("storageLocation", format!("/data/{}", account.login));
    }
    fields.push("id", account.login.as_str());
    let last_login = person.signed_in.map_or(0, |times| times.last_at.timestamp_millis());
    fields.push("lastLogin", last_login);
    fields.push("backend", "Database");
    fields.push("subadmin", Value::list(person.subadmin_of.iter().map(String::as_str)));
    fields.push("quota", quota(details.quota.as_ref()));
    let manager = person.manager.as_ref().filter(|_| seen.has_manager);
    fields.push("manager", manager.map_or("", |manager| manager.login.as_str()));
    fields.push_scope(Property::Avatar);
    fields.push("email", account.email.as_deref());
    fields.push_scope(Property::Email);
    fields.push("additional_mail", Value::list(details.mails.iter().map(|mail| mail.address.as_str())));
    if seen.has_scopes {
        fields
            .push("additional_mailScope", Value::list(details.mails.iter().map(|mail| mail.scope.as_str())));
    }
    let name = account_details::display_name(account);
    fields.push("displayname", name);
    fields.push("display-name", name);
    fields.push_scope(Property::DisplayName);
    for property in Property::TEXTS {
        fields.push(property.as_str(), details.text(property));
        fields.push_scope(property);
    }
    fields.push("profile_enabled", if details.profile_enabled { "1" } else { "0" });
    fields.push_scope(Property::ProfileEnabled);
    fields.push("groups", Value::list(account.groups.iter().map(String::as_str)));
    fields.push("language", details.language.as_deref().unwrap_or(seen.language));
    fields.push("locale", details.locale.as_deref().unwrap_or_default());
    fields.push("notify_email", details.notified_at(account));
    let capabilities = Value::map([("setDisplayName", true), ("setPassword", true)]);
    fields.push("backendCapabilities", capabilities);
    Value::Map(fields.entries)
}

struct Fields<'a> {
    entries: Vec<(String, Value)>,
    details: &'a AccountDetails,
    has_scopes: bool,
}

impl Fields<'_> {
    fn push(&mut self, name: &str, value: impl Into<Value>) {
        self.entries.push((name.to_owned(), value.into()));
    }

    fn push_scope(&mut self, property: Property) {
        if self.has_scopes {
            self.push(&format!("{property}Scope"), self.details.scope(property).as_str());
        }
    }
}

/// The platform stores no files, so that of every quota nothing is used.
fn quota(quota: Option<&Quota>) -> Value {
    let limit = quota
        .and_then(Quota::bytes)
        .map_or_else(|| Value::from("none"), |bytes| Value::from(i64::try_from(bytes).unwrap_or(i64::MAX)));
    Value::map([("quota", limit), ("used", Value::from(0))])
}
