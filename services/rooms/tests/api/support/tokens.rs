//! Claims of the two kinds of token. They are JSON, so that a test can leave out or break any of them.

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

/// The account of somebody, always the same.
pub(crate) fn account_id(name: &str) -> String {
    let mut bytes = [0; 16];
    for (place, letter) in bytes.iter_mut().zip(name.bytes()) {
        *place = letter;
    }
    Uuid::from_bytes(bytes).to_string()
}

/// What the application `booking` gets to act for somebody.
pub(crate) fn application_token(name: &str, scope: &str, now: DateTime<Utc>) -> Value {
    let mut claims = user_token(name, scope, now);
    claims["user_id"] = account_id(name).into();
    claims["delegated"] = true.into();
    claims
}

/// What somebody gets who signs in through the client `booking`. `scope` holds no base scope unless it names one.
pub(crate) fn user_token(name: &str, scope: &str, now: DateTime<Utc>) -> Value {
    json!({
        "iss": ISSUER, "aud": "rooms", "sub": account_id(name), "kind": "user", "client_id": "booking",
        "iat": now.timestamp(), "exp": now.timestamp() + LIFETIME, "jti": Uuid::new_v4().to_string(),
        "email": format!("{name}@agency.example"), "scope": scope,
    })
}
