//! The section `clients`: what the file has, and what is wrong with it.

mod reconcile;

use std::time::Duration;

use auth_claims::{
    roles::Role,
    scopes::{Scope, Scopes},
};
use secrecy::SecretString;
use serde::Deserialize;

pub(super) use self::reconcile::reconcile;
use super::{
    pass::{overlay, overlay_optional},
    secrets::{Checker, SecretKind},
};
use crate::{
    client_secrets,
    clients::{ClientId, ClientKind, GrantType, Registration},
    faults::Faults,
    passwords::EncodedHash,
    text,
};

pub(super) const KIND: &str = "client";

/// A client as the file has it. What is absent stays as it is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClientEntry {
    id: String,
    kind: String,
    name: Option<String>,
    enabled: Option<bool>,
    scopes: Option<Vec<String>>,
    default_scopes: Option<Vec<String>>,
    domains: Option<Vec<String>>,
    grants: Option<Vec<String>>,
    audiences: Option<Vec<String>>,
    organization_id: Option<String>,
    application_id: Option<String>,
    roles: Option<Vec<String>>,
    permissions: Option<Vec<String>>,
    access_token_ttl: Option<String>,
    secret: Option<SecretString>,
    secret_hash: Option<SecretString>,
}

/// A client without faults.
#[derive(Debug)]
pub(super) struct CheckedClient {
    path: String,
    id: Option<ClientId>,
    kind: Option<ClientKind>,
    declared: Overlay,
    secret: Option<DeclaredSecret>,
}

#[derive(Debug)]
enum DeclaredSecret {
    Plain(SecretString),
    Imported(EncodedHash),
}

/// The declared fields, parsed.
#[derive(Debug)]
struct Overlay {
    name: Option<String>,
    enabled: Option<bool>,
    scopes: Option<Scopes>,
    default_scopes: Option<Scopes>,
    domains: Option<Vec<String>>,
    grants: Option<Vec<GrantType>>,
    audiences: Option<Vec<String>>,
    organization_id: Option<String>,
    application_id: Option<String>,
    roles: Option<Vec<Role>>,
    permissions: Option<Vec<String>>,
    access_token_ttl: Option<Duration>,
}

impl Overlay {
    /// Puts what is declared over `registration`, and names the fields that differ.
    fn put_over(&self, registration: &mut Registration) -> Vec<&'static str> {
        let mut fields = Vec::new();
        overlay(&mut fields, "name", &mut registration.name, self.name.as_ref());
        overlay(&mut fields, "enabled", &mut registration.enabled, self.enabled.as_ref());
        overlay(&mut fields, "scopes", &mut registration.scopes, self.scopes.as_ref());
        overlay(
            &mut fields,
            "default_scopes",
            &mut registration.default_scopes,
            self.default_scopes.as_ref(),
        );
        overlay(&mut fields, "domains", &mut registration.domains, self.domains.as_ref());
        overlay(&mut fields, "grants", &mut registration.grants, self.grants.as_ref());
        overlay(&mut fields, "audiences", &mut registration.audiences, self.audiences.as_ref());
        overlay_optional(
            &mut fields,
            "organization_id",
            &mut registration.organization_id,
            self.organization_id.as_ref(),
        );
        overlay_optional(
            &mut fields,
            "application_id",
            &mut registration.application_id,
            self.application_id.as_ref(),
        );
        overlay(&mut fields, "roles", &mut registration.roles, self.roles.as_ref());
        overlay(&mut fields, "permissions", &mut registration.permissions, self.permissions.as_ref());
        let ttl = &mut registration.access_token_ttl;
        overlay_optional(&mut fields, "access_token_ttl", ttl, self.access_token_ttl.as_ref());
        fields
    }

    /// The registration of a client that is not there yet. Without a name it is called by its id.
    fn registration(&self, id: &str) -> Registration {
        let mut registration = Registration::new(id);
        self.put_over(&mut registration);
        registration
    }
}

pub(super) fn check(entries: Vec<ClientEntry>, checker: &mut Checker<'_>) -> Vec<CheckedClient> {
    checker.unique("clients", "id", entries.iter().map(|entry| entry.id.clone()));
    let paths = (0..).map(|index| format!("clients[{index}]"));
    paths.zip(entries).map(|(path, entry)| check_one(path, entry, checker)).collect()
}

fn check_one(path: String, entry: ClientEntry, checker: &mut Checker<'_>) -> CheckedClient {
    let mut faults = Faults::default();
    let id = parsed(&mut faults, "id", entry.id.parse::<ClientId>());
    let kind = parsed(&mut faults, "kind", entry.kind.parse::<ClientKind>());
    let secret = check_secret(&path, kind, entry.secret.as_ref(), entry.secret_hash.as_ref(), checker);
    let text_id = entry.id.clone();
    let mut declared = parse(entry, &mut faults);
    if let Some(kind) = kind {
        match declared.registration(&text_id).check(kind) {
            // Compare and store the same form of the domains.
            Ok(valid) => {
                declared.domains = declared.domains.map(|_| valid.registration().domains.clone());
            }
            Err(more) => faults.extend(more),
        }
    }
    checker.faults.extend_within(&path, faults);
    CheckedClient { path, id, kind, declared, secret }
}

fn parsed<T, E: std::fmt::Display>(faults: &mut Faults, path: &str, outcome: Result<T, E>) -> Option<T> {
    outcome.map_err(|error| faults.push(path, error.to_string())).ok()
}

/// Parses a list of texts; elements that fail are noted and left out.
fn list<T>(
    faults: &mut Faults,
    path: &str,
    texts: Option<&Vec<String>>,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Option<Vec<T>> {
    let texts = texts?;
    let element = |(index, text): (usize, &String)| parsed(faults, &format!("{path}[{index}]"), parse(text));
    Some(texts.iter().enumerate().filter_map(element).collect())
}

fn scopes(faults: &mut Faults, path: &str, texts: Option<&Vec<String>>) -> Option<Scopes> {
    // `Scopes` would drop a repetition, which is rather a slip for another scope.
    text::note_list(faults, path, texts?);
    let scopes = list(faults, path, texts, |text| text.parse::<Scope>().map_err(|error| error.to_string()))?;
    Some(scopes.into_iter().collect())
}

fn parse(entry: ClientEntry, faults: &mut Faults) -> Overlay {
    let ttl = entry.access_token_ttl.and_then(|text| {
        let parsed = humantime::parse_duration(&text);
        parsed.map_err(|_| faults.push("access_token_ttl", "is no duration such as 10m or 1h")).ok()
    });
    Overlay {
        name: entry.name,
        enabled: entry.enabled,
        scopes: scopes(faults, "scopes", entry.scopes.as_ref()),
        default_scopes: scopes(faults, "default_scopes", entry.default_scopes.as_ref()),
        domains: entry.domains,
        grants: list(faults, "grants", entry.grants.as_ref(), grant),
        audiences: entry.audiences,
        organization_id: entry.organization_id,
        application_id: entry.application_id,
        roles: list(faults, "roles", entry.roles.as_ref(), |text| {
            text.parse().map_err(|_| "there is no such role".to_owned())
        }),
        permissions: entry.permissions,
        access_token_ttl: ttl,
    }
}

/// A grant type, in the registered spelling or as `token_exchange`, whose registered spelling nobody remembers.
fn grant(text: &str) -> Result<GrantType, String> {
    if text == "token_exchange" {
        return Ok(GrantType::TokenExchange);
    }
    text.parse().map_err(|_| {
        "is none of client_credentials, refresh_token, authorization_code, token_exchange".to_owned()
    })
}

fn check_secret(
    path: &str,
    kind: Option<ClientKind>,
    plain: Option<&SecretString>,
    imported: Option<&SecretString>,
    checker: &mut Checker<'_>,
) -> Option<DeclaredSecret> {
    let field = if plain.is_some() { "secret" } else { "secret_hash" };
    let path = format!("{path}.{field}");
    if kind == Some(ClientKind::Public) && (plain.is_some() || imported.is_some()) {
        checker.faults.push(path, "a public client keeps none");
        return None;
    }
    match (plain, imported) {
        (None, None) => None,
        (Some(_), Some(_)) => {
            checker.faults.push(path, "stands beside a secret_hash: give one of them");
            None
        }
        (Some(declared), None) => {
            let secret = checker.secret(&path, SecretKind::ClientSecret, declared)?;
            if let Err(message) = client_secrets::check_form(&secret) {
                checker.faults.push(path, message);
                return None;
            }
            Some(DeclaredSecret::Plain(secret))
        }
        (None, Some(declared)) => checker.hash(&path, declared).map(DeclaredSecret::Imported),
    }
}
