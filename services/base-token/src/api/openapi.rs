//! The description of this API for clients and their generators.

mod bodies;
mod everywhere;
mod responses;

use seatable_dialect::error::{DetailBody, ErrorMsgBody};
use service_kit::openapi::RetryAfter;
use utoipa::OpenApi;

pub(super) use self::bodies::{
    BaseChange, BaseDelete, CopyForm, GroupForm, GroupShareChange, GroupShareForm, NewBaseForm, ShareDelete,
    ShareForm,
};
use self::everywhere::{Credentials, Everywhere};
use self::responses::Throttled;
pub(super) use self::responses::{BadRequest, Forbidden, NotFound, Unauthorized, Unavailable};
use super::{
    access_tokens, api_tokens, bases, copies, external_links, group_shares, groups, jwks, related_users,
    shares, temp_api_token, workspaces,
};

/// The description.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Bases",
        version = "1.0.0",
        description = "Workspaces, bases, and the tokens that open them, as SeaTable clients know them. Get an \
            Account-Token at `POST /api2/auth-token/` and send it as `Authorization: Token …` or `Bearer …`. Parameters \
            are read from forms, multipart bodies and JSON objects alike, and never from the query. Every path ends in \
            a slash.",
        license(name = "Apache-2.0")
    ),
    paths(
        workspaces::list, workspaces::shared, bases::create, bases::update, bases::delete, copies::copy,
        shares::list, shares::add, shares::update, shares::delete,
        group_shares::list, group_shares::add, group_shares::update, group_shares::delete,
        groups::list, groups::create, groups::delete, related_users::list,
        api_tokens::list, api_tokens::create, api_tokens::update, api_tokens::delete, temp_api_token::issue,
        access_tokens::of_api_token, access_tokens::of_account, access_tokens::of_link,
        external_links::list, external_links::create, external_links::delete, jwks::published
    ),
    components(
        schemas(
            NewBaseForm, BaseChange, BaseDelete, CopyForm, ShareForm, ShareDelete, GroupShareForm, GroupShareChange,
            GroupForm, DetailBody, ErrorMsgBody
        ),
        responses(BadRequest, Unauthorized, Forbidden, NotFound, Throttled, Unavailable)
    ),
    modifiers(&Credentials, &Everywhere, &RetryAfter)
)]
struct Document;
