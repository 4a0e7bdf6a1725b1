//! HTTP as this crate allows it: no redirects, no proxies of the environment, bounded time, bounded answers.

use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt as _};
use oauth2::{AsyncHttpClient, HttpRequest, HttpResponse, http};
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use tracing::Instrument as _;
use url::Url;

use crate::trace::Traced;

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

/// What a request may cost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// The most octets of its answer.
    limit: usize,
    /// How much longer than usual it may take.
    extra: Duration,
    /// Whether it may be sent again when nobody knows what became of it.
    repeats: bool,
}

impl Bounds {
    /// The usual time, for a request that does no more when it comes twice.
    pub(crate) const fn of(limit: usize) -> Self {
        Self { limit, extra: Duration::ZERO, repeats: true }
    }

    /// So much more time.
    pub(crate) const fn waiting(self, extra: Duration) -> Self {
        Self { extra, ..self }
    }

    /// Sent again only if it cannot have arrived.
    pub(crate) const fn once(self) -> Self {
        Self { repeats: false, ..self }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Transport {
    client: reqwest::Client,
    /// Opens a connection for each request. A replica that goes away takes all of the pool's along at once, and the next one
    /// from there would break as well.
    fresh: reqwest::Client,
    timeout: Duration,
}

/// Waits before a request is sent again. A process that is being killed may let a new connection in, and lose it, too.
const PAUSES: [Duration; 2] = [Duration::ZERO, Duration::from_millis(100)];

/// An answer whose body was read within its bound.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// `Retry-After` in seconds, if it says them.
    pub(crate) retry_after: Option<u64>,
    /// `Content-Type`.
    content_type: Option<HeaderValue>,
    pub(crate) body: Vec<u8>,
}

/// Why there is no answer.
enum Failure {
    /// There was no connection, or it ended before the answer did: another replica may answer.
    Broken(reqwest::Error),
    /// There is nothing to be gained from asking again.
    Final(AuthorityError),
}

impl From<Failure> for AuthorityError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Broken(error) => error.into(),
            Failure::Final(error) => error,
        }
    }
}

impl From<reqwest::Error> for Failure {
    fn from(error: reqwest::Error) -> Self {
        // Whoever has waited for as long as is allowed does not wait once more.
        if error.is_timeout() || error.is_builder() { Self::Final(error.into()) } else { Self::Broken(error) }
    }
}

impl Transport {
    pub(crate) fn new(url: &Url, timeout: Duration) -> Result<Self, AuthorityError> {
        let build = |idle| {
            let builder = if url.scheme() == "https" {
                reqwest::Client::builder().https_only(true)
            } else {
                // Without any trusted certificate: an image that has none would otherwise not get past this line.
                reqwest::Client::builder().tls_certs_only([])
            };
            let built = builder
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .referer(false)
                .connect_timeout(timeout)
                .pool_max_idle_per_host(idle)
                .user_agent(concat!("tessera/", env!("CARGO_PKG_VERSION")))
                .build();
            built.map_err(|error| {
                AuthorityError::Settings(format!("the HTTP client cannot be set up: {error}"))
            })
        };
        Ok(Self { client: build(usize::MAX)?, fresh: build(0)?, timeout })
    }

    pub(crate) const fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// Sends a request, and again when a replica went away under it.
    pub(crate) async fn send(
        &self,
        request: reqwest::RequestBuilder,
        bounds: Bounds,
    ) -> Result<Answer, AuthorityError> {
        let (mut client, request) = request.timeout(self.timeout + bounds.extra).build_split();
        let request = request?;
        for pause in PAUSES {
            let Some(first) = request.try_clone() else { break };
            match attempt(&client, first, bounds.limit).await {
                Err(Failure::Broken(error)) if bounds.repeats || error.is_connect() => {
                    tracing::debug!(
                        "a connection to the authorization server broke, and the request is sent again"
                    );
                    client = self.fresh.clone();
                    tokio::time::sleep(pause).await;
                }
                outcome => return Ok(outcome?),
            }
        }
        Ok(attempt(&client, request, bounds.limit).await?)
    }

    async fn send_for_token(&self, request: HttpRequest) -> Result<HttpResponse, AuthorityError> {
        let request: reqwest::Request = request.try_into()?;
        let request = reqwest::RequestBuilder::from_parts(self.client.clone(), request);
        let sent = self.send(request, Bounds::of(TOKEN_ANSWER)).await?;
        let mut answer = http::Response::builder().status(sent.status);
        if let Some(content_type) = sent.content_type {
            answer = answer.header(http::header::CONTENT_TYPE, content_type);
        }
        answer.body(sent.body).map_err(|_| AuthorityError::Nonsense("no HTTP response".to_owned()))
    }
}

/// Sends a request once, within a span of its own that the other side's hang from.
async fn attempt(
    client: &reqwest::Client,
    mut request: reqwest::Request,
    limit: usize,
) -> Result<Answer, Failure> {
    let traced = Traced::begin(&mut request);
    let answer = async { answer(client.execute(request).await?, limit).await };
    let outcome = answer.instrument(traced.span().clone()).await;
    traced.end(outcome.as_ref().ok().map(|answer| answer.status));
    outcome
}

/// Reads a response to its end.
async fn answer(response: reqwest::Response, limit: usize) -> Result<Answer, Failure> {
    let status = response.status();
    let retry_after = response.headers().get(RETRY_AFTER);
    let retry_after = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
    let content_type = response.headers().get(CONTENT_TYPE).cloned();
    Ok(Answer { status, retry_after, content_type, body: read(response, limit).await? })
}

async fn read(mut response: reqwest::Response, limit: usize) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > limit {
            let sentence = format!("the answer is longer than {limit} octets");
            return Err(Failure::Final(AuthorityError::Nonsense(sentence)));
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
