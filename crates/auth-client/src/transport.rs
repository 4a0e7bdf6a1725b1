//! HTTP as this crate allows it: no redirects, no proxies of the environment, bounded time, bounded answers.

use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt as _};
use oauth2::{AsyncHttpClient, HttpRequest, HttpResponse, http};
use reqwest::StatusCode;
use reqwest::header::RETRY_AFTER;
use url::Url;

/// The most a token endpoint may answer.
pub(crate) const TOKEN_ANSWER: usize = 64 * 1024;
/// The most a key set may hold: about three hundred RSA keys.
pub(crate) const KEYS_ANSWER: usize = 256 * 1024;
/// The most one page of the revocation feed may hold: some ten thousand entries.
pub(crate) const FEED_ANSWER: usize = 4 * 1024 * 1024;

/// The most the answer to a status may hold: it should be empty.
pub(crate) const STATUS_ANSWER: usize = 64 * 1024;

/// The most the directory may answer: a thousand people with the longest names, or a hundred groups with a hundred
/// administrators each.
pub(crate) const DIRECTORY_ANSWER: usize = 8 * 1024 * 1024;

/// Why the authorization server gave nothing. Carries no secret and no body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthorityError {
    /// A setting is wrong.
    #[error("{0}")]
    Settings(String),
    /// It could not be reached, or not in time.
    #[error("the authorization server is out of reach: {0}")]
    Unreachable(String),
    /// It answered, but not what was agreed.
    #[error("the authorization server answered nonsense: {0}")]
    Nonsense(String),
    /// It refused this service.
    #[error("the authorization server refused this service: {0}")]
    Refused(String),
}

#[derive(Debug, Clone)]
pub(crate) struct Transport {
    client: reqwest::Client,
    timeout: Duration,
}

/// An answer whose body was read within its bound.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// `Retry-After` in seconds, if it says them.
    pub(crate) retry_after: Option<u64>,
    pub(crate) body: Vec<u8>,
}

impl Transport {
    pub(crate) fn new(url: &Url, timeout: Duration) -> Result<Self, AuthorityError> {
        let builder = if url.scheme() == "https" {
            reqwest::Client::builder().https_only(true)
        } else {
            // Without any trusted certificate: an image that has none would otherwise not get past this line.
            reqwest::Client::builder().tls_certs_only([])
        };
        let client = builder
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .connect_timeout(timeout)
            .user_agent(concat!("tessera/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| {
                AuthorityError::Settings(format!("the HTTP client cannot be set up: {error}"))
            })?;
        Ok(Self { client, timeout })
    }

    pub(crate) const fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// Sends a request that takes at most `extra` longer than usual and answers at most `limit` octets.
    pub(crate) async fn send(
        &self,
        request: reqwest::RequestBuilder,
        extra: Duration,
        limit: usize,
    ) -> Result<Answer, AuthorityError> {
        let response = request.timeout(self.timeout + extra).send().await?;
        let status = response.status();
        let retry_after = response.headers().get(RETRY_AFTER);
        let retry_after = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
        Ok(Answer { status, retry_after, body: read(response, limit).await? })
    }

    async fn send_for_token(&self, request: HttpRequest) -> Result<HttpResponse, AuthorityError> {
        let mut request: reqwest::Request = request.try_into()?;
        *request.timeout_mut() = Some(self.timeout);
        let response = self.client.execute(request).await?;
        let mut answer = http::Response::builder().status(response.status());
        if let Some(content_type) = response.headers().get(http::header::CONTENT_TYPE) {
            answer = answer.header(http::header::CONTENT_TYPE, content_type);
        }
        answer
            .body(read(response, TOKEN_ANSWER).await?)
            .map_err(|_| AuthorityError::Nonsense("no HTTP response".to_owned()))
    }
}

async fn read(mut response: reqwest::Response, limit: usize) -> Result<Vec<u8>, AuthorityError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > limit {
            return Err(AuthorityError::Nonsense(format!("the answer is longer than {limit} octets")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The wrapper the `oauth2` crate sends its requests through.
impl<'c> AsyncHttpClient<'c> for Transport {
    type Error = AuthorityError;
    type Future = BoxFuture<'c, Result<HttpResponse, AuthorityError>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        self.send_for_token(request).boxed()
    }
}

impl From<reqwest::Error> for AuthorityError {
    fn from(error: reqwest::Error) -> Self {
        // Without the URL, whose query is nobody's business in a log.
        let error = error.without_url();
        let mut sentence = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(inner) = cause {
            sentence = format!("{sentence}: {inner}");
            cause = inner.source();
        }
        Self::Unreachable(sentence)
    }
}
