//! Signatures by the platform's own signer, and their checks by its own verifier.

use std::hint::black_box;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use auth_claims::SourceError;
use auth_claims::claims::AccessClaims;
use auth_claims::clock::Clock;
use auth_claims::keys::{Algorithm, JwkSet, KeySource, VerifyingKey};
use auth_claims::verify::{Verifier, VerifierSettings};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::{BoxFuture, FutureExt as _, ready};
use serde_json::json;
use token_signing::{GeneratedKey, Keyring, Sealer, StoredKey};
use uuid::Uuid;

const ISSUER: &str = "http://127.0.0.1:8080";
const AUDIENCE: &str = "rooms";
/// Seconds that a token lives; longer than any measurement.
const LIFE: i64 = 24 * 3600;

/// Signs a token with fresh claims.
pub(super) struct Signing {
    keyring: Keyring,
    clock: Clock,
    template: AccessClaims,
}

impl Signing {
    /// With an ES256 key of its own.
    pub(super) fn new() -> anyhow::Result<Self> {
        let clock = Clock::system();
        let (now, sealer) = (clock.now(), Sealer::new(&[1; 32]));
        let key = StoredKey::seal(&GeneratedKey::generate(Algorithm::Es256)?, &sealer, now, now)?;
        // What a client gets for itself.
        let template = serde_json::from_value(json!({
            "iss": ISSUER, "sub": "bench-client", "aud": AUDIENCE, "exp": 0, "iat": 0, "nbf": 0, "jti": "",
            "client_id": "bench-client", "kind": "client", "scope": "rooms:list rooms:retrieve",
        }))?;
        Ok(Self { keyring: Keyring::from_stored(&[key], &sealer, now)?, clock, template })
    }

    fn token(&self) -> anyhow::Result<String> {
        let now = self.clock.now();
        let claims = AccessClaims {
            iat: now.timestamp(),
            nbf: Some(now.timestamp()),
            exp: now.timestamp() + LIFE,
            jti: Uuid::new_v4().to_string(),
            ..self.template.clone()
        };
        Ok(self.keyring.sign(&claims, now)?)
    }

    /// Signs one, for nobody.
    pub(super) fn sign(&self) -> anyhow::Result<()> {
        black_box(self.token()?);
        Ok(())
    }

    fn published(&self) -> JwkSet {
        self.keyring.jwks(self.clock.now())
    }
}

/// Checks the signature of a token, with a key that was parsed before.
pub(super) struct Checking {
    key: VerifyingKey,
    signed: String,
    signature: Vec<u8>,
}

impl Checking {
    /// Of a token of its own.
    pub(super) fn new() -> anyhow::Result<Self> {
        let signing = Signing::new()?;
        let token = signing.token()?;
        let (signed, signature) = token.rsplit_once('.').context("a token has three parts")?;
        let set = signing.published();
        let key = VerifyingKey::parse(set.keys.first().context("a key is published")?)?;
        Ok(Self { key, signed: signed.to_owned(), signature: URL_SAFE_NO_PAD.decode(signature)? })
    }

    /// Checks it again.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        ensure!(self.key.verifies(self.signed.as_bytes(), &self.signature), "the signature is not valid");
        Ok(())
    }
}

/// Verifies a token that was seen before, as every service does before it answers.
pub(super) struct Seen {
    verifier: Verifier,
    token: String,
}

struct Published(JwkSet);

impl KeySource for Published {
    fn fetch(&self) -> BoxFuture<'_, Result<JwkSet, SourceError>> {
        ready(Ok(self.0.clone())).boxed()
    }
}

impl Seen {
    /// Shows it a token of its own for the first time.
    pub(super) async fn new() -> anyhow::Result<Self> {
        let signing = Signing::new()?;
        let token = signing.token()?;
        let source = Arc::new(Published(signing.published()));
        let verifier = Verifier::new(VerifierSettings::new(ISSUER, AUDIENCE), source, signing.clock);
        verifier.verify(&token).await?;
        Ok(Self { verifier, token })
    }

    /// Shows it again.
    pub(super) fn verify(&self) -> anyhow::Result<()> {
        black_box(self.verifier.recall(&self.token).context("the token is not remembered")??);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_measured_is_what_it_is_called() {
        let signing = Signing::new().unwrap();
        assert_ne!(signing.token().unwrap(), signing.token().unwrap());
        signing.sign().unwrap();
        Seen::new().await.unwrap().verify().unwrap();
        let mut checking = Checking::new().unwrap();
        checking.check().unwrap();
        checking.signature[5] ^= 1;
        assert!(checking.check().is_err(), "another signature passes");
    }
}
