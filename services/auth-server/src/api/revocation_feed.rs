//! `GET /internal/revocations` (`contracts/oauth2.md` §6): what every service follows.

use std::time::Duration;

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpRequest, HttpResponse, web};
use auth_claims::revocations::RevocationPage;
use identity::IdentityError;
use serde::Deserialize;
use service_kit::shutdown::Shutdown;
use utoipa::{IntoParams, ToSchema};

use super::bearer::{self, BearerError};
use crate::app::App;

/// Opens the feed.
pub(super) const SCOPE: &str = "internal:revocations";

/// The longest wait, whatever time a request may take. The contract's limit is 30 s.
const LONGEST_WAIT: Duration = Duration::from_secs(25);

/// What a wait leaves of the time the request may take, for the answer.
const ANSWER_MARGIN: Duration = Duration::from_secs(1);

/// Where to go on, and how long to wait.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Position {
    /// The `next` of the page before; 0 for everything.
    #[serde(default)]
    after: i64,
    /// Seconds to wait while there is nothing new, at most 30.
    #[serde(default)]
    wait: u64,
}

/// The entries after a position.
///
/// Waits while there are none, and answers at once when one arrives, or when the server stops.
///
/// # Errors
/// 401 without a service token for `auth-server`, 403 without the scope `internal:revocations`, 400 for a malformed
/// position.
#[utoipa::path(
    get,
    path = "/internal/revocations",
    tag = "Internal",
    params(Position),
    responses(
        (status = 200, description = "A page of the feed, maybe empty", body = FeedPage),
        (status = 400, description = "The position is malformed"),
        (status = 401, description = "No valid service token; RFC 6750"),
        (status = 403, description = "The scope `internal:revocations` is missing; RFC 6750"),
        (status = 503, description = "A dependency is down; `Retry-After`"),
    ),
    security(("bearer" = ["internal:revocations"])),
)]
#[tracing::instrument(name = "revocations.follow", skip_all, fields(client.id))]
pub(crate) async fn follow(request: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, BearerError> {
    let client = bearer::require(&app, &request, SCOPE).await?;
    tracing::Span::current().record("client.id", client);
    let position = web::Query::<Position>::from_query(request.query_string())
        .map_err(|_| BearerError::Request("after and wait are whole numbers"))?;
    if position.after < 0 {
        return Err(BearerError::Request("after is not negative"));
    }
    let wait = Duration::from_secs(position.wait).min(longest_wait(&request));
    let page = page(&app, &request, position.after, wait).await?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(page))
}

/// How long this request may wait and still be answered before the server drops it.
fn longest_wait(request: &HttpRequest) -> Duration {
    let left = service_kit::time_left(request).unwrap_or(Duration::MAX);
    left.saturating_sub(ANSWER_MARGIN).min(LONGEST_WAIT)
}

/// The next page, waiting no longer than the server lives.
async fn page(
    app: &App,
    request: &HttpRequest,
    after: i64,
    wait: Duration,
) -> Result<RevocationPage, IdentityError> {
    let shutdown = request.app_data::<web::Data<Shutdown>>();
    let stopping = async {
        match shutdown {
            Some(shutdown) => shutdown.requested().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        page = app.identity.wait_for_revocation(after, wait) => page,
        () = stopping => app.identity.wait_for_revocation(after, Duration::ZERO).await,
    }
}

/// A page of the feed.
#[derive(ToSchema)]
#[schema(example = json!({ "next": 7, "entries": [{
    "seq": 7, "kind": "sid", "value": "f0b0…", "issued_before": 1_800_003_600, "reason": "signed_out",
    "expires_at": 1_800_003_600
}] }))]
#[expect(dead_code, reason = "read by utoipa alone")]
pub(crate) struct FeedPage {
    /// What to ask after next.
    next: i64,
    /// The entries, in order.
    entries: Vec<FeedEntry>,
}

/// Something revoked.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read by utoipa alone")]
pub(crate) struct FeedEntry {
    /// Its place in the feed.
    seq: i64,
    /// `jti`, `sid`, `sub` or `client`.
    kind: String,
    /// What it names.
    value: String,
    /// Hits tokens issued at this second or earlier; a state hits all.
    issued_before: i64,
    /// Why.
    reason: String,
    /// Until when it matters.
    expires_at: i64,
    /// Whether it ends the state it names.
    lifted: Option<bool>,
}
