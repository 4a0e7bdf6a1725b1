//! Refusals.
#![expect(
    dead_code,
    reason = "the shapes stand here for the description; crate `seatable-dialect` writes them"
)]

use seatable_dialect::error::{DetailBody, ErrorMsgBody};

/// An argument is missing or wrong, or a name is taken.
#[derive(utoipa::ToResponse)]
#[response(
    description = "An argument is missing or wrong, or a name is taken; or the body cannot be parsed, which `detail` says",
    example = json!({"error_msg": "name invalid."})
)]
pub(in crate::api) struct BadRequest(#[to_schema] ErrorMsgBody);

/// The token is none.
#[derive(utoipa::ToResponse)]
#[response(description = "The token is no Account-Token, or its account is gone", example = json!({"detail": "Invalid token"}))]
pub(in crate::api) struct Unauthorized(#[to_schema] DetailBody);

/// The caller may not, or there is none.
#[derive(utoipa::ToResponse)]
#[response(
    description = "The caller may not; or, said by `detail`, nobody says who calls, or the account is deactivated",
    example = json!({"error_msg": "Permission denied."})
)]
pub(in crate::api) struct Forbidden(#[to_schema] ErrorMsgBody);

/// There is no such thing.
#[derive(utoipa::ToResponse)]
#[response(
    description = "There is no such workspace, base, or part of it",
    example = json!({"error_msg": "dtable Stock Room not found."})
)]
pub(in crate::api) struct NotFound(#[to_schema] ErrorMsgBody);

/// Too many requests.
#[derive(utoipa::ToResponse)]
#[response(
    description = "Too many requests",
    headers(("Retry-After" = u64, description = "Seconds until another try")),
    example = json!({"detail": "Request was throttled. Expected available in 37 seconds."})
)]
pub(in crate::api) struct Throttled(#[to_schema] DetailBody);

/// Something that is needed does not answer.
#[derive(utoipa::ToResponse)]
#[response(
    description = "Something that is needed does not answer",
    headers(("Retry-After" = u64, description = "Seconds until another try")),
    example = json!({"error_msg": "Service Unavailable"})
)]
pub(in crate::api) struct Unavailable(#[to_schema] ErrorMsgBody);
