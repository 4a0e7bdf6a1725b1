//! Internal calls: with the service's token, which is renewed once when it is refused.

use std::time::Duration;

use auth_claims::SourceError;
use auth_claims::revocations::{RevocationPage, RevocationSource};
use futures_util::future::{BoxFuture, FutureExt as _};
use reqwest::{RequestBuilder, StatusCode};
use secrecy::ExposeSecret as _;

use crate::Authority;
use crate::credentials::ServiceTokens;
use crate::transport::{Answer, AuthorityError, Bounds, FEED_ANSWER};

/// The longest the feed waits (contracts/oauth2.md §6).
const LONGEST_WAIT: Duration = Duration::from_secs(30);

impl RevocationSource for Authority {
    fn after(&self, seq: i64, wait: Duration) -> BoxFuture<'_, Result<RevocationPage, SourceError>> {
        async move {
            let page = self.revocations(seq, wait.min(LONGEST_WAIT)).await;
            page.map_err(|error| SourceError::new(error.to_string()))
        }
        .boxed()
    }
}

impl Authority {
    async fn revocations(&self, after: i64, wait: Duration) -> Result<RevocationPage, AuthorityError> {
        let query = [("after", after.to_string()), ("wait", wait.as_secs().to_string())];
        let request = || self.0.transport.client().get(self.0.endpoints.revocations.clone()).query(&query);
        let bounds = Bounds::of(FEED_ANSWER).waiting(wait);
        let answer = self.authorised(&self.0.revocation_tokens, request, bounds).await?;
        serde_json::from_slice(&answer.body)
            .map_err(|_| AuthorityError::Nonsense("a page of the revocation feed is none".to_owned()))
    }

    /// Sends a request with the service token for its use, a second time with a new one when the first is refused.
    pub(crate) async fn authorised(
        &self,
        tokens: &ServiceTokens,
        request: impl Fn() -> RequestBuilder,
        bounds: Bounds,
    ) -> Result<Answer, AuthorityError> {
        judge(self.authorised_answer(tokens, request, bounds).await?)
    }

    /// The same with every answer, whatever its status.
    pub(crate) async fn authorised_answer(
        &self,
        tokens: &ServiceTokens,
        request: impl Fn() -> RequestBuilder,
        bounds: Bounds,
    ) -> Result<Answer, AuthorityError> {
        let token = tokens.get().await?;
        let bearer = |token: &str| request().bearer_auth(token);
        let first = self.0.transport.send(bearer(token.expose_secret()), bounds).await?;
        if first.status != StatusCode::UNAUTHORIZED {
            return Ok(first);
        }
        tokens.discard(&token).await;
        let token = tokens.get().await?;
        self.0.transport.send(bearer(token.expose_secret()), bounds).await
    }
}

fn judge(answer: Answer) -> Result<Answer, AuthorityError> {
    match answer.status {
        status if status.is_success() => Ok(answer),
        status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
            Err(AuthorityError::Refused(format!("status {status}")))
        }
        status if status.is_server_error() => Err(AuthorityError::Unreachable(format!("status {status}"))),
        status => Err(AuthorityError::Nonsense(format!("status {status}"))),
    }
}
