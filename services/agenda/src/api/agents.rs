//! Agents. `contracts/rdv-sign-in.md` §12.3.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use identity::agents;
use rdv_dialect::error::RdvError;
use rdv_dialect::page::{Meta, PageNumber};
use rdv_dialect::parameters::{Integer, Parameters};
use store::DbConn;

use super::openapi::{BadRequest, Forbidden, ListParams, Unauthorized};
use super::viewer::{ListAgents, Viewer, slice};
use crate::app::App;
use crate::domain::views::AgentsBody;

/// The agents that the caller sees, by age; with `organisation_id` those with a role there, if the caller has one there.
///
/// # Errors
/// 401 without a valid credential; 400 for a body that cannot be parsed.
#[utoipa::path(
    get, path = "/api/v1/agents", operation_id = "listAgents", tag = "Agents",
    params(ListParams),
    responses(
        (status = 200, description = "A page of agents", body = AgentsBody),
        (status = 400, response = BadRequest),
        (status = 401, response = Unauthorized),
        (status = 403, response = Forbidden),
    )
)]
#[tracing::instrument(name = "agents.list", skip_all, fields(account.id = %viewer.account()))]
pub async fn list(
    viewer: Viewer<ListAgents>,
    request: HttpRequest,
    payload: Payload,
    app: Data<App>,
) -> Result<HttpResponse, RdvError> {
    let parameters = Parameters::read(&request, payload).await?;
    let (account, page) = (viewer.account(), PageNumber::of(&parameters));
    let organisation = organisation(&parameters);
    let read = move |conn: &mut DbConn| agents::list_visible(conn, account, organisation, slice(page));
    let found = app.db.read(read).await?;
    let agents = found.items.into_iter().map(Into::into).collect();
    viewer.answer(Ok(AgentsBody { agents, meta: Meta::new(page, found.total) }))
}

/// The organisation to which a list is narrowed. §12.3: what names none is as if it were not there.
pub(super) fn organisation(parameters: &Parameters) -> Option<i64> {
    match parameters.integer("organisation_id") {
        Integer::Value(number) => Some(number),
        Integer::Absent | Integer::Invalid => None,
    }
}
