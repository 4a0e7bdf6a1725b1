//! An issuer that can also sign what a real one never would.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use auth_claims::SourceError;
use auth_claims::clock::Clock;
use auth_claims::keys::{Algorithm, Jwk, JwkSet, KeySource};
use auth_claims::verify::{Verifier, VerifierSettings};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime;
use futures_util::future::{BoxFuture, FutureExt as _};
use serde_json::{Value, json};
use token_signing::GeneratedKey;
use tokio::sync::Semaphore;

pub(crate) const ISSUER: &str = "https://id.example";
pub(crate) const AUDIENCE: &str = "rooms";
pub(crate) const NOW: i64 = 1_800_000_000;

pub(crate) fn clock() -> Clock {
    Clock::manual(DateTime::from_timestamp(NOW, 0).unwrap())
}

pub(crate) fn encode(octets: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(octets)
}

/// Claims every check accepts at `NOW`.
pub(crate) fn good_claims() -> Value {
    json!({
        "iss": ISSUER, "sub": "0190f3a0-0000-7000-8000-000000000001", "aud": AUDIENCE, "exp": NOW + 3600,
        "iat": NOW, "jti": "token-1", "client_id": "booking", "kind": "user", "sid": "session-1",
        "scope": "rooms:list", "email": "ada@example.org",
    })
}

/// The given claims with some members set, or removed where the new value is null.
pub(crate) fn with(mut claims: Value, changes: &Value) -> Value {
    let members = claims.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
    claims
}

pub(crate) struct Issuer(pub(crate) GeneratedKey);

impl Issuer {
    pub(crate) fn new(algorithm: Algorithm) -> Self {
        Self(GeneratedKey::generate(algorithm).unwrap())
    }

    pub(crate) fn jwk(&self) -> Jwk {
        self.0.public.clone()
    }

    /// The header the platform writes.
    pub(crate) fn header(&self) -> Value {
        json!({ "typ": "at+jwt", "alg": self.0.algorithm, "kid": self.0.kid })
    }

    pub(crate) fn token(&self, claims: &Value) -> String {
        self.token_with(&self.header().to_string(), &claims.to_string())
    }

    /// Signs any header and payload. By `jsonwebtoken`, so that another implementation than ours has its say.
    pub(crate) fn token_with(&self, header: &str, payload: &str) -> String {
        let signed = format!("{}.{}", encode(header), encode(payload));
        let signature = self.signature(signed.as_bytes());
        format!("{signed}.{signature}")
    }

    pub(crate) fn signature(&self, message: &[u8]) -> String {
        use jsonwebtoken::{Algorithm as Alg, EncodingKey};
        let pkcs8 = &self.0.pkcs8;
        let (key, alg) = match self.0.algorithm {
            Algorithm::Es256 => (EncodingKey::from_ec_der(pkcs8), Alg::ES256),
            Algorithm::EdDsa => (EncodingKey::from_ed_der(pkcs8), Alg::EdDSA),
            Algorithm::Rs256 => (EncodingKey::from_rsa_pem(pem(pkcs8).as_bytes()).unwrap(), Alg::RS256),
        };
        jsonwebtoken::crypto::sign(message, &key, alg).unwrap()
    }
}

fn pem(pkcs8: &[u8]) -> String {
    let base64 = base64::engine::general_purpose::STANDARD.encode(pkcs8);
    format!("-----BEGIN PRIVATE KEY-----\n{base64}\n-----END PRIVATE KEY-----\n")
}

/// What the issuer publishes. Counts the fetches; can be broken, and can hold its answers back.
pub(crate) struct Published {
    keys: Mutex<Result<Vec<Jwk>, SourceError>>,
    pub(crate) fetches: AtomicUsize,
    pub(crate) gate: Semaphore,
}

impl Published {
    pub(crate) fn new(issuers: &[&Issuer]) -> Arc<Self> {
        let keys = Mutex::new(Ok(issuers.iter().map(|issuer| issuer.jwk()).collect()));
        Arc::new(Self { keys, fetches: AtomicUsize::new(0), gate: Semaphore::new(Semaphore::MAX_PERMITS) })
    }

    /// Whose answers wait until somebody adds permits to the gate.
    pub(crate) fn gated(issuers: &[&Issuer]) -> Arc<Self> {
        let published = Self::new(issuers);
        published.gate.forget_permits(Semaphore::MAX_PERMITS);
        published
    }

    pub(crate) fn publish(&self, issuers: &[&Issuer]) {
        *self.keys.lock().unwrap() = Ok(issuers.iter().map(|issuer| issuer.jwk()).collect());
    }

    pub(crate) fn fail(&self) {
        *self.keys.lock().unwrap() = Err(SourceError::new("unplugged"));
    }

    pub(crate) fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }
}

impl KeySource for Published {
    fn fetch(&self) -> BoxFuture<'_, Result<JwkSet, SourceError>> {
        async move {
            self.fetches.fetch_add(1, Ordering::SeqCst);
            let keys = self.keys.lock().unwrap().clone(); // as they are when the question arrives
            self.gate.acquire().await.unwrap().forget();
            let keys = keys?;
            // Over the wire and back, as a real key set comes.
            Ok(serde_json::from_str(&serde_json::to_string(&JwkSet { keys }).unwrap()).unwrap())
        }
        .boxed()
    }
}

pub(crate) fn settings() -> VerifierSettings {
    VerifierSettings::new(ISSUER, AUDIENCE)
}

pub(crate) fn verifier(issuer: &Issuer) -> Verifier {
    Verifier::new(settings(), Published::new(&[issuer]), clock())
}
