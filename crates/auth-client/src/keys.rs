//! The published keys.

use auth_claims::SourceError;
use auth_claims::keys::{JwkSet, KeySource};
use futures_util::future::{BoxFuture, FutureExt as _};
use reqwest::StatusCode;

use crate::Authority;
use crate::transport::{AuthorityError, Bounds, KEYS_ANSWER};

impl KeySource for Authority {
    fn fetch(&self) -> BoxFuture<'_, Result<JwkSet, SourceError>> {
        self.published_keys().map(|keys| keys.map_err(|error| SourceError::new(error.to_string()))).boxed()
    }
}

impl Authority {
    async fn published_keys(&self) -> Result<JwkSet, AuthorityError> {
        let transport = &self.0.transport;
        let request = transport.client().get(self.0.endpoints.keys.clone());
        let answer = transport.send(request, Bounds::of(KEYS_ANSWER)).await?;
        if answer.status != StatusCode::OK {
            return Err(AuthorityError::Nonsense(format!("its key set has status {}", answer.status)));
        }
        serde_json::from_slice(&answer.body)
            .map_err(|_| AuthorityError::Nonsense("its key set is none".to_owned()))
    }
}
