//! Who calls, in one word, and the claims of their token. They are JSON, so that a test can leave out or break any of
//! them.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use token_signing::{Algorithm, GeneratedKey, Keyring, Sealer, StoredKey};
use uuid::Uuid;

pub(crate) const ISSUER: &str = "https://id.agency.example";
pub(crate) const LIFETIME: i64 = 3600;

/// A key ring with one active key.
pub(crate) fn keyring(now: DateTime<Utc>) -> Keyring {
    let sealer = Sealer::new(&[7; 32]);
    let key = GeneratedKey::generate(Algorithm::Es256).unwrap();
    let row = StoredKey::seal(&key, &sealer, now, now).unwrap();
    Keyring::from_stored(&[row], &sealer, now).unwrap()
}

/// The claims of somebody, written `ROLE,ROLE@organisation+permission+permission`; every part may be missing.
/// Permissions are those of integrations, by their last word: `ADMIN@helios+edit`.
pub(crate) fn claims(who: &str, now: DateTime<Utc>) -> Value {
    let (who, permissions) = who.split_once('+').unwrap_or((who, ""));
    let (roles, organization) = who.split_once('@').unwrap_or((who, ""));
    let words = |text: &str, mark: char| -> Vec<String> {
        text.split(mark).filter(|word| !word.is_empty()).map(str::to_owned).collect()
    };
    let permissions =
        words(permissions, '+').into_iter().map(|word| format!("integrations:integration:{word}"));
    let mut claims = json!({
        "iss": ISSUER, "aud": "applications", "sub": format!("somebody: {roles}"), "kind": "user", "client_id": "console",
        "iat": now.timestamp(), "exp": now.timestamp() + LIFETIME, "jti": Uuid::new_v4().to_string(),
        "scope": "global", "roles": words(roles, ','), "permissions": permissions.collect::<Vec<_>>(),
    });
    if !organization.is_empty() {
        claims["organization_id"] = format!("org-{organization}").into();
    }
    claims
}
