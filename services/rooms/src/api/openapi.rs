//! The description of this API for clients and their generators.
#![expect(dead_code, reason = "the shapes of bodies stand here for the description; `domain` reads them")]

use std::collections::BTreeMap;

use meet_dialect::refusal::Detail;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi, ToSchema};

use super::{attendees, rooms};
use crate::domain::access::Role;
use crate::domain::room::AccessLevel;

/// The description.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Meet External API",
        version = "1.0.0",
        description = "Rooms on behalf of a user. Send `Authorization: Bearer <token>` with a token of an application \
            that acts for the user, or with the user's own, which also needs the base scope `lasuite_visio`. An agent \
            who has signed in with a device sends `access-token`, `client` and `uid` instead. Every path is served with and without a slash at its end.",
        license(name = "Apache-2.0")
    ),
    paths(
        rooms::list, rooms::create, rooms::retrieve, rooms::update, rooms::delete,
        attendees::list, attendees::add, attendees::remove
    ),
    components(
        schemas(Detail, FieldMessages, RoomCreate, RoomChange, InvitationSchema, ConfigurationSchema),
        responses(BadRequest, Unauthorized, Forbidden, RoomNotFound, PageNotFound, Unavailable)
    ),
    modifiers(&Credentials),
    tags((name = "Rooms", description = "Rooms"), (name = "Attendees", description = "Who holds a role in a room"))
)]
struct Document;

struct Credentials;

/// The headers of a device session, which belong together, and what they hold. `contracts/rdv-sign-in.md` §4.1.
const DEVICE_SESSION: [(&str, &str, &str); 3] = [
    ("AccessToken", "access-token", "The token of a device session, with `client` and `uid`"),
    ("Client", "client", "The device, as its sign-in named it"),
    ("Uid", "uid", "The agent's e-mail address, in lower case"),
];

impl Modify for Credentials {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        components.add_security_scheme("BearerAuth", SecurityScheme::Http(bearer));
        for (scheme, header, description) in DEVICE_SESSION {
            let value = ApiKeyValue::with_description(header, description);
            components.add_security_scheme(scheme, SecurityScheme::ApiKey(ApiKey::Header(value)));
        }
    }
}

/// The part of a list that is asked for.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PageParams {
    /// The number of the page, or `last`. Default: 1.
    #[param(minimum = 1)]
    page: Option<i64>,
    /// Items on a page. Default: 20.
    #[param(minimum = 1, maximum = 100)]
    page_size: Option<i64>,
}

/// What a new room should be like; everything may be left out.
#[derive(ToSchema)]
pub(super) struct RoomCreate {
    /// `public` only where the operator allows it. Default: `trusted`.
    #[schema(nullable = false)]
    access_level: Option<AccessLevel>,
    /// What participants may do. Default: everything.
    #[schema(nullable = false)]
    configuration: Option<ConfigurationSchema>,
}

/// What a room should be like from now on; what is left out stays as it is.
#[derive(ToSchema)]
pub(super) struct RoomChange {
    /// `public` only where the operator allows it.
    #[schema(nullable = false)]
    access_level: Option<AccessLevel>,
    /// What participants may do; replaces the whole configuration.
    #[schema(nullable = false)]
    configuration: Option<ConfigurationSchema>,
}

/// What participants of a room may do. No other keys.
#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RoomConfiguration)]
pub(super) struct ConfigurationSchema {
    /// What participants may publish; `null` is everything.
    can_publish_sources: Option<Vec<Source>>,
    /// Whether participants may mute each other. Words such as `yes` are accepted and given back as sent.
    everyone_can_mute: Option<bool>,
}

/// Something to publish.
#[derive(serde::Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Source {
    /// Video.
    Camera,
    /// Sound.
    Microphone,
    /// The screen.
    ScreenShare,
    /// The screen's sound.
    ScreenShareAudio,
}

/// Somebody to be added to a room.
#[derive(ToSchema)]
#[schema(as = AttendeeCreate, example = json!({"email": "nadia.roux@agency.example", "role": "member"}))]
pub(super) struct InvitationSchema {
    /// Who. No account is needed yet.
    #[schema(format = Email)]
    email: String,
    /// Default: `member` for somebody new, no change for somebody known.
    #[schema(nullable = false)]
    role: Option<Role>,
}

/// What is wrong with the fields of a body: messages by field, or problems of the configuration.
#[derive(ToSchema)]
#[schema(as = ValidationError, example = json!({"access_level": ["\"open\" is not a valid choice."]}))]
pub(super) struct FieldMessages(BTreeMap<String, Vec<String>>);

/// The body cannot be read, or its fields are wrong.
#[derive(utoipa::ToResponse)]
#[response(description = "The body cannot be read, or its fields are wrong", content_type = "application/json",
    examples(
        ("field" = (value = json!({"access_level": ["Public rooms are disabled for the external API."]}))),
        ("configuration" = (value = json!({"configuration": [{
            "type": "extra_forbidden", "loc": ["colour"], "msg": "Extra inputs are not permitted", "input": "red",
            "url": "https://errors.pydantic.dev/2.13/v/extra_forbidden"}]}))),
        ("unreadable" = (value = json!({"detail": "JSON parse error - expected value at line 1 column 1"})))
    ))]
pub(super) struct BadRequest(#[to_schema] FieldMessages);

/// The database or the authorization server is out of reach; nothing has changed.
#[derive(utoipa::ToResponse)]
#[response(
    description = "The database or the authorization server is out of reach; nothing has changed",
    headers(("Retry-After" = u64, description = "Seconds"))
)]
pub(super) struct Unavailable(#[to_schema] Detail);

/// The credential is absent, expired, revoked or otherwise invalid.
#[derive(utoipa::ToResponse)]
#[response(
    description = "The credential is absent, expired, revoked or otherwise invalid",
    headers(("WWW-Authenticate" = String, description = "`Bearer`")),
    examples(
        ("missing" = (value = json!({"detail": "Authentication credentials were not provided."}))),
        ("expired" = (value = json!({"detail": "Token expired."}))),
        ("invalid" = (value = json!({"detail": "Invalid token."})))
    ))]
pub(super) struct Unauthorized(#[to_schema] Detail);

/// The token lacks a scope, or the user a role.
#[derive(utoipa::ToResponse)]
#[response(
    description = "The token lacks a scope, or the user a role",
    examples(
        ("scope" = (value = json!({"detail": "Insufficient permissions. Required scope: rooms:list"}))),
        ("role" = (value = json!({"detail": "You do not have permission to perform this action."}))),
        ("owner" = (value = json!({"detail": "A resource should keep at least one owner."})))
    ))]
pub(super) struct Forbidden(#[to_schema] Detail);

/// There is no such room or attendee.
#[derive(utoipa::ToResponse)]
#[response(
    description = "There is no such room or attendee",
    examples(
        ("unknown" = (value = json!({"detail": "No Room matches the given query."}))),
        ("malformed" = (value = json!({"detail": "Not found."})))
    ))]
pub(super) struct RoomNotFound(#[to_schema] Detail);

/// There is no such page.
#[derive(utoipa::ToResponse)]
#[response(description = "There is no such page", example = json!({"detail": "Invalid page."}))]
pub(super) struct PageNotFound(#[to_schema] Detail);
