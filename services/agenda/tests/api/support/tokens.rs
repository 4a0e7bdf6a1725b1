//! Keys and claims. Claims are JSON, so that a test can leave out or break any of them.

use chrono::{DateTime, Utc};
use identity::accounts::AccountId;
use serde_json::{Value, json};
use token_signing::{Algorithm, GeneratedKey, Keyring, Sealer, StoredKey};
use uuid::Uuid;

pub(crate) const ISSUER: &str = "https://id.cd26.example";

/// A key ring with one active key.
pub(crate) fn keyring(now: DateTime<Utc>) -> Keyring {
    let sealer = Sealer::new(&[7; 32]);
    let key = GeneratedKey::generate(Algorithm::Es256).unwrap();
    let row = StoredKey::seal(&key, &sealer, now, now).unwrap();
    Keyring::from_stored(&[row], &sealer, now).unwrap()
}

/// What somebody gets for this service.
pub(crate) fn access_token(account: AccountId, now: DateTime<Utc>) -> Value {
    json!({
        "iss": ISSUER, "aud": "agenda", "sub": account.to_string(), "kind": "user", "client_id": "agenda",
        "iat": now.timestamp(), "exp": now.timestamp() + 300, "jti": Uuid::new_v4().to_string(), "scope": "agenda",
    })
}
