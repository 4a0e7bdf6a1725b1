//! Refusals.
#![expect(dead_code, reason = "the shapes stand here for the description; crate `rdv-dialect` writes them")]

use super::bodies::{FailureBody, ForbiddenBody, InvalidBody, NotFoundBody, RefusedBody};

/// The body cannot be parsed. The answer has none.
#[derive(utoipa::ToResponse)]
#[response(description = "The body cannot be parsed")]
pub(in crate::api) struct BadRequest;

/// No credential, or one that does not hold.
#[derive(utoipa::ToResponse)]
#[response(
    description = "No credential, or one that does not hold",
    example = json!({"errors": ["Vous devez vous connecter ou vous inscrire pour continuer."]})
)]
pub(in crate::api) struct Unauthorized(#[to_schema] RefusedBody);

/// The agent may not do this.
#[derive(utoipa::ToResponse)]
#[response(
    description = "The agent may not do this",
    example = json!({"errors": [{"base": "forbidden"}], "error_messages": [
        "Vous n’avez pas les droits suffisants pour accéder à cette page ou effectuer cette action"]})
)]
pub(in crate::api) struct Forbidden(#[to_schema] ForbiddenBody);

/// There is no such organisation.
#[derive(utoipa::ToResponse)]
#[response(
    description = "There is no such organisation",
    example = json!({"success": false, "errors": ["Couldn't find Organisation with 'id'=99999"]})
)]
pub(in crate::api) struct OrganisationNotFound(#[to_schema] FailureBody);

/// There is no such absence.
#[derive(utoipa::ToResponse)]
#[response(description = "There is no such absence", example = json!({"not_found": "absence"}))]
pub(in crate::api) struct AbsenceNotFound(#[to_schema] NotFoundBody);

/// Nobody has this `agent_email`.
#[derive(utoipa::ToResponse)]
#[response(description = "Nobody has this `agent_email`", example = json!({"not_found": "agent"}))]
pub(in crate::api) struct AgentNotFound(#[to_schema] NotFoundBody);

/// Values that are not allowed.
#[derive(utoipa::ToResponse)]
#[response(
    description = "Values that are not allowed",
    example = json!({"success": false, "errors": {"ends_time": [{"error": "doit être après le début."}]},
        "error_messages": ["ends_time doit être après le début."]})
)]
pub(in crate::api) struct Unprocessable(#[to_schema] InvalidBody);

/// The body is larger than allowed.
#[derive(utoipa::ToResponse)]
#[response(
    description = "The body is larger than allowed",
    example = json!({"success": false, "errors": ["Request Entity Too Large"]})
)]
pub(in crate::api) struct TooLarge(#[to_schema] FailureBody);

/// Something that is needed does not answer.
#[derive(utoipa::ToResponse)]
#[response(
    description = "Something that is needed does not answer",
    headers(("Retry-After" = u64, description = "Seconds until another try")),
    example = json!({"success": false, "errors": ["Service Unavailable"]})
)]
pub(in crate::api) struct Unavailable(#[to_schema] FailureBody);
