//! The service's OpenAPI document.

use service_kit::openapi::RetryAfter;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::{
    audit, internal_applications, internal_directory, jwks, meet, metadata, oauth, rdv, revocation_feed,
    seatable,
};

/// The document, as it is checked in.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Tessera auth-server",
        description = "Tokens in every dialect: OAuth 2 (RFC 6749, 7009, 7662, 8414, 8693), the Meet external API, \
            the agent API of RDV-Solidarités and the SeaTable API."
    ),
    paths(
        oauth::token::token,
        oauth::introspect::introspect,
        oauth::revoke::revoke,
        jwks::jwks,
        metadata::metadata,
        audit::list,
        revocation_feed::follow,
        internal_applications::get,
        internal_applications::put,
        internal_applications::delete,
        internal_directory::people,
        internal_directory::groups_of,
        internal_directory::group,
        internal_directory::members,
        internal_directory::create_group,
        internal_directory::delete_group,
        meet::application_token::application_token,
        rdv::sign_in::sign_in,
        rdv::validate_token::validate_token,
        rdv::sign_out::sign_out,
        rdv::password::change,
        seatable::sign_in::sign_in,
        seatable::ping::ping,
        seatable::ping::auth_ping,
        seatable::account_info::account_info,
        seatable::server_info::server_info,
    ),
    tags(
        (name = "OAuth 2", description = "The platform's standard face"),
        (name = "Metadata", description = "Public documents"),
        (name = "Administration", description = "For whoever administers the platform"),
        (name = "Internal", description = "Between services; refused at the gateway"),
        (name = "Meet", description = "The Meet external API's own token route"),
        (name = "RDV", description = "Device sessions of agents; their resources are the service `agenda`"),
        (name = "SeaTable", description = "Account-Tokens; bases and their tokens are the service `base-token`"),
    ),
    modifiers(&Security, &PatchIsPut, &RetryAfter),
)]
struct Document;

struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let basic = HttpBuilder::new()
            .scheme(HttpAuthScheme::Basic)
            .description(Some("Client id and secret, both form-encoded (RFC 6749 §2.3.1)"));
        components.add_security_scheme("basic", SecurityScheme::Http(basic.build()));
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some("An access token for the audience `auth-server`"));
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer.build()));
        let account_token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(
            "An Account-Token, or an access token for bases; the scheme may be `Token` as well as `Bearer`",
        ));
        components.add_security_scheme("account_token", SecurityScheme::Http(account_token.build()));
    }
}

/// The password is changed by PATCH as by PUT.
struct PatchIsPut;

impl Modify for PatchIsPut {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let Some(item) = document.paths.paths.get_mut("/api/v1/auth/password") else { return };
        item.patch = item.put.clone().map(|mut patch| {
            patch.operation_id = Some("amend_password".to_owned());
            patch
        });
    }
}
