//! `GET /admin/audit/events`: the audit trail for whoever administers the platform, and for programs that collect it.
//!
//! Administrators of an organisation get nothing here. An event names an actor and a target, and neither says which
//! organisation it is about: memberships change, a target may be anything, and a detail may name people of several. So
//! there is no sound way to show a part.

mod bodies;
mod cursor;
mod query;

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpRequest, HttpResponse, web};
use auth_claims::claims::{AccessClaims, SubjectKind};
use auth_claims::roles::Role;
use identity::IdentityError;
use identity::accounts::AccountId;
use identity::audit::listing::{self, Order, StoredEvent};
use identity::audit::{AuditEvent, AuditFilter, Origin};
use identity::clients::ClientId;
use serde_json::json;

pub(crate) use self::bodies::{AuditEventBody, AuditPage};
use self::query::Request;
use super::bearer::{self, BearerError};
use crate::app::App;
use crate::issuing;

/// Opens the trail, together with a role.
const SCOPE: &str = "audit:read";

/// A page of the audit trail, newest first.
///
/// # Errors
/// 401 without an access token for `auth-server`; 403 without the scope `audit:read`, and for everybody who is neither an
/// administrator of the platform nor a service with one of the roles `SERVICE` and `GLOBAL_ADMIN`; 400 for an unknown or
/// malformed parameter, and for a cursor that does not belong to the filters.
#[utoipa::path(
    get,
    path = "/admin/audit/events",
    tag = "Administration",
    params(query::Parameters),
    responses(
        (status = 200, description = "A page, maybe empty", body = AuditPage),
        (status = 400, description = "A parameter is unknown or malformed, or the cursor belongs to other filters"),
        (status = 401, description = "No valid access token; RFC 6750"),
        (status = 403, description = "The scope `audit:read` or the role is missing; RFC 6750"),
        (status = 503, description = "A dependency is down; `Retry-After`"),
    ),
    security(("bearer" = ["audit:read"])),
)]
#[tracing::instrument(name = "audit.list", skip_all, fields(client.id, account.id))]
pub(crate) async fn list(request: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, BearerError> {
    let origin = authorise(&app, &request).await?;
    let wanted = Request::of(request.query_string(), app.identity.secrets())?;
    let page = page(&app, &wanted).await?;
    let event = AuditEvent::new(app.identity.clock().now(), "audit.read", &origin);
    app.identity.audit().record(event.detail(wanted.told()));
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(page))
}

async fn page(app: &App, wanted: &Request) -> Result<AuditPage, IdentityError> {
    let (filter, after, size) = (wanted.filter.clone(), wanted.after.clone(), wanted.filter.limit);
    // One more tells whether there are more.
    let filter = AuditFilter { limit: size + 1, ..filter };
    let mut events: Vec<StoredEvent> = app
        .identity
        .db()
        .read(move |conn| listing::page(conn, &filter, Order::NewestFirst, after.as_ref()))
        .await?;
    let more = events.len() > size as usize;
    events.truncate(size as usize);
    let last = events.last().filter(|_| more);
    let next = last.map(|last| cursor::write(app.identity.secrets(), &wanted.filter, &last.place()));
    Ok(AuditPage { events: events.into_iter().map(AuditEventBody::from).collect(), next })
}

/// On whose behalf. A refusal of somebody who is known is an event of its own.
async fn authorise(app: &App, request: &HttpRequest) -> Result<Origin, BearerError> {
    let claims = bearer::claims(app, request).await?;
    let origin = Origin {
        actor: Some(claims.sub.clone()),
        client_id: Some(claims.client_id.clone()),
        ..issuing::origin(request, "oauth2")
    };
    let span = tracing::Span::current();
    span.record("client.id", &claims.client_id);
    if claims.kind == SubjectKind::User {
        span.record("account.id", &claims.sub);
    }
    let refusal = match () {
        () if !bearer::holds(&claims, SCOPE) => BearerError::Scope(SCOPE),
        () if !may_read(app, &claims).await? => BearerError::Role,
        () => return Ok(origin),
    };
    let event = AuditEvent::new(app.identity.clock().now(), "audit.read", &origin);
    let event = event.outcome(identity::audit::Outcome::Failure);
    app.identity.audit().record(event.detail(json!({ "error": refusal.to_string() })));
    Err(refusal)
}

/// Whether the token's subject has the role, by the token and by the directory as it is now: a role that was taken away an
/// hour ago opens nothing. Nobody's token that an application got by naming an address does.
async fn may_read(app: &App, claims: &AccessClaims) -> Result<bool, IdentityError> {
    let opens = |roles: &[Role]| match claims.kind {
        SubjectKind::User => roles.contains(&Role::GlobalAdmin),
        SubjectKind::Client => roles.contains(&Role::GlobalAdmin) || roles.contains(&Role::Service),
    };
    if claims.delegated || !opens(&claims.roles) {
        return Ok(false);
    }
    Ok(match claims.kind {
        SubjectKind::User => {
            let Ok(id) = claims.sub.parse::<AccountId>() else { return Ok(false) };
            let account = app.identity.find_account(id).await?;
            account.is_some_and(|account| account.enabled && opens(&account.effective_roles()))
        }
        SubjectKind::Client => {
            let Ok(id) = claims.sub.parse::<ClientId>() else { return Ok(false) };
            let client = app.identity.find_client(&id).await?;
            client.is_some_and(|client| client.enabled && opens(&client.roles))
        }
    })
}
