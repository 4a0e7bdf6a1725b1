//! What the keyring publishes and signs, judged by a verifier and by another implementation.

use std::sync::Arc;

use auth_claims::SourceError;
use auth_claims::claims::AccessClaims;
use auth_claims::clock::Clock;
use auth_claims::keys::{Algorithm, JwkSet, KeySource};
use auth_claims::verify::{Verifier, VerifierSettings, VerifyError};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::{BoxFuture, FutureExt as _, ready};
use rstest::rstest;
use serde_json::{Value, json};
use token_signing::{GeneratedKey, Keyring, KeyringError, Sealer, StoredKey, TokenType};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn sealer() -> Sealer {
    Sealer::new(&[1; 32])
}

fn stored(algorithm: Algorithm) -> StoredKey {
    StoredKey::seal(&GeneratedKey::generate(algorithm).unwrap(), &sealer(), now(), now()).unwrap()
}

fn keyring(rows: &[StoredKey]) -> Keyring {
    Keyring::from_stored(rows, &sealer(), now()).unwrap()
}

fn claims() -> AccessClaims {
    let now = now().timestamp();
    serde_json::from_value(json!({
        "iss": "https://id.example", "sub": "booking", "aud": "rooms", "exp": now + 60, "iat": now, "jti": "j",
        "client_id": "booking", "kind": "client", "scope": "rooms:list",
    }))
    .unwrap()
}

struct Published(JwkSet);

impl KeySource for Published {
    fn fetch(&self) -> BoxFuture<'_, Result<JwkSet, SourceError>> {
        let document = serde_json::to_string(&self.0).unwrap();
        ready(Ok(serde_json::from_str(&document).unwrap())).boxed()
    }
}

async fn verify(keyring: &Keyring, token: &str) -> Result<Arc<AccessClaims>, VerifyError> {
    let settings = VerifierSettings::new("https://id.example", "rooms");
    let source = Arc::new(Published(keyring.jwks(now())));
    Verifier::new(settings, source, Clock::manual(now())).verify(token).await
}

#[rstest]
#[tokio::test]
async fn what_is_signed_verifies(
    #[values(Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256)] algorithm: Algorithm,
) {
    let row = stored(algorithm);
    let keyring = keyring(std::slice::from_ref(&row));
    let token = keyring.sign(&claims(), now()).unwrap();
    assert_eq!(*verify(&keyring, &token).await.unwrap(), claims());
    let header = jsonwebtoken::decode_header(&token).unwrap();
    assert_eq!((header.typ.as_deref(), header.kid), (Some("at+jwt"), Some(row.kid)));
}

/// Another implementation reads our key set and our tokens the same way.
#[rstest]
fn another_implementation_agrees(
    #[values(Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256)] algorithm: Algorithm,
) {
    let keyring = keyring(&[stored(algorithm)]);
    let token = keyring.sign(&claims(), now()).unwrap();
    let set = serde_json::to_string(&keyring.jwks(now())).unwrap();
    let set: jsonwebtoken::jwk::JwkSet = serde_json::from_str(&set).unwrap();
    let header = jsonwebtoken::decode_header(&token).unwrap();
    let jwk = set.find(header.kid.as_deref().unwrap()).unwrap();
    let thumbprint = jwk.thumbprint(jsonwebtoken::jwk::ThumbprintHash::SHA256).unwrap();
    assert_eq!(Some(thumbprint), header.kid, "RFC 7638");
    let mut validation = jsonwebtoken::Validation::new(header.alg);
    validation.set_audience(&["rooms"]);
    validation.validate_exp = false; // it reads the system's clock, and this token is from the simulated one
    let key = jsonwebtoken::DecodingKey::from_jwk(jwk).unwrap();
    let read = jsonwebtoken::decode::<AccessClaims>(&token, &key, &validation).unwrap();
    assert_eq!(read.claims, claims());
}

#[tokio::test]
async fn an_id_token_is_no_access_token() {
    let keyring = keyring(&[stored(Algorithm::Es256)]);
    let token = keyring.sign_as(TokenType::IdToken, &claims(), now()).unwrap();
    assert_eq!(jsonwebtoken::decode_header(&token).unwrap().typ.as_deref(), Some("JWT"));
    assert_eq!(verify(&keyring, &token).await, Err(VerifyError::Signature));
}

#[test]
fn the_latest_active_key_signs_and_all_living_keys_are_published() {
    let at = |minutes| now() + TimeDelta::minutes(minutes);
    let mut rows: Vec<_> = (0..4).map(|_| stored(Algorithm::EdDsa)).collect();
    (rows[0].activates_at, rows[0].retires_at, rows[0].expires_at) = (at(-30), Some(at(-20)), Some(at(0)));
    (rows[1].activates_at, rows[1].retires_at, rows[1].expires_at) = (at(-20), Some(at(10)), Some(at(30)));
    (rows[2].activates_at, rows[3].activates_at) = (at(-10), at(20));
    let kids: Vec<_> = rows.iter().map(|row| row.kid.clone()).collect();
    let published =
        |keyring: &Keyring, at| keyring.jwks(at).keys.into_iter().map(|key| key.kid).collect::<Vec<_>>();
    let keyring = keyring(&rows);
    assert_eq!(published(&keyring, now()), kids[1..], "the first is dead");
    assert_eq!(published(&keyring, at(30)), kids[2..], "the second dies while the keyring lives");
    let signs = |at| keyring.active(at).unwrap().kid.clone();
    assert_eq!(
        [signs(at(-15)), signs(at(0)), signs(at(19)), signs(at(20))],
        [&kids[1], &kids[2], &kids[2], &kids[3]].map(Clone::clone)
    );
    let header = jsonwebtoken::decode_header(keyring.sign(&claims(), at(20)).unwrap()).unwrap();
    assert_eq!(header.kid.as_ref(), Some(&kids[3]));
    assert_eq!(keyring.sign(&claims(), at(-25)), Err(KeyringError::NoActiveKey));
}

/// Threat 13: whoever can write the table can neither have a key of their own published nor swap keys.
#[rstest]
fn threat_13_rows_that_were_tampered_with(#[values(0, 1)] retired: i64) {
    let (mine, other) = (stored(Algorithm::Es256), stored(Algorithm::Es256));
    let intruder = GeneratedKey::generate(Algorithm::Es256).unwrap();
    let foreign = StoredKey::seal(&intruder, &Sealer::new(&[2; 32]), now(), now()).unwrap();
    let sealed = |row: &StoredKey| Err(KeyringError::Sealed(row.kid.clone()));
    let mismatch = |row: &StoredKey| Err(KeyringError::Mismatch(row.kid.clone()));
    let cases = [
        (foreign.clone(), sealed(&foreign)),
        (StoredKey { public: foreign.public.clone(), ..mine.clone() }, mismatch(&mine)),
        (StoredKey { sealed_private: other.sealed_private.clone(), ..mine.clone() }, sealed(&mine)),
        (StoredKey { kid: other.kid.clone(), ..mine.clone() }, sealed(&other)),
        (StoredKey { algorithm: Algorithm::EdDsa, ..mine.clone() }, mismatch(&mine)),
        (StoredKey { sealed_private: Vec::new(), ..mine.clone() }, sealed(&mine)),
    ];
    for (mut row, expected) in cases {
        row.retires_at = Some(now() + TimeDelta::minutes(1 - retired));
        assert_eq!(Keyring::from_stored(&[row], &sealer(), now()).map(|_| ()), expected);
    }
}

#[test]
fn a_dead_key_is_not_even_opened() {
    let mut row = stored(Algorithm::EdDsa);
    (row.retires_at, row.expires_at) = (Some(now()), Some(now()));
    row.sealed_private.clear();
    let keyring = keyring(&[row]);
    assert_eq!(keyring.jwks(now()), JwkSet::default());
    assert_eq!(keyring.sign(&claims(), now()), Err(KeyringError::NoActiveKey));
}

#[rstest]
fn nothing_private_is_published_or_printed(
    #[values(Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256)] algorithm: Algorithm,
) {
    let key = GeneratedKey::generate(algorithm).unwrap();
    let row = StoredKey::seal(&key, &sealer(), now(), now()).unwrap();
    let keyring = keyring(&[row]);
    let published: Value = serde_json::to_value(keyring.jwks(now())).unwrap();
    let members: Vec<_> = published["keys"][0].as_object().unwrap().keys().cloned().collect();
    assert!(
        !members.iter().any(|name| ["d", "p", "q", "dp", "dq", "qi", "oth", "k"].contains(&name.as_str()))
    );
    let octets = format!("{:?}", &key.pkcs8[key.pkcs8.len() - 16..]);
    let octets = octets.trim_matches(['[', ']']);
    assert!(!format!("{key:?} {keyring:?}").contains(octets));
}
