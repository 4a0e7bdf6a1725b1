//! The description of this API for clients and their generators.
#![expect(dead_code, reason = "the shapes of bodies stand here for the description; `domain` reads them")]

use std::collections::BTreeMap;

use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi, ToSchema};

use super::{absences, agents, organisations};

/// The description.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    let mut document = Document::openapi();
    // PUT is PATCH by another name.
    for item in document.paths.paths.values_mut() {
        if let Some(patch) = &item.patch {
            let mut put = patch.clone();
            put.operation_id = put.operation_id.map(|id| id.replacen("update", "replace", 1));
            item.put = Some(put);
        }
    }
    document
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
            Unprocessable
        )
    ),
    security(
        ("accessToken" = [], "client" = [], "uid" = []),
        ("bearer" = ["agenda"]),
        ("agentSignature" = [], "uid" = [])
    ),
    modifiers(&Credentials),
    tags(
        (name = "Agents", description = "Who works where"),
        (name = "Organisations", description = "Where they work"),
        (name = "Absences", description = "When they do not")
    )
)]
struct Document;

struct Credentials;

impl Modify for Credentials {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let header =
            |name, text| SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(name, text)));
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT");
        let bearer =
            bearer.description(Some("An access token of the platform with the scope `agenda`.")).build();
        let signature = "HMAC-SHA-256 in lower-case hexadecimal of the agent's id, names and e-mail address, by a \
            partner with the shared secret; `uid` names the agent.";
        let components = document.components.get_or_insert_default();
        for (name, scheme) in [
            ("accessToken", header("access-token", "The token of the agent's session.")),
            ("client", header("client", "The name of the agent's session.")),
            ("uid", header("uid", "The agent's e-mail address.")),
            ("bearer", SecurityScheme::Http(bearer)),
            ("agentSignature", header("X-Agent-Auth-Signature", signature)),
        ] {
            components.add_security_scheme(name, scheme);
        }
    }
}

/// The part of a list that is asked for.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PageParams {
    /// The number of the page, of 100 items each. Default: 1.
    #[param(minimum = 1)]
    page: Option<i64>,
}

/// The part of a list that is asked for.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListParams {
    /// The number of the page, of 100 items each. Default: 1.
    #[param(minimum = 1)]
    page: Option<i64>,
    /// Only agents with a role in this organisation; ignored unless the caller has one there.
    organisation_id: Option<i64>,
}

/// What an organisation should be like from now on; what is left out stays as it is.
#[derive(ToSchema)]
#[schema(example = json!({"phone_number": "0475000000", "email": "accueil@mds-die.example"}))]
pub(super) struct OrganisationChange {
    /// Its name, which no other organisation of the territory has.
    #[schema(nullable = false)]
    name: Option<String>,
    /// A French or international telephone number, four digits, or nothing.
    phone_number: Option<String>,
    /// Its e-mail address.
    email: Option<String>,
    /// Its line of business.
    #[schema(nullable = false)]
    verticale: Option<VerticaleName>,
}

/// A line of business.
#[derive(serde::Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Verticale)]
#[expect(clippy::enum_variant_names, reason = "the names are those of the API")]
pub(super) enum VerticaleName {
    /// Insertion.
    RdvInsertion,
    /// Social services.
    RdvSolidarites,
    /// Digital assistance.
    RdvAideNumerique,
    /// Town halls.
    RdvMairie,
}

/// A new absence.
#[derive(ToSchema)]
#[schema(example = json!({
    "agent_email": "jo.valette@cd26.example", "title": "Formation", "first_day": "2026-02-09",
    "start_time": "08:30", "end_day": "2026-02-10", "end_time": "17:00"
}))]
pub(super) struct AbsenceCreate {
    /// Whose it is.
    agent_id: Option<i64>,
    /// Whose it is, where there is no `agent_id`.
    agent_email: Option<String>,
    /// What it is called.
    title: String,
    /// The day it begins on, from 2018 on and at most five years ahead.
    first_day: String,
    /// The time it begins at: `H:MM`, `HH:MM` or `HH:MM:SS`, on the clocks of Paris.
    start_time: String,
    /// The day it ends on. Default: `first_day`.
    end_day: Option<String>,
    /// The time it ends at, after the beginning.
    end_time: String,
}

/// What an absence should be like from now on; what is left out stays as it is.
#[derive(ToSchema)]
#[schema(example = json!({"end_day": "2026-02-11"}))]
pub(super) struct AbsenceChange {
    /// What it is called.
    #[schema(nullable = false)]
    title: Option<String>,
    /// The day it begins on.
    #[schema(nullable = false)]
    first_day: Option<String>,
    /// The time it begins at.
    #[schema(nullable = false)]
    start_time: Option<String>,
    /// The day it ends on.
    end_day: Option<String>,
    /// The time it ends at.
    #[schema(nullable = false)]
    end_time: Option<String>,
}

/// A refusal of a credential.
#[derive(ToSchema)]
#[schema(as = Refused)]
pub(super) struct RefusedBody {
    errors: Vec<String>,
}

/// A refusal of a permission.
#[derive(ToSchema)]
#[schema(as = Forbidden)]
pub(super) struct ForbiddenBody {
    errors: Vec<BTreeMap<String, String>>,
    /// Sentences for a person.
    error_messages: Vec<String>,
}

/// What was not found.
#[derive(ToSchema)]
#[schema(as = NotFound)]
pub(super) struct NotFoundBody {
    not_found: String,
}

/// A refusal in words.
#[derive(ToSchema)]
#[schema(as = Failure)]
pub(super) struct FailureBody {
    success: bool,
    errors: Vec<String>,
}

/// What is wrong with a record.
#[derive(ToSchema)]
#[schema(as = Invalid)]
pub(super) struct InvalidBody {
    success: bool,
    /// By attribute: a code or a sentence as `error`, and what else belongs to it.
    errors: BTreeMap<String, Vec<BTreeMap<String, String>>>,
    /// Sentences for a person.
    error_messages: Vec<String>,
}

/// The body cannot be parsed. The answer has none.
#[derive(utoipa::ToResponse)]
#[response(description = "The body cannot be parsed")]
pub(super) struct BadRequest;

/// No credential, or one that does not hold.
#[derive(utoipa::ToResponse)]
#[response(
    description = "No credential, or one that does not hold",
    example = json!({"errors": ["Vous devez vous connecter ou vous inscrire pour continuer."]})
)]
pub(super) struct Unauthorized(#[to_schema] RefusedBody);

/// The agent may not do this.
#[derive(utoipa::ToResponse)]
#[response(
    description = "The agent may not do this",
    example = json!({"errors": [{"base": "forbidden"}], "error_messages": [
        "Vous n’avez pas les droits suffisants pour accéder à cette page ou effectuer cette action"]})
)]
pub(super) struct Forbidden(#[to_schema] ForbiddenBody);

/// There is no such organisation.
#[derive(utoipa::ToResponse)]
#[response(
    description = "There is no such organisation",
    example = json!({"success": false, "errors": ["Couldn't find Organisation with 'id'=99999"]})
)]
pub(super) struct OrganisationNotFound(#[to_schema] FailureBody);

/// There is no such absence.
#[derive(utoipa::ToResponse)]
#[response(description = "There is no such absence", example = json!({"not_found": "absence"}))]
pub(super) struct AbsenceNotFound(#[to_schema] NotFoundBody);

/// Nobody has this `agent_email`.
#[derive(utoipa::ToResponse)]
#[response(description = "Nobody has this `agent_email`", example = json!({"not_found": "agent"}))]
pub(super) struct AgentNotFound(#[to_schema] NotFoundBody);

/// Values that are not allowed.
#[derive(utoipa::ToResponse)]
#[response(
    description = "Values that are not allowed",
    example = json!({"success": false, "errors": {"ends_time": [{"error": "doit être après le début."}]},
        "error_messages": ["ends_time doit être après le début."]})
)]
pub(super) struct Unprocessable(#[to_schema] InvalidBody);
