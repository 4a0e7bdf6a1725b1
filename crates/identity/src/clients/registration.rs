//! What is registered about a client, and the one function that checks it: on creation, on update, from a bootstrap
//! file (threat 14).

use std::time::Duration;

use auth_claims::{
    roles::Role,
    scopes::{Scope, Scopes},
};
use chrono::TimeDelta;

use super::{Client, ClientKind, GrantType, LONGEST_ACCESS_TOKEN, domains};
use crate::{
    applications::ApplicationId,
    faults::Faults,
    text::{self, MAX_LIST, MAX_NAME},
};

/// The scopes an application of the Meet dialect can have; a closed list (contracts/meet.md §3.2).
pub const MEET_SCOPES: [&str; 5] =
    ["rooms:create", "rooms:list", "rooms:retrieve", "rooms:update", "rooms:delete"];

const MAX_SCOPE: usize = 128;

/// Everything about a client that its administrators set, apart from its id, its kind and its secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// The name to show, at most 255 characters.
    pub name: String,
    /// Whether it gets tokens and its tokens count.
    pub enabled: bool,
    /// The scopes it may ask for.
    pub scopes: Scopes,
    /// Those it gets when it asks for nothing; a part of `scopes`.
    pub default_scopes: Scopes,
    /// The e-mail domains it may act for; none is no restriction.
    pub domains: Vec<String>,
    /// The grants it may use.
    pub grants: Vec<GrantType>,
    /// The audiences its tokens may name.
    pub audiences: Vec<String>,
    /// The organisation it belongs to.
    pub organization_id: Option<String>,
    /// The application (in Auvious' sense) that everything it does is bound to.
    ///
    /// It may be registered before the application is made, as a team does that declares its clients in a file and makes
    /// applications through their API: until then the client gets no token (`Bad credentials`), and it needs no second
    /// visit afterwards. An application that is known must be of the client's own organisation, unless the client has none
    /// or is a `SERVICE`: this is said when the client is registered or changed, and whoever makes or moves the application
    /// later is not asked, since every request is checked anyway.
    pub application_id: Option<String>,
    /// Platform roles of its own tokens.
    pub roles: Vec<Role>,
    /// Fine-grained permissions of its own tokens.
    pub permissions: Vec<String>,
    /// Lifetime of its access tokens, in whole seconds up to [`LONGEST_ACCESS_TOKEN`].
    pub access_token_ttl: Option<Duration>,
}

impl Registration {
    /// An enabled client that may do nothing yet.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            enabled: true,
            scopes: Scopes::default(),
            default_scopes: Scopes::default(),
            domains: Vec::new(),
            grants: Vec::new(),
            audiences: Vec::new(),
            organization_id: None,
            application_id: None,
            roles: Vec::new(),
            permissions: Vec::new(),
            access_token_ttl: None,
        }
    }

    /// Checks everything that can be said without looking into the database.
    ///
    /// # Errors
    /// Every fault, each with its field.
    pub fn check(mut self, kind: ClientKind) -> Result<CheckedRegistration, Faults> {
        let mut faults = Faults::default();
        text::note(&mut faults, "name", &self.name, MAX_NAME);
        self.check_scopes(kind, &mut faults);
        self.check_domains(&mut faults);
        self.check_grants(kind, &mut faults);
        note_words(&mut faults, "audiences", &self.audiences);
        if let Some(Err(invalid)) = self.application_id.as_deref().map(str::parse::<ApplicationId>) {
            faults.push("application_id", invalid.to_string());
        }
        text::note_list(&mut faults, "roles", &self.roles);
        for (index, _) in self.roles.iter().enumerate().filter(|(_, role)| !role.is_platform_wide()) {
            faults.push(format!("roles[{index}]"), "is held in an organization only");
        }
        note_words(&mut faults, "permissions", &self.permissions);
        if let Some(ttl) = self.access_token_ttl {
            let whole = ttl.subsec_nanos() == 0 && !ttl.is_zero();
            let short = TimeDelta::from_std(ttl).is_ok_and(|ttl| ttl <= LONGEST_ACCESS_TOKEN);
            if !(whole && short) {
                faults.push("access_token_ttl", "must be whole seconds, at least 1 and at most a day");
            }
        }
        faults.into_result(CheckedRegistration { kind, registration: self })
    }

    fn check_scopes(&self, kind: ClientKind, faults: &mut Faults) {
        if self.scopes.len() > MAX_LIST {
            faults.push("scopes", format!("may have at most {MAX_LIST} elements"));
            return;
        }
        for (index, scope) in self.scopes.iter().enumerate() {
            if scope.as_str().len() > MAX_SCOPE {
                faults.push(format!("scopes[{index}]"), format!("may have at most {MAX_SCOPE} characters"));
            } else if kind == ClientKind::Application && !MEET_SCOPES.contains(&scope.as_str()) {
                faults.push(format!("scopes[{index}]"), format!("\"{scope}\" is not a valid choice."));
            }
        }
        let unregistered = |(_, scope): &(usize, &Scope)| !self.scopes.contains(scope);
        for (index, _) in self.default_scopes.iter().enumerate().filter(unregistered) {
            faults.push(format!("default_scopes[{index}]"), "is not one of the client's scopes");
        }
    }

    fn check_domains(&mut self, faults: &mut Faults) {
        let mut parsed = Vec::with_capacity(self.domains.len().min(MAX_LIST));
        for (index, domain) in self.domains.iter().enumerate().take(MAX_LIST) {
            match domains::parse(domain) {
                Some(domain) => parsed.push(domain),
                None => faults.push(format!("domains[{index}]"), "Enter a valid domain"),
            }
        }
        if self.domains.len() > MAX_LIST {
            faults.push("domains", format!("may have at most {MAX_LIST} elements"));
        }
        text::note_list(faults, "domains", &parsed);
        parsed.sort();
        self.domains = parsed;
    }

    fn check_grants(&self, kind: ClientKind, faults: &mut Faults) {
        text::note_list(faults, "grants", &self.grants);
        // RFC 6749 §4.4: only confidential clients; an exchange is as strong as the client's own authentication.
        let needs_secret = [GrantType::ClientCredentials, GrantType::TokenExchange];
        for (index, grant) in self.grants.iter().enumerate().take(MAX_LIST) {
            if !kind.is_confidential() && needs_secret.contains(grant) {
                faults.push(format!("grants[{index}]"), "needs a client that keeps a secret");
            }
        }
    }
}

impl From<Client> for Registration {
    fn from(client: Client) -> Self {
        Self {
            name: client.name,
            enabled: client.enabled,
            scopes: client.scopes,
            default_scopes: client.default_scopes,
            domains: client.domains,
            grants: client.grants,
            audiences: client.audiences,
            organization_id: client.organization_id,
            application_id: client.application_id,
            roles: client.roles,
            permissions: client.permissions,
            access_token_ttl: client.access_token_ttl,
        }
    }
}

/// Words such as audiences and permissions: printable ASCII without blanks.
fn note_words(faults: &mut Faults, path: &str, words: &[String]) {
    text::note_list(faults, path, words);
    for (index, word) in words.iter().enumerate().take(MAX_LIST) {
        let fits = (1..=MAX_NAME).contains(&word.len());
        if !fits || !word.bytes().all(|byte| byte.is_ascii_graphic()) {
            let message = format!("must be 1 to {MAX_NAME} printable ASCII characters without blanks");
            faults.push(format!("{path}[{index}]"), message);
        }
    }
}

/// A registration that has passed [`Registration::check`] for a kind of client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedRegistration {
    pub(crate) kind: ClientKind,
    pub(crate) registration: Registration,
}

impl CheckedRegistration {
    /// The registration, with its domains in their stored form and order.
    #[must_use]
    pub fn registration(&self) -> &Registration {
        &self.registration
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(registration: Registration, kind: ClientKind) -> Vec<String> {
        registration.check(kind).unwrap_err().iter().map(|fault| fault.path.clone()).collect()
    }

    #[test]
    fn every_fault_is_found_at_once() {
        let registration = Registration {
            scopes: format!("rooms:list other:scope {}", "x".repeat(MAX_SCOPE + 1)).parse().unwrap(),
            default_scopes: "rooms:list rooms:create".parse().unwrap(),
            domains: ["example.org", "localhost", "EXAMPLE.org"].map(str::to_owned).to_vec(),
            grants: vec![GrantType::ClientCredentials; 2],
            audiences: vec!["rooms".to_owned(), "two words".to_owned()],
            application_id: Some(String::new()),
            roles: vec![Role::Service, Role::Service, Role::Intervenant],
            permissions: vec![String::new()],
            access_token_ttl: Some(Duration::from_millis(1500)),
            ..Registration::new("x".repeat(256))
        };
        assert_eq!(
            paths(registration, ClientKind::Application),
            [
                "name",
                "scopes[1]",
                "scopes[2]",
                "default_scopes[1]",
                "domains[1]",
                "domains[1]",
                "grants[1]",
                "audiences[1]",
                "application_id",
                "roles[1]",
                "roles[2]",
                "permissions[0]",
                "access_token_ttl"
            ]
        );
    }

    #[test]
    fn lists_are_bounded() {
        let many = |prefix: &str| (0..=MAX_LIST).map(|n| format!("{prefix}{n}")).collect::<Vec<_>>();
        let registration = Registration {
            scopes: many("s").join(" ").parse().unwrap(),
            domains: (0..=MAX_LIST).map(|n| format!("d{n}.example")).collect(),
            audiences: many("a"),
            permissions: many("p"),
            ..Registration::new("x")
        };
        assert_eq!(
            paths(registration, ClientKind::Service),
            ["scopes", "domains", "audiences", "permissions"]
        );
    }

    #[test]
    fn a_public_client_gets_no_grant_that_needs_a_secret() {
        let registration = Registration { grants: GrantType::ALL.to_vec(), ..Registration::new("x") };
        assert_eq!(paths(registration.clone(), ClientKind::Public), ["grants[0]", "grants[3]"]);
        assert!(registration.check(ClientKind::Service).is_ok());
    }

    #[test]
    fn lifetimes_are_bounded() {
        for (seconds, fits) in [(0, false), (1, true), (86_400, true), (86_401, false)] {
            let registration = Registration {
                access_token_ttl: Some(Duration::from_secs(seconds)),
                ..Registration::new("x")
            };
            assert_eq!(registration.check(ClientKind::Service).is_ok(), fits, "{seconds}");
        }
    }
}
