//! Parameters and bodies.
#![expect(dead_code, reason = "the shapes stand here for the description; `domain` reads what they describe")]

use std::collections::BTreeMap;

use utoipa::ToSchema;

/// The part of a list that is asked for.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::api) struct PageParams {
    /// The number of the page, of 100 items each. Default: 1.
    #[param(minimum = 1)]
    page: Option<i64>,
}

/// The part of a list that is asked for.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::api) struct ListParams {
    /// The number of the page, of 100 items each. Default: 1.
    #[param(minimum = 1)]
    page: Option<i64>,
    /// Only agents with a role in this organisation; ignored unless the caller has one there.
    organisation_id: Option<i64>,
}

/// What an organisation should be like from now on; what is left out stays as it is.
#[derive(ToSchema)]
#[schema(example = json!({"phone_number": "0475000000", "email": "accueil@mds-die.example"}))]
pub(in crate::api) struct OrganisationChange {
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
pub(in crate::api) enum VerticaleName {
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
pub(in crate::api) struct AbsenceCreate {
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
pub(in crate::api) struct AbsenceChange {
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
pub(in crate::api) struct RefusedBody {
    errors: Vec<String>,
}

/// A refusal of a permission.
#[derive(ToSchema)]
#[schema(as = Forbidden)]
pub(in crate::api) struct ForbiddenBody {
    errors: Vec<BTreeMap<String, String>>,
    /// Sentences for a person.
    error_messages: Vec<String>,
}

/// What was not found.
#[derive(ToSchema)]
#[schema(as = NotFound)]
pub(in crate::api) struct NotFoundBody {
    not_found: String,
}

/// A refusal in words.
#[derive(ToSchema)]
#[schema(as = Failure)]
pub(in crate::api) struct FailureBody {
    success: bool,
    errors: Vec<String>,
}

/// What is wrong with a record.
#[derive(ToSchema)]
#[schema(as = Invalid)]
pub(in crate::api) struct InvalidBody {
    success: bool,
    /// By attribute: a code or a sentence as `error`, and what else belongs to it.
    errors: BTreeMap<String, Vec<BTreeMap<String, String>>>,
    /// Sentences for a person.
    error_messages: Vec<String>,
}
