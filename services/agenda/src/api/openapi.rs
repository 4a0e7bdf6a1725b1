//! The description of this API for clients and their generators.

mod bodies;
mod everywhere;
mod responses;

use utoipa::OpenApi;

pub(super) use self::bodies::{AbsenceChange, AbsenceCreate, ListParams, OrganisationChange, PageParams};
use self::bodies::{FailureBody, ForbiddenBody, InvalidBody, NotFoundBody, RefusedBody};
use self::everywhere::{Credentials, Everywhere};
pub(super) use self::responses::{
    AbsenceNotFound, AgentNotFound, BadRequest, Forbidden, OrganisationNotFound, Unauthorized, Unprocessable,
};
use self::responses::{TooLarge, Unavailable};
use super::{absences, agents, organisations};

/// The description.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "RDV-Solidarités agent API",
        version = "1.0.0",
        description = "Agents, organisations and absences on behalf of an agent. Sign in at \
            `POST /api/v1/auth/sign_in` and send the headers `access-token`, `client` and `uid` of its answer with \
            every request. Each path is served with the suffix `.json`, too; parameters may be in the body or in the \
            query of any method.",
        license(name = "Apache-2.0")
    ),
    paths(
        agents::list,
        organisations::list, organisations::show, organisations::update,
        absences::list, absences::create, absences::show, absences::update, absences::delete
    ),
    components(
        schemas(
            OrganisationChange, AbsenceCreate, AbsenceChange, RefusedBody, ForbiddenBody, NotFoundBody,
            FailureBody, InvalidBody
        ),
        responses(
            BadRequest, Unauthorized, Forbidden, OrganisationNotFound, AbsenceNotFound, AgentNotFound,
            Unprocessable, TooLarge, Unavailable
        )
    ),
    security(
        ("accessToken" = [], "client" = [], "uid" = []),
        ("bearer" = ["agenda"]),
        ("agentSignature" = [], "uid" = [])
    ),
    modifiers(&Credentials, &Everywhere),
    tags(
        (name = "Agents", description = "Who works where"),
        (name = "Organisations", description = "Where they work"),
        (name = "Absences", description = "When they do not")
    )
)]
struct Document;
