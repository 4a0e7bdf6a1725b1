//! A change of one detail, read from the key and the value that somebody sends (contracts/ocs-provisioning.md §7.5).

use phonenumber::country;

use super::{Property, Quota, QuotaRefusal, QuotaRules, Scope, checks, languages};

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DetailsChange {
    /// The name to show; nothing leaves it as it is.
    DisplayName(Option<String>),
    /// The main address; nothing clears it.
    Email(Option<String>),
    /// One more address.
    AddMail {
        /// Folded.
        address: String,
        /// Whether whoever adds it vouches for it. Only such a one may be notified.
        verified: bool,
    },
    /// Another address in the place of one of the further ones (§7.6).
    ReplaceMail {
        /// The one that is there.
        address: String,
        /// The one to be there; nothing removes it.
        by: Option<String>,
        /// As in [`AddMail`](Self::AddMail).
        verified: bool,
    },
    /// Who sees a further address (§7.6).
    MailScope {
        /// The one that is there.
        address: String,
        /// Who sees it.
        scope: Scope,
    },
    /// Where to send notifications; nothing leaves that to the platform.
    NotifyEmail(Option<String>),
    /// How much may be stored.
    Quota(Quota),
    /// The language to speak with its owner.
    Language(String),
    /// The customs to write dates and numbers by.
    Locale(String),
    /// Login of whoever manages its owner; nothing is nobody.
    Manager(Option<String>),
    /// Any of [`Property::TEXTS`]; an empty one clears it.
    Text(Property, String),
    /// Whether its owner has a profile to be seen.
    ProfileEnabled(bool),
    /// Who sees a property.
    Scope(Property, Scope),
}

/// What the platform lets details be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DetailsRules {
    /// The country of telephone numbers without a country code; without it, there are none.
    pub region: Option<country::Id>,
    /// The bounds of quotas.
    pub quota: QuotaRules,
}

/// What is wrong with a change.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidDetail {
    /// No detail has this key.
    #[error("there is no such key")]
    Key,
    /// It is too long, or cannot be shown.
    #[error("this is not a display name")]
    DisplayName,
    /// It is no address, or somebody else's.
    #[error("this is not an e-mail address of this account")]
    Email,
    /// It is no address, the main one, or there already; or there are too many.
    #[error("this is not a further e-mail address")]
    AdditionalMail,
    /// The account has no such further address.
    #[error("there is no such further e-mail address")]
    UnknownMail,
    /// It is neither the main address nor one that somebody has vouched for.
    #[error("notifications cannot be sent there")]
    NotifyEmail,
    /// It is no quota here.
    #[error(transparent)]
    Quota(QuotaRefusal),
    /// It is no language.
    #[error("this is not a language")]
    Language,
    /// It is no locale.
    #[error("this is not a locale")]
    Locale,
    /// There is nobody of this login.
    #[error("there is no such manager")]
    Manager,
    /// It breaks the rules of the property.
    #[error("this is not a {0}")]
    Text(Property),
    /// It is no scope, or not one for this property.
    #[error("this is not a scope for this property")]
    Scope,
}

impl From<QuotaRefusal> for InvalidDetail {
    fn from(refusal: QuotaRefusal) -> Self {
        Self::Quota(refusal)
    }
}

impl DetailsChange {
    /// Reads a key and a value as `PUT /cloud/users/{userId}` has them. `vouched`: whether who asks is somebody else than
    /// the account's owner, who may vouch for an address. `password` is no detail.
    ///
    /// # Errors
    /// [`InvalidDetail`]; what depends on the account is told by [`change`](super::change()).
    pub fn read(key: &str, value: &str, vouched: bool, rules: &DetailsRules) -> Result<Self, InvalidDetail> {
        use InvalidDetail as Invalid;
        if let Some(name) = key.strip_suffix("Scope") {
            return scope(name, value);
        }
        match key {
            "display" | "displayname" => {
                optional(value, checks::display_name, Invalid::DisplayName).map(Self::DisplayName)
            }
            "email" => optional(value, checks::email, Invalid::Email).map(Self::Email),
            "additional_mail" => {
                let address = checks::email(value).ok_or(Invalid::AdditionalMail)?;
                Ok(Self::AddMail { address, verified: vouched })
            }
            "notify_email" => optional(value, checks::email, Invalid::NotifyEmail).map(Self::NotifyEmail),
            "quota" => Ok(Self::Quota(Quota::read(value, &rules.quota)?)),
            "language" => languages::normalized(value).map(Self::Language).ok_or(Invalid::Language),
            "locale" => languages::normalized(value).map(Self::Locale).ok_or(Invalid::Locale),
            "manager" => Ok(Self::Manager((!value.is_empty()).then(|| value.to_owned()))),
            "profile_enabled" => profile_enabled(value),
            _ => text(key, value, rules),
        }
    }

    /// Reads a change of a further address as `PUT /cloud/users/{userId}/additional_mail` has it (§7.6). `vouched` is as
    /// for [`read`](Self::read).
    ///
    /// # Errors
    /// [`InvalidDetail::UnknownMail`] for what cannot be one of them, [`InvalidDetail::AdditionalMail`].
    pub fn read_mail(address: &str, value: &str, vouched: bool) -> Result<Self, InvalidDetail> {
        let address = checks::email(address).ok_or(InvalidDetail::UnknownMail)?;
        let by = optional(value, checks::email, InvalidDetail::AdditionalMail)?;
        Ok(Self::ReplaceMail { address, by, verified: vouched })
    }

    /// Reads who sees a further address, as `PUT /cloud/users/{userId}/additional_mailScope` has it (§7.6).
    ///
    /// # Errors
    /// [`InvalidDetail::UnknownMail`] for what cannot be one of them, [`InvalidDetail::Scope`].
    pub fn read_mail_scope(address: &str, value: &str) -> Result<Self, InvalidDetail> {
        let address = checks::email(address).ok_or(InvalidDetail::UnknownMail)?;
        let scope = value.parse().map_err(|_| InvalidDetail::Scope)?;
        Ok(Self::MailScope { address, scope })
    }

    /// The name of what it changes, for the audit trail.
    pub(super) const fn field(&self) -> &'static str {
        match self {
            Self::DisplayName(_) => "displayname",
            Self::Email(_) => "email",
            Self::AddMail { .. } | Self::ReplaceMail { .. } => "additional_mail",
            Self::MailScope { .. } => "additional_mailScope",
            Self::NotifyEmail(_) => "notify_email",
            Self::Quota(_) => "quota",
            Self::Language(_) => "language",
            Self::Locale(_) => "locale",
            Self::Manager(_) => "manager",
            Self::Text(property, _) => property.as_str(),
            Self::ProfileEnabled(_) => "profile_enabled",
            Self::Scope(..) => "scopes",
        }
    }
}

/// An empty text clears; `fault` is what any other is that does not pass.
fn optional(
    value: &str,
    check: fn(&str) -> Option<String>,
    fault: InvalidDetail,
) -> Result<Option<String>, InvalidDetail> {
    if value.trim().is_empty() { Ok(None) } else { check(value).map(Some).ok_or(fault) }
}

fn scope(name: &str, value: &str) -> Result<DetailsChange, InvalidDetail> {
    let property: Property = name.parse().map_err(|_| InvalidDetail::Key)?;
    let scope: Scope = value.parse().map_err(|_| InvalidDetail::Scope)?;
    if property.admits(scope) { Ok(DetailsChange::Scope(property, scope)) } else { Err(InvalidDetail::Scope) }
}

fn profile_enabled(value: &str) -> Result<DetailsChange, InvalidDetail> {
    match value {
        "1" | "true" => Ok(DetailsChange::ProfileEnabled(true)),
        "0" | "false" => Ok(DetailsChange::ProfileEnabled(false)),
        _ => Err(InvalidDetail::Text(Property::ProfileEnabled)),
    }
}

fn text(key: &str, value: &str, rules: &DetailsRules) -> Result<DetailsChange, InvalidDetail> {
    let property: Property = key.parse().map_err(|_| InvalidDetail::Key)?;
    if !Property::TEXTS.contains(&property) {
        return Err(InvalidDetail::Key);
    }
    let checked = match property {
        _ if value.is_empty() => Some(String::new()),
        Property::Phone => checks::phone(value, rules.region),
        Property::Website => checks::website(value),
        Property::Twitter => checks::twitter(value),
        Property::Fediverse => checks::fediverse(value),
        _ => checks::text(value),
    };
    checked.map(|text| DetailsChange::Text(property, text)).ok_or(InvalidDetail::Text(property))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(key: &str, value: &str) -> Result<DetailsChange, InvalidDetail> {
        DetailsChange::read(key, value, false, &DetailsRules::default())
    }

    #[test]
    fn every_key_has_its_own_refusal() {
        for (key, value, refusal) in [
            ("display", "a\0", InvalidDetail::DisplayName),
            ("email", "nobody", InvalidDetail::Email),
            ("additional_mail", "", InvalidDetail::AdditionalMail),
            ("notify_email", "nobody", InvalidDetail::NotifyEmail),
            ("quota", "much", InvalidDetail::Quota(QuotaRefusal::Invalid)),
            ("language", "", InvalidDetail::Language),
            ("locale", "xx", InvalidDetail::Locale),
            ("phone", "0711 252428", InvalidDetail::Text(Property::Phone)),
            ("website", "example.org", InvalidDetail::Text(Property::Website)),
            ("profile_enabled", "yes", InvalidDetail::Text(Property::ProfileEnabled)),
            ("phoneScope", "everybody", InvalidDetail::Scope),
            ("emailScope", "v2-private", InvalidDetail::Scope),
            ("displaynameScope", "v2-private", InvalidDetail::Scope),
            ("quotaScope", "v2-local", InvalidDetail::Key),
            ("avatar", "x", InvalidDetail::Key),
            ("password", "x", InvalidDetail::Key),
            ("Phone", "", InvalidDetail::Key),
            ("", "", InvalidDetail::Key),
            ("Scope", "v2-local", InvalidDetail::Key),
        ] {
            assert_eq!(read(key, value), Err(refusal), "{key}={value}");
        }
    }

    #[test]
    fn empty_values_clear_what_can_be_without() {
        assert_eq!(read("email", " "), Ok(DetailsChange::Email(None)));
        assert_eq!(read("notify_email", ""), Ok(DetailsChange::NotifyEmail(None)));
        assert_eq!(read("manager", ""), Ok(DetailsChange::Manager(None)));
        assert_eq!(read("display", " "), Ok(DetailsChange::DisplayName(None)));
        for property in Property::TEXTS {
            let cleared = Ok(DetailsChange::Text(property, String::new()));
            assert_eq!(read(property.as_str(), ""), cleared);
        }
    }

    #[test]
    fn scopes_of_before_are_read() {
        let scope = |property, scope| Ok(DetailsChange::Scope(property, scope));
        assert_eq!(read("phoneScope", "public"), scope(Property::Phone, Scope::Published));
        assert_eq!(read("emailScope", "private"), scope(Property::Email, Scope::Local));
        assert_eq!(read("avatarScope", "v2-private"), scope(Property::Avatar, Scope::Private));
        assert_eq!(
            read("profile_enabledScope", "contacts"),
            scope(Property::ProfileEnabled, Scope::Federated)
        );
    }

    proptest! {
        #[test]
        fn any_key_and_value_are_judged(key in "\\PC{0,12}|[a-z_]{3,12}(Scope)?", value in "\\PC{0,40}") {
            let known = |key: &str| key.strip_suffix("Scope").unwrap_or(key).parse::<Property>().is_ok();
            let others = ["display", "additional_mail", "notify_email", "quota", "language", "locale", "manager"];
            if !known(&key) && !others.contains(&key.as_str()) {
                prop_assert_eq!(read(&key, &value), Err(InvalidDetail::Key));
            }
            for key in Property::ALL.map(Property::as_str).into_iter().chain(others) {
                let _ = read(key, &value);
                let _ = read(&format!("{key}Scope"), &value);
            }
        }
    }
}
